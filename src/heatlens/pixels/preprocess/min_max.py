"""Stretching a picture over the whole range."""

from __future__ import annotations

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels.checks import checked_number
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, planes

__all__ = ["min_max"]


@register(STEPS, range="0..1")
def min_max(image: Image, *, low: float = 0.0, high: float = 100.0) -> Image:
    """Make the darkest value 0 and the brightest 1: (I - min) / (max - min), clipped.

    All channels share one stretch, so that colours keep their hue. A constant picture becomes 0.

    Args:
        image: any still picture.
        low: percentile that becomes 0.
        high: percentile that becomes 1.

    Example:
        >>> min_max(Image(np.array([[10, 20, 50]], np.uint8), "YX")).pixels.tolist()
        [[0.0, 0.25, 1.0]]
    """
    low, high = checked_number("low", low, 0, 100), checked_number("high", high, 0, 100)
    if low >= high:
        raise InvalidArgument(f"low is {low:g} and high is {high:g}; percentiles have to rise")
    unit = planes(image)
    least, most = (float(value) for value in np.percentile(unit, [low, high]))
    if most - least < 1e-7:
        return as_image(np.zeros_like(unit), image)
    return as_image(np.clip((unit - least) / (most - least), 0, 1), image)
