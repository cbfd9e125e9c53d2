"""Gaussian smoothing: the mean of the neighbourhood, weighted by exp(-r^2 / 2 sigma^2)."""

from __future__ import annotations

from scipy import ndimage

from heatlens.image import Image
from heatlens.pixels.checks import checked_number
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, planes

__all__ = ["gaussian"]


@register(STEPS, range="that of the picture", reach=lambda p: int(4 * p["sigma"] + 0.5))
def gaussian(image: Image, *, sigma: float = 1.0) -> Image:
    """Blur with a Gaussian; edges blur too.

    Args:
        image: any still picture.
        sigma: standard deviation in pixels, from 0 on; the border is repeated.

    Example:
        >>> import numpy as np
        >>> (gaussian(Image(np.full((3, 3), 7, np.uint8), "YX")).pixels * 255).round().max().item()
        7.0
    """
    sigma = checked_number("sigma", sigma, 0)
    return as_image(
        ndimage.gaussian_filter(planes(image), (sigma, sigma, 0), mode="nearest"), image
    )
