"""Edge strength: the finest gradient, from the eight neighbours.

Scharr's kernel, smoothing 3 10 3 across and difference -1 0 1 along, turns least with direction
(Scharr 2000); Sobel's has 1 2 1 and Prewitt's 1 1 1. All are normalised.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.image import Image
from heatlens.pixels.checks import one_of
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import grey

__all__ = ["edge_strength"]

_SMOOTH = {"scharr": (3, 10, 3), "sobel": (1, 2, 1), "prewitt": (1, 1, 1)}


@register(FEATURES, range="0..0.84", reach=1)
def edge_strength(image: Image, *, operator: str = "scharr") -> npt.NDArray[np.float32]:
    """Root mean square of the two differences between neighbouring sides, on the luma.

    A step from black to white along a row or column has 1 / sqrt(2): the scale of scikit-image's
    filters of these names.

    Args:
        image: any still picture.
        operator: "scharr", "sobel" or "prewitt". The border is mirrored.

    Example:
        >>> step = np.zeros((5, 6), np.uint8)
        >>> step[:, 3:] = 255
        >>> (100 * edge_strength(Image(step, "YX")))[2].round().tolist()
        [0.0, 0.0, 71.0, 71.0, 0.0, 0.0]
    """
    smooth = np.array(_SMOOTH[one_of("operator", operator, tuple(_SMOOTH))], np.float32)
    smooth /= smooth.sum()
    luma, total = grey(image), np.zeros(image.size, np.float32)
    for axis in (0, 1):
        change = ndimage.correlate1d(luma, [-1.0, 0.0, 1.0], axis, mode="reflect")
        total += ndimage.correlate1d(change, smooth, 1 - axis, mode="reflect") ** 2
    return np.sqrt(total / 2)
