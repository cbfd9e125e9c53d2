"""The walk around a circle, and the search for the best place to cut it open.

Cut open, the circle is a line on which order is kept; the cost is a convex function of the cut,
in pieces of straight lines. The loops release the GIL.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from heatlens.transport.line.merge import power
from heatlens.transport.mass import Floats

__all__ = ["around", "weighted_median"]

FLOOR = 1e-5


@njit(cache=True, nogil=True, error_model="numpy")
def weighted_median(values: Floats, weights: Floats) -> float:
    """A value with at most half of the weight below it and at most half above."""
    order = np.argsort(values)
    half, below = weights.sum() / 2, 0.0
    for i in order:
        below += weights[i]
        if below >= half:
            return values[i]
    return values[order[-1]]


@njit(cache=True, nogil=True, error_model="numpy")
def around_by_median(x: Floats, y: Floats, a: Floats, b: Floats, period: float) -> float:
    """W_1: the integral of |F - G - c| around the circle, for the best constant c, the median.

    Args:
        x: sorted positions (n,) in [0, period).
        y: sorted positions (m,) in [0, period).
        a: masses at x.
        b: masses at y, with the same total.
        period: length of the circle.
    """
    n, m = len(x), len(y)
    excess, length = np.empty(n + m), np.empty(n + m)
    i, j, level, first, last = 0, 0, 0.0, min(x[0], y[0]), 0.0
    for k in range(n + m):
        if j == m or (i < n and x[i] <= y[j]):
            place = x[i]
            level += a[i]
            i += 1
        else:
            place = y[j]
            level -= b[j]
            j += 1
        excess[k] = level
        if k > 0:
            length[k - 1] = place - last
        last = place
    length[n + m - 1] = period - last + first
    middle = weighted_median(excess, length)
    return (np.abs(excess - middle) * length).sum()


@njit(cache=True, nogil=True, error_model="numpy")
def cost_of_cut(
    x: Floats, y: Floats, f: Floats, g: Floats, p: float, cut: float
) -> tuple[float, float, float, float]:
    """The cost when quantile s of x goes to quantile s + cut of y.

    Args:
        x: sorted positions (n,) in [0, 1); the circle has the length 1.
        y: sorted positions (m,) in [0, 1).
        f: cumulated masses of x, from 0 to the total (n + 1,).
        g: cumulated masses of y (m + 1,).
        p: exponent.
        cut: from -total to total.

    Returns:
        The cost, a slope of it (a subgradient), and how far the cut may go back and forth before
        the slope changes.
    """
    n, m, total = len(x), len(y), f[-1]
    lap = np.floor(cut / total)
    rest = min(max(cut - lap * total, 0.0), total)
    j = min(np.searchsorted(g, rest, side="right") - 1, m - 1)
    i, jumps, cost, slope, done, start = 0, 0, 0.0, 0.0, 0.0, -rest
    back, forth = total, total
    while i < n - 1 or jumps < m:
        distance = abs(x[i] - y[j] - lap)
        next_x = f[i + 1] if i < n - 1 else np.inf
        next_y = g[j + 1] + start if jumps < m else np.inf
        place = max(min(next_x, next_y), done)
        if place > done:
            cost += (place - done) * power(distance, p)
            done = place
        if next_x <= next_y:
            i += 1
            continue
        forth = min(forth, max(place - f[i], 0.0))
        back = min(back, max(f[i + 1] - place, 0.0))
        jumps += 1
        j += 1
        if j == m:
            j = 0
            lap += 1
            start += total
        slope += power(abs(x[i] - y[j] - lap), p) - power(distance, p)
    cost += max(total - done, 0.0) * power(abs(x[i] - y[j] - lap), p)
    return cost, slope, back, forth


@njit(cache=True, nogil=True, error_model="numpy")
def around_by_search(x: Floats, y: Floats, f: Floats, g: Floats, p: float) -> tuple[float, float]:
    """W_p^p on a circle of length 1 by bisection over the cut; arguments as `cost_of_cut`.

    Each look gives the whole straight piece that the cut lies in, so the search ends at a corner
    of the convex function after a finite number of looks, about log2(n m).

    Returns:
        The cost, and how far it lies above the lowest point that the two tangents beside it
        allow: 0 up to rounding is the certificate.
    """
    total = f[-1]
    low, high = -2 * total, 2 * total  # the best cut is at most one lap away
    low_slope, high_slope, best = 0.0, 0.0, np.inf
    while True:
        cut = low + (high - low) / 2
        if not low < cut < high:
            break
        cost, slope, back, forth = cost_of_cut(x, y, f, g, p, cut)
        best = min(best, cost)
        if slope == 0:
            return best, best - cost
        if slope < 0:
            low, low_slope = cut + forth, slope
        else:
            high, high_slope = cut - back, slope
    at_low = cost_of_cut(x, y, f, g, p, low)[0]
    at_high = cost_of_cut(x, y, f, g, p, high)[0]
    best = min(best, at_low, at_high)
    # The tangents meet where at_low + low_slope t is at_high + high_slope (t - high + low).
    t = (at_high - at_low - high_slope * (high - low)) / (low_slope - high_slope)
    return best, best - (at_low + low_slope * t)


@njit(cache=True, nogil=True, error_model="numpy")
def around(
    x: Floats, y: Floats, a: Floats, b: Floats, p: float, period: float, out: Floats, gaps: Floats
) -> None:
    """Sum of mass times distance^p for each row, in units of the period, and its certificate.

    Args:
        x: sorted positions (N, n) in [0, period), or one row for all.
        y: sorted positions (N, m), likewise.
        a: masses at x (N, n), or one row for all.
        b: masses at y (N, m), likewise, with the same totals.
        p: exponent.
        period: length of the circle.
        out: (N,), receives the costs.
        gaps: (N,), receives how far each may lie above the smallest one, as part of it, or as part
            of FLOOR times the cost of half a turn for all the mass, if that is more.
    """
    for row in range(len(out)):
        x_row, y_row = x[row if len(x) > 1 else 0], y[row if len(y) > 1 else 0]
        a_row, b_row = a[row if len(a) > 1 else 0], b[row if len(b) > 1 else 0]
        if p == 1:
            out[row] = around_by_median(x_row, y_row, a_row, b_row, period) / period
            gaps[row] = 0.0
            continue
        f, g = np.zeros(len(a_row) + 1), np.zeros(len(b_row) + 1)
        f[1:] = np.cumsum(a_row)
        g[1:] = np.cumsum(b_row)
        g[-1] = f[-1]
        out[row], gap = around_by_search(x_row / period, y_row / period, f, g, p)
        gaps[row] = gap / max(out[row], FLOOR * f[-1] * 0.5**p)
