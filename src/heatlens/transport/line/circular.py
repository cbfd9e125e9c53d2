"""The Wasserstein distance on a circle: angles, hues, hours of the day.

    W_p^p(a, b) = min over c of integral_0^T |F^-1(s) - G^-1(s + c)|^p ds

F^-1 and G^-1 go on by a period after each lap. The integral is convex in the cut c (Delon,
Salomon, Sobolevski: Fast transport optimization for Monge costs on the circle, SIAM Journal on
Applied Mathematics 70(7), 2010), and for masses at points it consists of straight pieces. For p=1
the best cut is a weighted median of F - G (Rabin, Delon, Gousseau: Transportation distances on
the circle, Journal of Mathematical Imaging and Vision 41, 2011).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.errors import HeatlensError
from heatlens.transport.line.circle import around
from heatlens.transport.line.rows import checked_exponent, checked_length, rows_of
from heatlens.transport.line.wasserstein import in_order
from heatlens.transport.mass import Floats, MassPolicy
from heatlens.transport.threads import checked_threads, over_rows

__all__ = ["wasserstein_circular"]

MOST = 16
"""The largest exponent: beyond it the power of a short distance on the circle underflows."""
LEAST = 4_000
"""Points below which another thread does not pay."""
PRECISION = 1e-9
"""What the certificate has to reach, as part of the cost; usually it is 1e-13."""


def wasserstein_circular(
    x: Any,
    y: Any,
    a: Any = None,
    b: Any = None,
    *,
    period: float = 1.0,
    p: float = 1,
    mass: MassPolicy = "equal",
    threads: int | None = None,
) -> Any:
    """W_p on a circle of a given length; the p-th root is taken, the unit is that of the positions.

    p=1 is a closed formula. For p > 1 the convex cost of the cut is bisected; the search ends at
    the corner where the slope changes its sign, which is the smallest value, and the tangents on
    both sides of it have to certify W_p^p to 1e-9 of itself (or to 1e-14 of the cost of half a turn
    for all the mass, if that is more), else the call raises. What `wasserstein_1d` says about
    rounding holds here too.

    Args:
        x: positions (n,), or (N, n) for a batch; any number, taken modulo the period.
        y: positions (m,) or (N, m). One row, here or in the masses, serves a whole batch.
        a: masses at x, (n,) or (N, n). None: 1/n each.
        b: masses at y, (m,) or (N, m). None: 1/m each.
        period: length of the circle: 360 for hues in degrees, 2 pi for radians.
        p: exponent, 1 to 16.
        mass: "equal" or "normalise"; the other policies have no formula: see `emd`.
        threads: for a batch, at most so many; None: all cores.

    Returns:
        A float; for a batch an array (N,).

    Raises:
        InvalidType: not real numbers, or an exponent or a period that is no number.
        InvalidArgument: an entry that is not finite, a negative mass, shapes that do not fit,
            totals that differ, an exponent or a period that cannot be used.

    Example:
        >>> wasserstein_circular([350.0], [10.0], period=360)
        20.0
        >>> wasserstein_circular([0, 90], [180, 270], period=360, p=2)
        90.0
    """
    exponent = checked_exponent(p, MOST)
    checked_threads(threads)
    period = checked_length(period, "period", "the length of the circle")
    rows = rows_of(x, y, a, b, mass)
    x, y = (np.mod(v, period) for v in (rows.x, rows.y))
    for positions in (x, y):
        positions[positions >= period] = 0  # of a tiny negative number
    costs, gaps = np.empty(rows.count), np.empty(rows.count)

    def some(start: int, stop: int) -> None:
        part = slice(start, stop)
        px, py, a, b = (v if len(v) == 1 else v[part] for v in (x, y, rows.a, rows.b))
        px, a = in_order(px, a)
        py, b = in_order(py, b)
        around(px, py, a, b, exponent, period, costs[part], gaps[part])

    over_rows(some, rows.count, threads, 1 + LEAST // (x.shape[1] + y.shape[1]))
    if not (gaps <= PRECISION).all():
        raise HeatlensError(
            f"the cut of row {int(np.argmax(gaps))} is certified to {gaps.max():.1e} only; this "
            "is a defect of heatlens, please report it"
        )
    found: Floats = period * (costs / rows.divisor) ** (1 / exponent)
    return float(found[0]) if rows.single else found
