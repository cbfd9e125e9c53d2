"""The exact distance of one stored signature from a query, in compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.costs import open_costs, write_costs
from heatlens.transport.exact.simplex import DONE, NO_LIMIT, certified
from heatlens.transport.line.circle import around_by_median
from heatlens.transport.line.merge import walk

__all__ = ["CIRCLE", "LINE", "SPACE", "distance"]

SPACE, LINE, CIRCLE = 0, 1, 2
"""Where the points lie: in Euclidean space, on a line, on a circle."""


@njit(cache=True, nogil=True, error_model="numpy")
def distance(
    a: Any, x: Any, b: Any, y: Any, where: int, period: float, never: Any
) -> tuple[float, int]:
    """W1 between two signatures, each divided by its total, in double precision.

    Args:
        a: (n,) float32 masses.
        x: (n, d) float32 points, in lexicographic order.
        b: (m,) float32 masses.
        y: (m, d) float32 points, in lexicographic order.
        where: `SPACE`, `LINE` or `CIRCLE`.
        period: of a circle.
        never: (1,) int64 zero; another thread that writes a 1 ends the work.

    Returns:
        The distance, and `DONE` if it is proved.
    """
    left, right = _shares(a), _shares(b)
    _stay(left, x, right, y)
    rows, columns = np.flatnonzero(left), np.flatnonzero(right)
    if len(rows) == 0 or len(columns) == 0:
        return 0.0, DONE
    supply, demand = left[rows], right[columns]
    demand *= supply.sum() / demand.sum()
    near, far = _points(x, rows), _points(y, columns)
    if where == LINE:
        return walk(near[:, 0].copy(), far[:, 0].copy(), supply, demand, 1.0, 1.0, 0.0)[0], DONE
    if where == CIRCLE:
        first, second = near[:, 0].copy(), far[:, 0].copy()
        return around_by_median(first, second, supply, demand, period), DONE
    cost = open_costs(len(rows), len(columns), False, False, 0.0)
    write_costs(cost, near, far.T.copy(), 0, 1.0, np.inf)
    state, value = certified(cost, supply, demand, np.empty(0), NO_LIMIT, never)[:2]
    return value, state


@njit(cache=True, nogil=True, error_model="numpy")
def _shares(masses: Any) -> Any:
    shares, total = np.empty(len(masses)), 0.0
    for i in range(len(masses)):
        shares[i] = masses[i]
        total += shares[i]
    for i in range(len(masses)):
        shares[i] /= total
    return shares


@njit(cache=True, nogil=True, error_model="numpy")
def _stay(left: Any, x: Any, right: Any, y: Any) -> None:
    """Mass at the same place of both sides stays there, as a metric makes optimal; in place."""
    i, j, d = 0, 0, x.shape[1]
    while i < len(left) and j < len(right):
        order = 0
        for axis in range(d):
            if x[i, axis] != y[j, axis]:
                order = -1 if x[i, axis] < y[j, axis] else 1
                break
        if order == 0:
            if left[i] < right[j]:
                right[j] -= left[i]
                left[i] = 0.0
                i += 1
            else:
                left[i] -= right[j]
                right[j] = 0.0
                j += 1
        elif order < 0:
            i += 1
        else:
            j += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _points(points: Any, places: Any) -> Any:
    chosen = np.empty((len(places), points.shape[1]))
    for k in range(len(places)):
        for axis in range(points.shape[1]):
            chosen[k, axis] = points[places[k], axis]
    return chosen
