"""All channels as they are, also of pictures that are not red, green and blue."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import planes

__all__ = ["channels"]


@register(FEATURES, range="0..1", reach=0)
def channels(image: Image) -> npt.NDArray[np.float32]:
    """Every channel, (H, W, C): infrared, stains, whatever the picture has.

    Example:
        >>> channels(Image(np.zeros((2, 3, 7), np.uint8))).shape
        (2, 3, 7)
    """
    return planes(image)
