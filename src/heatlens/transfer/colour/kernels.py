"""Loops over the pixels of colour lattices; they release the GIL.

A lattice (n, n, n, 3) holds a value at evenly spaced red, green and blue in 0..1; between its nodes
it is read trilinearly, beyond them at the nearest face. Several lattices (s, n, n, n, 3) are
applied one after the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["mapped_floats", "mapped_levels", "padded", "read", "spread"]

_BLOCK = 512
"""Pixels that go through all lattices before the next: they stay in the nearest cache."""


@njit(nogil=True, cache=True, fastmath=True)
def _through(colours: Any, table: Any, n: int, count: int) -> None:
    """Replace colours (count, 4), in steps between nodes, by the values of a table (n^3, 4)."""
    last, one, none = np.float32(n - 1), np.float32(1), np.float32(0)
    most, up, over = np.uint32(n - 2), np.uint32(n), np.uint32(n * n)
    for m in range(count):
        r = min(max(colours[m, 0], none), last)
        g = min(max(colours[m, 1], none), last)
        b = min(max(colours[m, 2], none), last)
        i, j, k = min(np.uint32(r), most), min(np.uint32(g), most), min(np.uint32(b), most)
        r, g, b = r - np.float32(i), g - np.float32(j), b - np.float32(k)
        p = np.uint64(i * over + j * up + k)  # unsigned: numba then asks for no negative index
        q, s = p + np.uint64(up), p + np.uint64(over)
        t = s + np.uint64(up)
        e, f, a = one - r, one - g, one - b
        w, x, y, z = e * f, e * g, r * f, r * g
        next_ = np.uint64(1)
        for c in range(4):  # the fourth is there to fill a register
            low = w * table[p, c] + x * table[q, c] + y * table[s, c] + z * table[t, c]
            high = (
                w * table[p + next_, c]
                + x * table[q + next_, c]
                + y * table[s + next_, c]
                + z * table[t + next_, c]
            )
            colours[m, c] = low * a + high * b


@njit(nogil=True, cache=True)
def mapped_levels(
    pixels: npt.NDArray[np.uint8], tables: npt.NDArray[np.float32], result: npt.NDArray[np.uint8]
) -> None:
    """8-bit pixels (m, 3) by `padded` lattices of colours in 0..1, into 8-bit pixels."""
    n = round(tables.shape[1] ** (1 / 3))
    steps = np.float32(n - 1)
    scale = steps / np.float32(255)
    white, half = np.float32(255), np.float32(0.5)
    block = np.zeros((_BLOCK, 4), np.float32)
    for start in range(0, pixels.shape[0], _BLOCK):
        count = min(_BLOCK, pixels.shape[0] - start)
        for m in range(count):
            for c in range(3):
                block[m, c] = np.float32(pixels[start + m, c]) * scale
        for stage in range(tables.shape[0]):
            if stage:
                block *= steps
            _through(block, tables[stage], n, count)
        for m in range(count):
            for c in range(3):
                result[start + m, c] = np.uint8(block[m, c] * white + half)


@njit(nogil=True, cache=True)
def mapped_floats(
    pixels: npt.NDArray[Any], tables: npt.NDArray[np.float32], result: npt.NDArray[Any]
) -> None:
    """Pixels (m, 3) in 0..1 by `padded` lattices, whose values may be any."""
    n = round(tables.shape[1] ** (1 / 3))
    steps = np.float32(n - 1)
    block = np.zeros((_BLOCK, 4), np.float32)
    for start in range(0, pixels.shape[0], _BLOCK):
        count = min(_BLOCK, pixels.shape[0] - start)
        for m in range(count):
            for c in range(3):
                block[m, c] = pixels[start + m, c]
        for stage in range(tables.shape[0]):
            block *= steps
            _through(block, tables[stage], n, count)
        for m in range(count):
            for c in range(3):
                result[start + m, c] = block[m, c]


def padded(lattices: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Lattices (s, n, n, n, 3) as the loops read them: float32 (s, n^3, 4), the last column 0."""
    tables = np.zeros((len(lattices), lattices[0].size // 3, 4), np.float32)
    tables[..., :3] = lattices.reshape(*tables.shape[:2], 3)
    return tables


def read(points: npt.NDArray[Any], lattice: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Values (m, 3) of one lattice (n, n, n, 3) at colours (m, 3) in 0..1.

    Example:
        >>> read(np.full((1, 3), 0.5), np.arange(24.0).reshape(2, 2, 2, 3)).tolist()
        [[10.5, 11.5, 12.5]]
    """
    values = np.empty(points.shape)
    mapped_floats(points, padded(lattice[None]), values)
    return values


@njit(nogil=True, cache=True)
def spread(
    points: npt.NDArray[np.float64], values: npt.NDArray[np.float64], n: int
) -> npt.NDArray[np.float64]:
    """The transpose of `read`: (n, n, n, 4), weighted sums of values (m, 3), and the weights."""
    total = np.zeros((n, n, n, 4))
    for m in range(points.shape[0]):
        r = min(max(points[m, 0], 0.0), 1.0) * (n - 1)
        g = min(max(points[m, 1], 0.0), 1.0) * (n - 1)
        b = min(max(points[m, 2], 0.0), 1.0) * (n - 1)
        i, j, k = min(int(r), n - 2), min(int(g), n - 2), min(int(b), n - 2)
        r, g, b = r - i, g - j, b - k
        for x in range(2):
            for y in range(2):
                for z in range(2):
                    share = (r if x else 1 - r) * (g if y else 1 - g) * (b if z else 1 - b)
                    node = total[i + x, j + y, k + z]
                    node[0] += share * values[m, 0]
                    node[1] += share * values[m, 1]
                    node[2] += share * values[m, 2]
                    node[3] += share
    return total
