"""Median filter: the middle value of the neighbourhood; single wrong pixels go, edges stay.

Tukey: Exploratory Data Analysis, 1977.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels.checks import checked_count
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, planes

__all__ = ["median"]


@register(STEPS, range="that of the picture", reach=lambda p: p["size"] // 2)
def median(image: Image, *, size: int = 3) -> Image:
    """Replace each value by the median of its neighbourhood, channel by channel.

    Args:
        image: any still picture.
        size: side of the square neighbourhood in pixels, odd; the border is repeated.

    Example:
        >>> dots = np.zeros((5, 5), np.uint8)
        >>> dots[2, 2] = 255
        >>> median(Image(dots, "YX")).pixels.max().item()
        0.0
    """
    size = checked_count("size", size)
    if size % 2 == 0:
        raise InvalidArgument(f"size is {size}; a neighbourhood with a middle has an odd size")
    unit = planes(image)
    found = [
        ndimage.median_filter(plane, size, mode="nearest") for plane in np.moveaxis(unit, 2, 0)
    ]
    return as_image(np.stack(found, axis=2), image)
