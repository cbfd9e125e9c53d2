"""Red, green and blue as they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels import planes
from heatlens.pixels.part import FEATURES, register

__all__ = ["rgb"]


@register(FEATURES, range="0..1", reach=0)
def rgb(image: Image) -> npt.NDArray[np.float32]:
    """Red, green and blue of each pixel, (H, W, 3), black 0 and white 1.

    Raises:
        InvalidArgument: neither one nor three channels.
    """
    return planes.rgb(image)
