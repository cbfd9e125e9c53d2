"""Prices to start from: the solution for a coarser picture of the same points.

Points that share a cell are taken together, the small problem is solved, and its prices are
carried over to every column y by the costs themselves:

    price(y) = min_i  cost(X_i, y) - u_i

The finer problem then starts within about one percent of its optimum and needs a third to a half
of the exchanges. Coarser problems start from still coarser ones. Nothing hangs on it but time: the
result of the finest problem is proved as always.

Gerber, Maggioni: Multiscale Strategies for Computing Optimal Transport, JMLR 18, 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.costs import open_costs, write_costs
from heatlens.transport.exact.simplex import NO_LIMIT, solve
from heatlens.transport.mass import Floats

__all__ = ["PAYS_FROM", "no_prices", "prices"]

PAYS_FROM = 640
"""Rows and columns together from which a coarser problem pays."""

_FINER = 4
"""How many times fewer cells each level has; the first has one for two points."""

_DIMENSIONS = 4
"""Cells are no use in more."""


@njit(cache=True, nogil=True, error_model="numpy")
def no_prices() -> Floats:
    """What says that there are none."""
    return np.empty(0)


@njit(cache=True, nogil=True, error_model="numpy")
def prices(
    x: Any, a: Any, y: Any, b: Any, code: int, p: float, threshold: float, width: int
) -> Floats:
    """A price for each column, (width,), the padding 0; `no_prices` where it does not pay.

    Args:
        x: points of the rows (n, d).
        a: their masses, all above 0.
        y: points of the columns (m, d).
        b: their masses.
        code: of the metric.
        p: exponent of the distance.
        threshold: infinite if there is none.
        width: the padded number of columns.
    """
    total = len(x) + len(y)
    levels = 0
    while total >= PAYS_FROM:
        total //= _FINER
        levels += 1
    if levels == 0 or x.shape[1] > _DIMENSIONS:
        return no_prices()
    low, volume = _box(x, y)
    above_x, above_u = x[:0], no_prices()
    for level in range(levels, 0, -1):
        cells = 2.0 * max(len(x), len(y)) / _FINER**level
        side = (volume / cells) ** (1 / x.shape[1])
        rows, supply = _gathered(x, a, low, side)
        columns, demand = _gathered(y, b, low, side)
        cost = open_costs(len(rows), len(columns), False, False, 0.0)
        write_costs(cost, rows, columns.T.copy(), code, p, threshold)
        price = _carried_over(above_x, above_u, columns, code, p, threshold, cost.shape[1])
        tree, _ = solve(cost, supply, demand, price, NO_LIMIT, np.zeros(1, np.int64))
        above_x, above_u = rows, -tree.potential[: len(rows)]
    return _carried_over(above_x, above_u, y, code, p, threshold, width)


@njit(cache=True, nogil=True, error_model="numpy")
def _box(x: Any, y: Any) -> tuple[Floats, float]:
    """The lowest corner of all points, and the volume they lie in; flat axes count as thin."""
    d = x.shape[1]
    low, high, widest = x[0].copy(), x[0].copy(), 0.0
    for points in (x, y):
        for i in range(len(points)):
            for k in range(d):
                low[k] = min(low[k], points[i, k])
                high[k] = max(high[k], points[i, k])
    for k in range(d):
        widest = max(widest, high[k] - low[k])
    volume = 1.0
    for k in range(d):
        volume *= max(high[k] - low[k], 1e-3 * widest)
    return low, max(volume, 1e-300)


@njit(cache=True, nogil=True, error_model="numpy")
def _gathered(points: Any, masses: Any, low: Any, side: float) -> tuple[Floats, Floats]:
    """One point for each cell that has some: the mean by mass, and the mass together."""
    n, d = points.shape
    keys = np.zeros(n)
    for i in range(n):
        for k in range(d):
            keys[i] = keys[i] * 8191.0 + np.floor((points[i, k] - low[k]) / side)
    order = np.argsort(keys)
    centres, together = np.zeros((n, d)), np.zeros(n)
    cell = -1
    for place in range(n):
        i = order[place]
        if place == 0 or keys[i] != keys[order[place - 1]]:
            cell += 1
        together[cell] += masses[i]
        for k in range(d):
            centres[cell, k] += masses[i] * points[i, k]
    for c in range(cell + 1):
        for k in range(d):
            centres[c, k] /= together[c]
    return centres[: cell + 1], together[: cell + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _carried_over(
    x: Any, u: Any, y: Any, code: int, p: float, threshold: float, width: int
) -> Floats:
    """min_i cost(x_i, y_j) - u_i, padded with 0; no prices where there is no x."""
    if len(x) == 0:
        return no_prices()
    m = len(y)
    price = np.zeros(width)
    row, across = np.empty((1, m)), y.T.copy()
    for i in range(len(x)):
        write_costs(row, x[i : i + 1], across, code, p, threshold)
        for j in range(m):
            found = row[0, j] - u[i]
            if i == 0 or found < price[j]:
                price[j] = found
    return price
