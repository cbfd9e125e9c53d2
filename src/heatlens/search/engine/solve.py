"""The last look: exact distances of candidates, in the order of their bounds."""

from __future__ import annotations

from typing import Any

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
    stride: int,
    weights: Any,
    starts: Any,
    points: Any,
    b: Any,
    y: Any,
    where: int,
    period: float,
    brake: Any,
) -> None:
    """Exact distances of the candidates start, start + stride, ... below stop.

    Args:
        rows: (n,) candidates.
        values: (n,) float64, filled.
        states: (n,) int64, filled with what became of each: `DONE`, if all is well.
        start: first candidate.
        stop: one past the last.
        stride: of the candidates.
        weights: (total,) float32 masses of all rows.
        starts: (N + 1,) where each begins.
        points: (total, d) float32.
        b: (m,) float32 masses of the query.
        y: (m, d) float32 points of the query.
        where: see `heatlens.search.engine.exact`.
        period: of a circle.
        brake: (1,) int64; another thread that writes a 1 ends the work.
    """
    for k in range(start, stop, stride):
        first, last = starts[rows[k]], starts[rows[k] + 1]
        values[k], states[k] = distance(
            weights[first:last], points[first:last], b, y, where, period, brake
        )
