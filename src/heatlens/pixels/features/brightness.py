"""Brightness: luma of ITU-R BT.601."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import grey

__all__ = ["brightness"]


@register(FEATURES, range="0..1", reach=0)
def brightness(image: Image) -> npt.NDArray[np.float32]:
    """How bright each pixel is: 0.299 R + 0.587 G + 0.114 B, black 0 and white 1.

    Example:
        >>> brightness(Image(np.full((1, 2), 255, np.uint8), "YX")).tolist()
        [[1.0, 1.0]]
    """
    return grey(image)
