"""Pictures at half their size, for pyramids: each new pixel is the mean of two by two.

An odd last row or column has only half of them: the mean is over those that are there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["half", "halved", "level_sizes"]


def half(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width at half the size, rounded up."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def level_sizes(size: tuple[int, int], tile: int) -> list[tuple[int, int]]:
    """Heights and widths of a pyramid, until all fits in one tile.

    Example:
        >>> level_sizes((1000, 700), 256)
        [(1000, 700), (500, 350), (250, 175)]
    """
    sizes = [size]
    while max(sizes[-1]) > tile:
        sizes.append(half(sizes[-1]))
    return sizes


def halved(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(H, W, C) at half the size and of the same type; whole numbers are rounded to the nearest.

    Example:
        >>> halved(np.uint8([[[0], [10], [7]]])).ravel().tolist()
        [5, 7]
    """
    height, width = half((pixels.shape[0], pixels.shape[1]))
    result = np.empty((height, width, pixels.shape[2]), pixels.dtype)
    _halve(pixels, result, 0.5 if pixels.dtype.kind in "ui" else 0.0)
    return result


@njit(cache=True, nogil=True)  # pragma: no cover
def _halve(pixels, result, rounding):  # type: ignore[no-untyped-def]
    height, width, channels = pixels.shape
    for y in range(result.shape[0]):
        lower = min(2 * y + 1, height - 1)
        for x in range(result.shape[1]):
            right = min(2 * x + 1, width - 1)
            for k in range(channels):
                # A missing neighbour is its own mirror image, which leaves the mean as it is.
                upper = float(pixels[2 * y, 2 * x, k]) + float(pixels[2 * y, right, k])
                under = float(pixels[lower, 2 * x, k]) + float(pixels[lower, right, k])
                mean = (upper + under) / 4
                result[y, x, k] = np.floor(mean + rounding) if rounding else mean
