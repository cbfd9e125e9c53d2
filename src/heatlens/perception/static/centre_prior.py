"""Centre prior: people look at the middle of a picture, whatever is in it.

    S = exp(-((r - H/2) / (a H))^2 / 2 - ((c - W/2) / (b W))^2 / 2)

The bar that every other model has to clear. Clarke, Tatler: Deriving an Appropriate Baseline for
Describing Fixation Behaviour, Vision Research 2014, fitted to ten sets of eye movements (MIT1003
among them): variance .22 across in half-widths, and .45 of that down. In parts of a picture of
4 : 3 that is .235 of its width and .21 of its height.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.model import register

__all__ = ["centre_prior"]

_CELLS = 256
"""Along each axis, whatever the picture; what is interpolated between them is good to .002."""
_NARROWEST = 0.01
"""Standard deviation of 2.56 cells: a narrower peak would fall between them."""


@register("centre-prior", family="prior", paper="doi:10.1016/j.visres.2014.06.016", longest=64)
def centre_prior(
    image: Image, *, sigma_down: float = 0.21, sigma_across: float = 0.235
) -> npt.NDArray[np.float32]:
    """A Gaussian in the middle, stretched with the picture; the pixels are not looked at.

    Args:
        image: a still picture, of which only the size counts.
        sigma_down: standard deviation in parts of the height.
        sigma_across: standard deviation in parts of the width.

    Returns:
        (256, 256), cells stretched over the picture; 1 in the middle.

    Raises:
        InvalidArgument: a standard deviation below .01.

    Example:
        >>> values = centre_prior(Image(np.zeros((3, 5), np.uint8), "YX"))
        >>> values.shape, bool(values[128, 128] > 0.99), bool(values[128, 188] < 0.6065)
        ((256, 256), True, True)
    """
    check_at_least("centre-prior", _NARROWEST, sigma_down=sigma_down, sigma_across=sigma_across)
    centres = (np.arange(_CELLS) + 0.5) / _CELLS - 0.5
    down, across = (np.exp(-np.square(centres / sigma) / 2) for sigma in (sigma_down, sigma_across))
    return np.outer(down, across).astype(np.float32)
