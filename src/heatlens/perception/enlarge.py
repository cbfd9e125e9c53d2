"""A model's small map on the picture's own grid.

Bilinear between pixel centres; both grids cover the same picture from edge to edge, and beyond the
outermost centres the map stays what it is there. What
`torch.nn.functional.interpolate(mode="bilinear", align_corners=False)` and OpenCV's `INTER_LINEAR`
compute.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.threads import over_rows

__all__ = ["enlarged", "enlarged_part"]

_LEAST = 1 << 18
"""Pixels below which a second thread costs more than it saves."""

Array = npt.NDArray[np.float32]


def enlarged(values: npt.NDArray[Any], size: tuple[int, int]) -> Array:
    """Bring a map on a grid of `size`, without antialiasing where that is smaller.

    Args:
        values: (h, w) on any grid that covers the picture.
        size: height and width of the picture in pixels.

    Returns:
        (H, W) float32, read-only and nobody else's, within the range of `values`.

    Raises:
        InvalidArgument: no two axes, nothing in it, or a size below 1.
        InvalidType: a size that is not two whole numbers.

    Example:
        >>> enlarged(np.float32([[0, 1]]), (1, 4)).tolist()
        [[0.0, 0.25, 0.75, 1.0]]
    """
    height, width = _checked(values, size)
    small = np.ascontiguousarray(values, np.float32)
    result = np.empty((height, width), np.float32)

    def work(start: int, stop: int) -> None:
        _fill(small, result[start:stop], height, width, start, 0)

    over_rows(work, height, least=max(1, _LEAST // width))
    result.flags.writeable = False
    return result


def enlarged_part(
    values: npt.NDArray[Any], size: tuple[int, int], corner: tuple[int, int], part: tuple[int, int]
) -> Array:
    """Rows and columns of `enlarged(values, size)`, by the caller's thread alone.

    Args:
        values: (h, w), the model's map.
        size: height and width of the whole picture.
        corner: first row and column of the part.
        part: its height and width.

    Returns:
        Float32, of the size `part`.

    Raises:
        InvalidArgument: as `enlarged`, or a part that does not lie inside.
        InvalidType: a size that is not two whole numbers.

    Example:
        >>> enlarged_part(np.float32([[0, 1]]), (1, 4), (0, 1), (1, 2)).tolist()
        [[0.25, 0.75]]
    """
    height, width = _checked(values, size)
    (top, left), (rows, columns) = corner, part
    if (
        min(top, left) < 0
        or min(rows, columns) < 1
        or top + rows > height
        or left + columns > width
    ):
        raise InvalidArgument(
            f"rows {top} to {top + rows} and columns {left} to {left + columns} are no part of "
            f"{height} x {width}"
        )
    result = np.empty((rows, columns), np.float32)
    _fill(np.ascontiguousarray(values, np.float32), result, height, width, top, left)
    return result


def _checked(values: npt.NDArray[Any], size: tuple[int, int]) -> tuple[int, int]:
    if values.ndim != 2 or 0 in values.shape:
        raise InvalidArgument(f"a map of shape {values.shape}; expected (height, width)")
    if len(size) != 2 or not all(hasattr(side, "__index__") for side in size):
        raise InvalidType(f"`size` is {size!r}; it has to be (height, width) in whole pixels")
    if min(size) < 1:
        raise InvalidArgument(f"`size` is {size}; it has to be (height, width), both at least 1")
    return size


@njit(cache=True, nogil=True, inline="always")  # pragma: no cover
def _place(number: int, cells: int, outputs: int) -> tuple[int, Any]:
    """The source cell before the centre of an output cell, and the share of the one after it."""
    position = min(max((number + 0.5) * (cells / outputs) - 0.5, 0.0), cells - 1.0)
    first = int(position)
    return first, np.float32(position - first)


@njit(cache=True, nogil=True)  # pragma: no cover
def _fill(small: Array, result: Array, rows: int, columns: int, top: int, start: int) -> None:
    """Each source row is widened once, for all rows of the result beside it."""
    (cells, across), (height, width) = small.shape, result.shape
    shares, begins = np.empty(width, np.float32), np.full(across + 1, width, np.uintp)
    for x in range(width - 1, -1, -1):
        cell, shares[x] = _place(start + x, across, columns)
        begins[cell] = x
    for cell in range(across - 1, -1, -1):  # cells without a centre after them
        begins[cell] = min(begins[cell], begins[cell + 1])
    above, below, held = np.empty(width, np.float32), np.empty(width, np.float32), -2
    for y in range(height):
        upper, share = _place(top + y, cells, rows)
        if upper == held + 1:
            above, below = below, above
        elif upper != held:
            _widen(small[upper], shares, begins, above)
        if upper != held:
            _widen(small[min(upper + 1, cells - 1)], shares, begins, below)
            held = upper
        row = result[y]
        for x in range(width):
            row[x] = above[x] + share * (below[x] - above[x])


@njit(cache=True, nogil=True)  # pragma: no cover
def _widen(cells: Array, shares: Array, begins: Any, line: Array) -> None:
    """Between the same two cells the values are a straight line: loops over neighbours in memory."""
    last = len(cells) - 1
    for cell in range(last + 1):
        value = cells[cell]
        step = cells[min(cell + 1, last)] - value
        for x in range(begins[cell], begins[cell + 1]):
            line[x] = value + shares[x] * step
