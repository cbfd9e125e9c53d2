r"""From fixated points to a density: each point becomes a Gaussian.

D(r, c) = sum_i exp(-((r - r_i)^2 + (c - c_i)^2) / (2 sigma^2)),   divided by its sum
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.given import (
    Floats,
    Map,
    Points,
    checked_map,
    is_density,
    pixels_of,
)

__all__ = ["blurred_pixels", "checked_sigma", "density_of", "fixation_density"]

_DEGREE = 35 / 1024
"""One degree of visual angle on MIT300, 35 pixels of 1024, in parts of the longer side."""

_CYCLES = 8.0
"""Cycles per frame at which the MIT benchmark's blur halves a wave."""


def fixation_density(
    fixations: Points,
    size: tuple[int, int],
    sigma: float | None = None,
    *,
    convention: str = "tuebingen",
) -> Floats:
    """Blur fixated pixels into a density that sums to 1.

    "tuebingen": every fixation counts; the blur is a sum over 4 sigma, and at the border the
    outermost pixels go on outwards. Without `sigma`, 35 pixels for a longer side of 1024 (one
    degree on MIT300) and in proportion for other sizes.

    "mit": a pixel counts once, however often it was looked at; the blur is a product of Fourier
    transforms of n x n pixels, n being the least power of two that holds the longer side, with
    zeros beyond the picture. It is cyclic: what leaves the n x n pixels on one side comes in on the
    other, so that a side of exactly n (1024, say) joins its own opposite border, and along a shorter
    side mass is lost. Without `sigma`, the blur that halves a wave of 8 cycles per n pixels, as the
    benchmark's `antonioGaussian(map, 8)`: sigma = n sqrt(ln 2 / 2) / (8 pi) pixels. A blur of less
    than a pixel rings there; what is below 0 becomes 0.

    Args:
        fixations: (n, 2) positions (row, column).
        size: height and width of the picture.
        sigma: of the Gaussian, in pixels, above 0.
        convention: "tuebingen" or "mit".

    Raises:
        InvalidArgument: no fixations, some outside, or a sigma that is not above 0.

    Source:
        Kuemmerer, Wallis, Bethge: Saliency Benchmarking Made Easy, ECCV 2018, section 4; Judd,
        Durand, Torralba: A Benchmark of Computational Models of Saliency, MIT-CSAIL-TR-2012-001.

    Example:
        >>> fixation_density([[1, 1]], (3, 3), 0.5).round(3).tolist()[1]
        [0.084, 0.619, 0.084]
    """
    convention = checked_convention(convention)
    if (
        np.ndim(size) != 1
        or len(size) != 2
        or not all(isinstance(n, int | np.integer) and n > 0 for n in size)
    ):
        raise InvalidArgument(f"size is {size!r}; expected height and width in pixels")
    sigma = checked_sigma(sigma)
    size = (int(size[0]), int(size[1]))
    return blurred_pixels(
        pixels_of(fixations, size, once=convention == "mit"), size, sigma, convention
    )


def blurred_pixels(
    cells: npt.NDArray[np.intp], size: tuple[int, int], sigma: float | None, convention: str
) -> Floats:
    """`fixation_density` of pixels by their numbers in reading order; each counts, in both conventions."""
    counts = np.bincount(cells, minlength=size[0] * size[1]).reshape(size).astype(np.float64)
    if convention == "mit":
        blurred = _in_frequencies(counts, sigma)
    else:
        width = _DEGREE * max(size) if sigma is None else float(sigma)
        blurred = scipy.ndimage.gaussian_filter(counts, width, mode="nearest", truncate=4.0)
    return blurred / blurred.sum()


def checked_sigma(sigma: float | None) -> float | None:
    """The blur in pixels, if it is a number above 0, or None.

    Raises:
        InvalidArgument: it is not.

    Example:
        >>> checked_sigma(2.0)
        2.0
    """
    if sigma is None:
        return None
    number = isinstance(sigma, int | float | np.number) and not isinstance(sigma, bool)
    if not (number and math.isfinite(sigma) and sigma > 0):
        raise InvalidArgument(f"sigma is {sigma!r}; expected pixels, above 0")
    return float(sigma)


def density_of(
    fixations: Map | Points, size: tuple[int, int], sigma: float | None, convention: str
) -> Floats:
    """What a metric of densities compares with: the density that was given, or blurred points."""
    if is_density(fixations, size):
        if sigma is not None:
            raise InvalidArgument("sigma blurs points; these fixations are a density already")
        values = checked_map(fixations, "density of the fixations")
        if values.shape != size:
            raise InvalidArgument(
                f"the map has {size[0]} x {size[1]} pixels, the density of the fixations "
                f"{values.shape[0]} x {values.shape[1]}; resize one of them first"
            )
        return values
    points = cast(Points, fixations)
    return fixation_density(points, size, sigma, convention=convention)


def _in_frequencies(counts: Floats, sigma: float | None) -> Floats:
    """Cyclic Gaussian blur of n x n pixels, n the next power of two, one axis after the other."""
    n = 2 ** math.ceil(math.log2(max(2, *counts.shape)))
    width = n * math.sqrt(math.log(2) / 2) / (math.pi * _CYCLES) if sigma is None else sigma
    waves = np.exp(-2 * (math.pi * width * scipy.fft.rfftfreq(n)) ** 2)
    blurred = counts
    for axis, length in enumerate(counts.shape):
        along = np.moveaxis(blurred, axis, -1)
        spread = scipy.fft.irfft(scipy.fft.rfft(along, n) * waves, n)[..., :length]
        blurred = np.moveaxis(spread, -1, axis)
    return np.maximum(blurred, 0.0)  # the transform's rounding, and ringing of a blur below a pixel
