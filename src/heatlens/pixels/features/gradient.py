"""Gradient: how steeply the brightness changes at a chosen size.

|grad (G_sigma * I)|,  with G a Gaussian: both derivatives are those of the smoothed picture.

Sampled at whole pixels, a derivative of G narrower than a pixel would lose its slope; it is scaled
so that a ramp keeps its own, and becomes half the difference of the neighbours in the limit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.image import Image
from heatlens.pixels.checks import checked_number
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import grey

__all__ = ["gradient"]


@register(
    FEATURES,
    range="0..0.71, from sigma 1 on 0..0.4 / sigma, in ranges per pixel",
    reach=lambda p: int(4 * p["sigma"] + 0.5),
)
def gradient(image: Image, *, sigma: float = 1.0) -> npt.NDArray[np.float32]:
    """Magnitude of the Gaussian gradient of the luma, ranges per pixel.

    A ramp has its slope, whatever sigma; a step from black to white about 1 / (sqrt(2 pi) sigma)
    at its edge from sigma 1 on, and 1/2 at the smallest.

    Args:
        image: any still picture.
        sigma: standard deviation in pixels, at least 0.3; the border is repeated.

    Example:
        >>> ramp = np.tile(np.linspace(0, 1, 21, dtype=np.float32), (9, 1))
        >>> (100 * gradient(Image(ramp, "YX", (0, 1))))[4, 10].round().item()
        5.0
    """
    sigma = checked_number("sigma", sigma, 0.3)
    luma, total = grey(image), np.zeros(image.size, np.float32)
    n = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
    gaussian = np.exp(-0.5 * (n / sigma) ** 2)
    along = n * gaussian / (n**2 * gaussian).sum()  # sum n k(n) = 1: a slope of 1 gives 1
    across = gaussian / gaussian.sum()
    for axis in (0, 1):
        change = ndimage.correlate1d(luma, along, axis, mode="nearest")
        total += ndimage.correlate1d(change, across, 1 - axis, mode="nearest") ** 2
    return np.sqrt(total)
