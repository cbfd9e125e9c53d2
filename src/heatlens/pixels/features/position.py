"""Where a pixel is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels.checks import checked_number
from heatlens.pixels.part import FEATURES, register

__all__ = ["position"]


@register(FEATURES, range="0..weight")
def position(image: Image, *, weight: float = 1.0) -> npt.NDArray[np.float32]:
    """Row and column of each pixel, (H, W, 2), in units of the longer side.

    Beside a colour it keeps clusters together.

    Args:
        image: any still picture.
        weight: what the longer side counts, in the unit of the features beside it.

    Example:
        >>> position(Image(np.zeros((2, 4), np.uint8), "YX"))[1, 2].tolist()
        [0.375, 0.625]
    """
    weight = checked_number("weight", weight, 0)
    height, width = image.size
    found = np.empty((height, width, 2), np.float32)
    side = max(height, width)
    found[..., 0] = (weight * (np.arange(height) + 0.5) / side)[:, None]
    found[..., 1] = weight * (np.arange(width) + 0.5) / side
    return found
