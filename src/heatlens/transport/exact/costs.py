"""Ground costs inside the compiled code, written straight into padded rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.lowest import LANES
from heatlens.transport.mass import Floats

__all__ = ["open_costs", "padded", "write_costs"]


@njit(cache=True, nogil=True, error_model="numpy")
def padded(columns: int) -> int:
    """The length of a row of `columns` costs."""
    return -(-columns // LANES) * LANES


@njit(cache=True, nogil=True, error_model="numpy")
def open_costs(
    rows: int, columns: int, extra_row: bool, extra_column: bool, extra: float
) -> Floats:
    """Room for costs, padding infinite; a last row and column for mass that is made or destroyed.

    Args:
        rows: real ones.
        columns: real ones.
        extra_row: whether a row is added, whose mass is made.
        extra_column: whether a column is added, where mass is destroyed.
        extra: what making or destroying a unit costs; the corner, from nothing to nothing, is 0.
    """
    n, m = rows + extra_row, columns + extra_column
    cost = np.full((n, padded(m)), np.inf)
    if extra_row:
        cost[rows, :columns] = extra
    if extra_column:
        cost[:rows, columns] = extra
    if extra_row and extra_column:
        cost[rows, columns] = 0.0
    return cost


@njit(cache=True, nogil=True, error_model="numpy")
def write_costs(cost: Any, x: Any, y: Any, code: int, p: float, threshold: float) -> None:
    """min(d(x_i, y_j), threshold)^p into cost[i, j].

    Args:
        cost: (at least n, at least m).
        x: points (n, d).
        y: coordinates (d, m): transposed, so that the inner loop runs along a row.
        code: of the metric, see `heatlens.transport.ground.METRICS`.
        p: exponent.
        threshold: infinite if there is none.
    """
    m = y.shape[1]
    squared = code == 0 and p == 2.0 and threshold == np.inf
    for i in range(len(x)):
        row = cost[i, :m]
        _write_distances(row, x[i], y, code, squared)
        if threshold < np.inf:
            for j in range(m):
                row[j] = min(row[j], threshold)
        if p == 2.0 and not squared:
            for j in range(m):
                row[j] *= row[j]
        elif p not in (1.0, 2.0):
            for j in range(m):
                row[j] = row[j] ** p


@njit(cache=True, nogil=True, error_model="numpy")
def _write_distances(row: Any, point: Any, y: Any, code: int, squared: bool) -> None:
    """The distances from one point; those of Euclid squared if so asked."""
    m = len(row)
    row[:] = 0.0
    for k in range(len(y)):
        own, others = point[k], y[k]
        if code == 0:
            for j in range(m):
                row[j] += (own - others[j]) * (own - others[j])
        elif code == 1:
            for j in range(m):
                row[j] += abs(own - others[j])
        else:
            for j in range(m):
                row[j] = max(row[j], abs(own - others[j]))
    if code == 0 and not squared:
        for j in range(m):
            row[j] = np.sqrt(row[j])
