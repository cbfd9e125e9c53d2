"""Many problems in compiled code: what `emd` does for one pair, without plans."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.coarse import no_prices, prices
from heatlens.transport.exact.costs import open_costs, write_costs
from heatlens.transport.exact.simplex import DONE, NO_LIMIT, certified
from heatlens.transport.mass import Floats

__all__ = ["solve_pairs"]


@njit(cache=True, nogil=True, error_model="numpy")
def solve_pairs(
    start: int,
    stop: int,
    first: Any,
    second: Any,
    a: Floats,
    a_at: Any,
    x: Floats,
    x_at: Any,
    b: Floats,
    b_at: Any,
    y: Floats,
    y_at: Any,
    cost: Floats,
    code: int,
    p: float,
    threshold: float,
    stays: bool,
    mass: int,
    extra: float,
    surcharge: float,
    values: Floats,
    state: Any,
) -> None:
    """Values of the pairs start..stop; the rest of the arguments describes all of them.

    Args:
        start: first pair.
        stop: one past the last.
        first: of each pair, which distribution of the first collection.
        second: likewise of the second.
        a: all masses of the first collection, one distribution after the other.
        a_at: where each begins, and the end.
        x: their points (total, d); one set of points for all if `x_at` is all 0.
        x_at: where each one's points begin.
        b: masses of the second collection.
        b_at: likewise.
        y: likewise.
        y_at: likewise.
        cost: shared cost matrix (n, m); of size 0 if points are given.
        code: of the metric.
        p: exponent.
        threshold: infinite if none.
        stays: whether mass at the same index can stay.
        mass: 0 equal totals, 1 partial, 2 unbalanced.
        extra: cost of a unit made or destroyed.
        surcharge: what each unit of the totals' difference costs besides.
        values: filled.
        state: filled with what became of each: `DONE`, if all is well.
    """
    never = np.zeros(1, np.int64)
    for pair in range(start, stop):
        i, j = first[pair], second[pair]
        own_a, own_b = a[a_at[i] : a_at[i + 1]], b[b_at[j] : b_at[j + 1]]
        total_a, total_b = own_a.sum(), own_b.sum()
        over = total_a - total_b if abs(total_a - total_b) > 1e-15 * total_a else 0.0
        left_a, left_b = own_a.copy(), own_b.copy()
        if stays:
            for k in range(len(left_a)):
                kept = min(left_a[k], left_b[k])
                left_a[k] -= kept
                left_b[k] -= kept
        rows, columns = np.flatnonzero(left_a), np.flatnonzero(left_b)
        made = total_b if mass == 2 else max(-over, 0.0) if mass == 1 else 0.0
        lost = total_a if mass == 2 else max(over, 0.0) if mass == 1 else 0.0
        if stays and (len(rows) == 0 or len(columns) == 0):
            values[pair] = (extra + surcharge) * abs(over)
            state[pair] = DONE
            continue
        supply, demand = _with_extra(left_a, rows, made), _with_extra(left_b, columns, lost)
        demand *= supply.sum() / demand.sum()
        start_from = no_prices()
        matrix = open_costs(len(rows), len(columns), made > 0, lost > 0, extra)
        if cost.size:
            for k in range(len(rows)):
                for h in range(len(columns)):
                    matrix[k, h] = cost[rows[k], columns[h]]
        else:
            near, far = _points(x, x_at[i], rows), _points(y, y_at[j], columns)
            write_costs(matrix, near, far.T.copy(), code, p, threshold)
            if made == 0 and lost == 0:
                width = matrix.shape[1]
                start_from = prices(near, supply, far, demand, code, p, threshold, width)
        state[pair], value = certified(matrix, supply, demand, start_from, NO_LIMIT, never)[:2]
        values[pair] = value + surcharge * abs(over)


@njit(cache=True, nogil=True, error_model="numpy")
def _with_extra(masses: Any, places: Any, extra: float) -> Any:
    chosen = np.empty(len(places) + (extra > 0))
    for k in range(len(places)):
        chosen[k] = masses[places[k]]
    if extra > 0:
        chosen[-1] = extra
    return chosen


@njit(cache=True, nogil=True, error_model="numpy")
def _points(points: Any, offset: int, places: Any) -> Any:
    chosen = np.empty((len(places), points.shape[1]))
    for k in range(len(places)):
        chosen[k] = points[offset + places[k]]
    return chosen
