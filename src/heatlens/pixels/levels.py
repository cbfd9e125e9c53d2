"""Grey levels in 8 bits, in which patterns and entropies are counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels.planes import grey

__all__ = ["eight_bits", "few_levels"]

_FEW = 32


def eight_bits(image: Image) -> npt.NDArray[np.uint8]:
    """The luma rounded to 0..255, (H, W); what is outside the picture's range is clipped."""
    return np.rint(np.clip(grey(image), 0, 1) * 255).astype(np.uint8)


def few_levels(image: Image) -> tuple[str, ...]:
    """A note where rounding to 8 bits leaves fewer than 32 levels of more that there are.

    Example:
        >>> faint = np.arange(4096, dtype=np.uint16).reshape(64, 64)
        >>> few_levels(Image(faint, "YX", (0, 65535)))[0][:37]
        'the picture uses only 17 of 256 grey '
        >>> few_levels(Image(faint, "YX", (0, 4095)))
        ()
    """
    used = len(np.unique(eight_bits(image)))
    if used >= _FEW or len(np.unique(grey(image))) <= used:
        return ()
    return (
        f"the picture uses only {used} of 256 grey levels, in which local binary patterns and "
        "local entropy are counted; its finer ones are lost. preprocess=('min-max',), or the "
        "picture's true range, keeps them",
    )
