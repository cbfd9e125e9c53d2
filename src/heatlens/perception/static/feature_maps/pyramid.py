"""Gaussian pyramids whose levels all cover the picture from edge to edge.

Each level has half the rows and columns of the one before (rounded up). A pixel of it is a Gaussian
mean around its own centre, sigma = .559 of its own width: the deviation of the six-tap binomial
filter (1, 5, 10, 10, 5, 1) / 32, which is this filter's form where the size is even. Filters with an
odd number of taps would shift each level by half a pixel. Mirrored at the border.

Burt, Adelson: The Laplacian Pyramid as a Compact Image Code, IEEE Trans. Communications 1983.
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
import numpy.typing as npt

from heatlens.images.resample import band, separable

__all__ = ["gaussian_pyramid", "halved", "onto"]

Array = npt.NDArray[np.float32]

SIGMA = float(np.sqrt(1.25) / 2)
"""Deviation of the filter in widths of a pixel of the new level."""

REACH = 1.5
"""Half the filter's support in widths of a pixel of the new level: six taps where they are two."""


def gaussian_pyramid(channels: Array, deepest: int) -> list[Array]:
    """Levels 0 to `deepest` of (C, H, W) maps; fewer where a level of one pixel comes first.

    Example:
        >>> [level.shape for level in gaussian_pyramid(np.ones((1, 5, 8), np.float32), 8)]
        [(1, 5, 8), (1, 3, 4), (1, 2, 2), (1, 1, 1)]
    """
    levels = [np.ascontiguousarray(channels, np.float32)]
    while len(levels) <= deepest and max(levels[-1].shape[1:]) > 1:
        levels.append(halved(levels[-1]))
    return levels


def halved(channels: Array) -> Array:
    """The next level of (C, H, W) maps.

    Example:
        >>> halved(np.full((1, 3, 2), 7, np.float32)).round(3).tolist()
        [[[7.0], [7.0]]]
    """
    rows, columns = (_taps(size) for size in channels.shape[1:])
    return _filtered(channels, *rows, *columns)


def onto(channels: Array, size: tuple[int, int]) -> Array:
    """(C, h, w) maps on another grid over the same picture, linear, averaged where it is coarser."""
    if channels.shape[1:] == size:
        return channels
    bands = []
    for axis in (0, 1):
        step = channels.shape[1 + axis] / size[axis]
        bands.append(band((np.arange(size[axis]) + 0.5) * step, channels.shape[1 + axis], step))
    return separable(channels, *bands)


@lru_cache(maxsize=256)
def _taps(size: int) -> tuple[npt.NDArray[np.intp], Array]:
    """Source pixels and weights, each (new size, taps)."""
    new = (size + 1) // 2
    width = size / new
    centres = (np.arange(new) + 0.5) * width
    first = np.ceil(centres - REACH * width - 0.5).astype(np.intp)
    index = first[:, None] + np.arange(int(2 * REACH * width) + 1)
    distance = (index + 0.5 - centres[:, None]) / width
    weights = np.exp(-(distance**2) / (2 * SIGMA**2)) * (np.abs(distance) <= REACH)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = index % (2 * size)
    mirrored = np.where(mirrored < size, mirrored, 2 * size - 1 - mirrored)
    return mirrored, weights.astype(np.float32)


@numba.njit(cache=True, nogil=True)
def _filtered(channels, row_index, row_weights, column_index, column_weights):  # type: ignore[no-untyped-def]
    count, _, width = channels.shape
    new_height, row_taps = row_index.shape
    new_width, column_taps = column_index.shape
    result = np.empty((count, new_height, new_width), np.float32)
    line = np.empty(width, np.float32)
    for channel in range(count):
        for i in range(new_height):
            line[:] = 0
            for tap in range(row_taps):
                weight = row_weights[i, tap]
                source = channels[channel, row_index[i, tap]]
                for j in range(width):
                    line[j] += weight * source[j]
            for j in range(new_width):
                total = np.float32(0)
                for tap in range(column_taps):
                    total += column_weights[j, tap] * line[column_index[j, tap]]
                result[channel, i, j] = total
    return result
