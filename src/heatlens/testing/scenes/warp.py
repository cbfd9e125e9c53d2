"""Sampling a source at affinely transformed pixel positions.

The loops release the GIL, so that other threads go on.  Pixel (i, j) lies at the coordinates
(i, j); a 2x3 matrix A maps a picture's (y, x, 1) to the source's (v, u).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def sample(
    source: NDArray[np.float32],
    matrix: NDArray[np.float64],
    height: int,
    width: int,
) -> NDArray[np.float32]:
    """Sample a source bilinearly, mirrored at its edges.

    Args:
        source: (h, w, C), any range.
        matrix: (2, 3), from the result's (y, x, 1) to the source's (v, u).
        height: rows of the result.
        width: columns of the result.

    Returns:
        (height, width, C) in the source's range.

    Example:
        >>> ramp = np.arange(4, dtype=np.float32).reshape(1, 4, 1)
        >>> shift_by_half = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.5]])
        >>> sample(ramp, shift_by_half, 1, 3)[0, :, 0]
        array([0.5, 1.5, 2.5], dtype=float32)
    """
    rows, columns, channels = source.shape
    result = np.empty((height, width, channels), dtype=np.float32)
    for y in range(height):
        for x in range(width):
            v = _mirrored(matrix[0, 0] * y + matrix[0, 1] * x + matrix[0, 2], rows)
            u = _mirrored(matrix[1, 0] * y + matrix[1, 1] * x + matrix[1, 2], columns)
            v0 = min(int(v), rows - 1)
            u0 = min(int(u), columns - 1)
            v1 = min(v0 + 1, rows - 1)
            u1 = min(u0 + 1, columns - 1)
            a = np.float32(v - v0)
            b = np.float32(u - u0)
            one = np.float32(1.0)
            for c in range(channels):
                top = source[v0, u0, c] * (one - b) + source[v0, u1, c] * b
                bottom = source[v1, u0, c] * (one - b) + source[v1, u1, c] * b
                result[y, x, c] = top * (one - a) + bottom * a
    return result


@njit(nogil=True, cache=True)
def sample_distance(
    source: NDArray[np.float32],
    matrix: NDArray[np.float64],
    unit: float,
    height: int,
    width: int,
) -> NDArray[np.float32]:
    """Sample a signed distance field, and go on outside its tile.

    Outside the tile the distance to the nearest point c of the tile is added at a right angle,
    sqrt(|p - c|^2 + d(c)^2), which never exceeds the true distance to a shape inside the tile.

    Args:
        source: (h, w) distance in source pixels, positive outside the shape.
        matrix: (2, 3), from the result's (y, x, 1) to the source's (v, u).
        unit: the result's pixels per source pixel.
        height: rows of the result.
        width: columns of the result.

    Returns:
        (height, width) distance in the result's pixels, positive outside the shape.
    """
    rows, columns = source.shape
    result = np.empty((height, width), dtype=np.float32)
    for y in range(height):
        for x in range(width):
            v = matrix[0, 0] * y + matrix[0, 1] * x + matrix[0, 2]
            u = matrix[1, 0] * y + matrix[1, 1] * x + matrix[1, 2]
            inside_v = min(max(v, 0.0), rows - 1.0)
            inside_u = min(max(u, 0.0), columns - 1.0)
            v0 = min(int(inside_v), rows - 2)
            u0 = min(int(inside_u), columns - 2)
            a = inside_v - v0
            b = inside_u - u0
            top = source[v0, u0] * (1.0 - b) + source[v0, u0 + 1] * b
            bottom = source[v0 + 1, u0] * (1.0 - b) + source[v0 + 1, u0 + 1] * b
            value = top * (1.0 - a) + bottom * a
            outside = (v - inside_v) ** 2 + (u - inside_u) ** 2
            if outside > 0.0:
                value = np.sqrt(outside + value * value)
            result[y, x] = value * unit
    return result


@njit(nogil=True, cache=True)
def claim(free: NDArray[np.float32], y: int, x: int, radius: float) -> None:
    """Take a circle out of the free room: lower each distance to that to the circle, in place.

    Args:
        free: (H, W) distance in pixels to whatever must not be touched.
        y: row of the circle's centre.
        x: its column.
        radius: in pixels.

    Example:
        >>> room = np.full((1, 4), 9, dtype=np.float32)
        >>> claim(room, 0, 0, 1.0)
        >>> room
        array([[-1.,  0.,  1.,  2.]], dtype=float32)
    """
    for i in range(free.shape[0]):
        for j in range(free.shape[1]):
            away = np.float32(np.sqrt(float((i - y) ** 2 + (j - x) ** 2)) - radius)
            if away < free[i, j]:
                free[i, j] = away


@njit(nogil=True, cache=True)
def _mirrored(position: float, length: int) -> float:
    """Fold a position into 0..length-1 as a mirror at both ends does."""
    if 0.0 <= position <= length - 1.0:
        return position
    if length == 1:
        return 0.0
    period = 2.0 * (length - 1)
    folded = abs(position) % period
    return min(folded, period - folded)
