"""Standardising a picture: mean 0, standard deviation 1."""

from __future__ import annotations

import numpy as np

from heatlens.image import Image
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, planes

__all__ = ["z_score"]


@register(STEPS, range="standard deviations; -3..3 is black to white")
def z_score(image: Image) -> Image:
    """Centre each channel and divide it by its standard deviation.

    The result's `value_range` is (-3, 3): what later steps see as 0..1 is (z + 3) / 6, and values
    further out stay outside. A constant channel becomes 0.

    Example:
        >>> z_score(Image(np.array([[0, 255]], np.uint8), "YX")).pixels.tolist()
        [[-1.0, 1.0]]
    """
    unit = planes(image).astype(np.float64)
    spread = unit.std(axis=(0, 1))
    flat = spread < 1e-7
    z = (unit - unit.mean(axis=(0, 1))) / np.where(flat, 1.0, spread)
    z[..., flat] = 0.0
    return as_image(z, image).with_(value_range=(-3.0, 3.0))
