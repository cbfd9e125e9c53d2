"""Blue against yellow, the second of the two axes on which the eye opposes colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import rgb

__all__ = ["blue_yellow"]


@register(
    FEATURES, range="-1 (yellow) .. 1 (blue)", signed=True, paper="doi:10.1109/34.730558", reach=0
)
def blue_yellow(image: Image) -> npt.NDArray[np.float32]:
    """B - (R + G) / 2: 1 for pure blue, -1 for pure yellow, 0 for greys.

    Example:
        >>> blue_yellow(Image(np.array([[[0, 0, 255], [255, 255, 0]]], np.uint8))).tolist()
        [[1.0, -1.0]]
    """
    unit = rgb(image)
    return np.ascontiguousarray(unit[..., 2] - (unit[..., 0] + unit[..., 1]) / 2)
