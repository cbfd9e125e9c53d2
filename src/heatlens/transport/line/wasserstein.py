"""The Wasserstein distance on a line, exact, by the quantile functions.

    W_p(a, b) = ( integral_0^T |F^-1(s) - G^-1(s)|^p ds )^(1/p)

F and G are the cumulated masses of the two sides, T is their total. Santambrogio: Optimal
Transport for Applied Mathematicians, Birkhaeuser 2015, section 2.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.transport.line.merge import distances, paired_distances
from heatlens.transport.line.rows import Rows, checked_exponent, rows_of
from heatlens.transport.mass import Floats, MassPolicy
from heatlens.transport.threads import checked_threads, over_rows

__all__ = ["line_distances", "wasserstein_1d"]

LEAST = 20_000
"""Points below which another thread does not pay."""


def wasserstein_1d(
    x: Any,
    y: Any,
    a: Any = None,
    b: Any = None,
    *,
    p: float = 1,
    mass: MassPolicy = "equal",
    threads: int | None = None,
) -> Any:
    """W_p between masses on a line; the p-th root is taken, the unit is that of the positions.

    With totals of T instead of 1 the value is T^(1/p) times that of the shapes (for p=1 mass
    times distance, as `emd` counts); mass="normalise" divides both sides by their total.

    Exact up to rounding. Where masses are given, that of their sums (about 1e-16 of the total)
    may cross the whole line: an error of up to 1e-16^(1/p) times the spread, 1e-8 for p=2. Points
    without masses are counted in whole numbers and do not suffer from it.

    Args:
        x: positions (n,), or (N, n) for a batch.
        y: positions (m,) or (N, m). One row, here or in the masses, serves a whole batch.
        a: masses at x, (n,) or (N, n), in any order and unit. None: 1/n each.
        b: masses at y, (m,) or (N, m). None: 1/m each.
        p: exponent, 1 or more. `math.inf` gives the longest way that any mass has to go; moves
            of less than (n + m) 2e-16 of the total count as rounding there.
        mass: "equal" or "normalise"; the other policies have no formula: see `emd`.
        threads: for a batch, at most so many; None: all cores.

    Returns:
        A float; for a batch an array (N,).

    Raises:
        InvalidType: not real numbers, or an exponent that is none.
        InvalidArgument: an entry that is not finite, a negative mass, shapes that do not fit,
            totals that differ, an exponent below 1.

    Example:
        >>> wasserstein_1d([0.0, 1.0], [5.0, 6.0])
        5.0
        >>> wasserstein_1d([0, 10], [0, 10], [0.5, 0.5], [0.1, 0.9], p=2) ** 2  # .4 goes 10 far
        40.00000000000001
        >>> wasserstein_1d([0, 1], [[0, 1], [2, 3]]).tolist()
        [0.0, 2.0]
    """
    exponent = checked_exponent(p)
    checked_threads(threads)
    rows = rows_of(x, y, a, b, mass)
    found = line_distances(rows, exponent, threads)
    return float(found[0]) if rows.single else found


def line_distances(rows: Rows, p: float, threads: int | None = None) -> Floats:
    """W_p (N,) of checked rows."""
    out = np.empty(rows.count)

    def some(start: int, stop: int) -> None:
        part = slice(start, stop)
        if rows.alike:
            x, y = (np.sort(_rows(v, part), axis=1) for v in (rows.x, rows.y))
            x, y = (np.broadcast_to(v, (stop - start, v.shape[1])) for v in (x, y))
            paired_distances(np.ascontiguousarray(x), np.ascontiguousarray(y), p, out[part])
            return
        x, a = in_order(_rows(rows.x, part), _rows(rows.a, part))
        y, b = in_order(_rows(rows.y, part), _rows(rows.b, part))
        distances(x, y, a, b, p, rows.divisor, out[part])

    over_rows(some, rows.count, threads, 1 + LEAST // (rows.x.shape[1] + rows.y.shape[1]))
    if not np.isfinite(out).all():
        raise InvalidArgument(
            "the distances overflow; bring the positions to a smaller scale first"
        )
    return out


def in_order(points: Floats, masses: Floats) -> tuple[Floats, Floats]:
    """Positions in ascending order, row by row, and their masses in the same order."""
    order = np.argsort(points, axis=1)
    ordered = np.take_along_axis(points, order, 1)
    if len(masses) == 1 and np.ptp(masses) == 0:
        return ordered, masses
    if len(order) == 1:
        return ordered, np.ascontiguousarray(masses[:, order[0]])
    return ordered, np.take_along_axis(np.broadcast_to(masses, order.shape), order, 1)


def _rows(values: Floats, part: slice) -> Floats:
    return values if len(values) == 1 else values[part]
