"""The first look at all rows: which of them may lie within a threshold of the query.

The block-quantile bound is taken from whole clusters, then from the distances to a cluster's
centre, then from the bytes of each row, sixteen at a time. What rounding may hide is taken off
everywhere, so no row within the threshold is lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.search.bounds.quantile import BLOCKS
from heatlens.search.engine.absolute import WIDTH, absolute_sum
from heatlens.search.engine.clusters import RINGS, Clusters

__all__ = ["far_from_centres", "scan"]

assert WIDTH == BLOCKS

_DOWN, _UP = 1.0 - 1e-5, 1.0 + 1e-5
"""Single precision rounds a bound by less than this."""


@njit(cache=True, nogil=True, error_model="numpy")
def far_from_centres(query: Any, columns: Any) -> npt.NDArray[np.float32]:
    """The bound's distance of the query from each centre, (C,), within 1e-6 of it.

    Args:
        query: (A Q,) float32.
        columns: (A Q, C) float32, the centres, transposed: the inner loop runs along clusters.
    """
    width, count = columns.shape
    squares, summed = np.zeros(count, np.float32), np.empty(count, np.float32)
    for start in range(0, width, BLOCKS):
        summed[:] = np.float32(0)
        for j in range(start, start + BLOCKS):
            own, there = query[j], columns[j]
            for k in range(count):
                summed[k] += abs(own - there[k])
        for k in range(count):
            squares[k] += summed[k] * summed[k]
    for k in range(count):
        squares[k] = np.sqrt(squares[k]) / np.float32(BLOCKS)
    return squares


@njit(cache=True, nogil=True, error_model="numpy")
def scan(
    query: Any,
    far: Any,
    chosen: Any,
    threshold: float,
    rounding: float,
    clusters: Clusters,
    codes: Any,
    slack: Any,
    alive: Any,
) -> tuple[Any, Any, int]:
    """Rows whose bound is not above the threshold.

    Args:
        query: (A Q,) float32.
        far: (C,) the query's distances from the centres.
        chosen: clusters to look at.
        threshold: rows whose distance is above it are of no interest.
        rounding: how far an embedding in single precision may lie from the true one, twice.
        clusters: the table.
        codes: (N, A Q) uint8.
        slack: (N,) float32.
        alive: (N,) uint8, 0 for rows that do not count.

    Returns:
        Rows (n,) int64, their bounds (n,) float64, and how many rows' bytes were looked at.
    """
    width = codes.shape[1]
    axes = width // BLOCKS
    rows, bounds = np.empty(1024, np.int64), np.empty(1024)
    near = np.empty(width, np.uint8)
    scale, excess = np.empty(axes, np.float32), np.empty(axes, np.float32)
    limit = np.float32(min((threshold + rounding) * _UP * _UP, 1e18))
    found, looked = 0, 0
    for k in chosen:
        # The difference of two distances from the centre is a bound too: rows in a ring around it
        # are left. All three are in single precision, which widens the ring.
        radius = threshold + rounding
        inside, outside = far[k] * _DOWN - radius, far[k] * _UP + radius
        begin, end = _ring(
            clusters.rings[k],
            clusters.first[k],
            clusters.first[k + 1],
            inside * _DOWN,
            outside * _UP,
        )
        if begin >= end:
            continue
        for axis in range(axes):
            scale[axis] = clusters.step[k, axis] / BLOCKS
            excess[axis] = _encoded(
                query[axis * BLOCKS : (axis + 1) * BLOCKS],
                clusters.low[k, axis * BLOCKS : (axis + 1) * BLOCKS],
                clusters.step[k, axis],
                near[axis * BLOCKS : (axis + 1) * BLOCKS],
            )
        looked += end - begin
        if found + end - begin > len(rows):  # here, not in the loop, which it would slow down
            rows, bounds = _longer(rows, end - begin), _longer(bounds, end - begin)
        for row in range(begin, end):
            squares = np.float32(0)
            for axis in range(axes):
                at = axis * BLOCKS
                summed = np.float32(absolute_sum(codes, row * width + at, near, at))
                inside = max(scale[axis] * (summed + excess[axis]), np.float32(0))
                squares += inside * inside
            reach = limit + slack[row]
            if squares <= reach * reach and alive[row]:
                bound = np.float64(np.sqrt(squares)) * _DOWN - slack[row] - rounding
                rows[found], bounds[found] = row, max(bound, 0.0)
                found += 1
    return rows[:found], bounds[:found], looked


@njit(cache=True, nogil=True, error_model="numpy")
def _ring(rings: Any, first: int, last: int, inside: float, outside: float) -> tuple[int, int]:
    """Of a cluster's rows first..last, those that may lie from `inside` to `outside`."""
    if rings[RINGS] < inside or rings[0] > outside:
        return first, first
    begin, end = 0, RINGS
    while begin < RINGS - 1 and rings[begin + 1] < inside:
        begin += 1
    while end > begin + 1 and rings[end - 1] > outside:
        end -= 1
    size = last - first
    return first + size * begin // RINGS, min(first + size * end // RINGS + 1, last)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def _encoded(query: Any, low: Any, step: Any, near: Any) -> Any:
    """Write the query's bytes of one axis; what they leave out, in steps.

    A coordinate beyond the range of the bytes lies as much farther from every row; one within it
    was rounded, which may count against the bound. A hundredth of a step is for the arithmetic.
    """
    per, excess = np.float32(1) / step, np.float32(-0.01)
    for j in range(BLOCKS):
        place = (query[j] - low[j]) * per
        inside = min(max(place, np.float32(0)), np.float32(255))
        code = np.float32(np.int32(inside + np.float32(0.5)))
        near[j] = np.uint8(code)
        excess += abs(place - inside) - abs(inside - code)
    return excess


@njit(cache=True, nogil=True, error_model="numpy")
def _longer(array: Any, least: int) -> Any:
    longer = np.empty(2 * len(array) + least, array.dtype)
    longer[: len(array)] = array
    return longer
