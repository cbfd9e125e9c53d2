"""Red against green, the first of the two axes on which the eye opposes colours.

Hering's opponent colours in the plain form R - G; Itti, Koch, Niebur (1998) use the same axes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import rgb

__all__ = ["red_green"]


@register(
    FEATURES, range="-1 (green) .. 1 (red)", signed=True, paper="doi:10.1109/34.730558", reach=0
)
def red_green(image: Image) -> npt.NDArray[np.float32]:
    """R - G: 1 for pure red, -1 for pure green, 0 for greys.

    Example:
        >>> red_green(Image(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8))).tolist()
        [[1.0, -1.0]]
    """
    unit = rgb(image)
    return np.ascontiguousarray(unit[..., 0] - unit[..., 1])
