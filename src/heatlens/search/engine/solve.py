"""The last look: exact distances of candidates, in the order of their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.search.engine.exact import distance

__all__ = ["solve"]


@njit(cache=True, nogil=True, error_model="numpy")
def solve(
    rows: Any,
    values: Any,
    states: Any,
    start: int,
    stop: int,
    weights: Any,
    starts: Any,
    points: Any,
    b: Any,
    y: Any,
    where: int,
    period: float,
) -> None:
    """Exact distances of the candidates start..stop.

    Args:
        rows: (n,) candidates.
        values: (n,) float64, filled.
        states: (n,) int64, filled with what became of each: `DONE`, if all is well.
        start: first candidate.
        stop: one past the last.
        weights: (total,) float32 masses of all rows.
        starts: (N + 1,) where each begins.
        points: (total, d) float32.
        b: (m,) float32 masses of the query.
        y: (m, d) float32 points of the query.
        where: see `heatlens.search.engine.exact`.
        period: of a circle.
    """
    never = np.zeros(1, np.int64)
    for k in range(start, stop):
        first, last = starts[rows[k]], starts[rows[k] + 1]
        values[k], states[k] = distance(
            weights[first:last], points[first:last], b, y, where, period, never
        )
