"""The compiled start of k-means: greedy k-means++.

Of several candidates, each drawn with a probability proportional to w d^2, the one that leaves the
least inertia becomes the next centre. Points are (d, n), and sums are taken in a fixed order, as in
`heatlens.distributions.lloyd`.

Arthur, Vassilvitskii: k-means++, the advantages of careful seeding, SODA 2007.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["BLOCK", "squared_distances", "started"]

BLOCK = 2048
"""Points whose sums are taken together; what an assignment reads of them stays in the cache."""

_LANES = 64
"""Sums that run side by side, so that one addition need not wait for another."""


@njit(cache=True, nogil=True, error_model="numpy")
def started(x: Any, w: Any, draws: Any) -> Any:
    """Indices of the first centres; fewer than asked for where the points run out."""
    n = len(w)
    most, trials = draws.shape
    chosen = np.empty(most, np.int64)
    nearest, trial, best = np.full(n, np.inf), np.empty(n), np.empty(n)
    cost = np.cumsum(w)
    chosen[0] = min(np.searchsorted(cost, draws[0, 0] * cost[-1], side="right"), n - 1)
    _nearer(x, w, chosen[0], nearest, nearest)
    for count in range(1, most):
        summed = 0.0
        for i in range(n):
            summed += w[i] * nearest[i]
            cost[i] = summed
        if summed <= 0:
            return chosen[:count]
        least = np.inf
        for t in range(trials):
            i = np.searchsorted(cost, draws[count, t] * summed, side="right")
            while i >= n or nearest[i] == 0:  # rounding at the very end
                i -= 1
            left = _nearer(x, w, i, nearest, trial)
            if left < least:
                least, chosen[count] = left, i
                trial, best = best, trial
        nearest, best = best, nearest
    return chosen


@njit(cache=True, nogil=True, error_model="numpy")
def _nearer(x: Any, w: Any, i: int, nearest: Any, result: Any) -> float:
    """Squared distances to the nearest centre with point i as one more; the inertia left."""
    d, n = x.shape
    lanes = np.zeros(_LANES)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        old, new, mass = nearest[start:stop], result[start:stop], w[start:stop]
        if d == 3:
            x0, x1, x2 = x[0, start:stop], x[1, start:stop], x[2, start:stop]
            a, b, c = x[0, i], x[1, i], x[2, i]
            for j in range(stop - start):
                s = (x0[j] - a) * (x0[j] - a)
                s += (x1[j] - b) * (x1[j] - b)
                s += (x2[j] - c) * (x2[j] - c)
                new[j] = s if s < old[j] else old[j]
        else:
            far = squared_distances(x, start, stop, x[:, i])
            for j in range(stop - start):
                new[j] = far[j] if far[j] < old[j] else old[j]
        whole = (stop - start) // _LANES * _LANES
        for j in range(0, whole, _LANES):
            for lane in range(_LANES):
                lanes[lane] += mass[j + lane] * new[j + lane]
        for j in range(whole, stop - start):
            lanes[j - whole] += mass[j] * new[j]
    half = _LANES // 2
    while half > 0:
        for lane in range(half):
            lanes[lane] += lanes[lane + half]
        half //= 2
    return lanes[0]


@njit(cache=True, nogil=True, error_model="numpy")
def squared_distances(x: Any, start: int, stop: int, centre: Any) -> Any:
    """Squared distances of the points start..stop to a centre (d,), any number of coordinates."""
    far = np.zeros(stop - start)
    for c in range(len(x)):
        row, middle = x[c, start:stop], centre[c]
        for j in range(stop - start):
            far[j] += (row[j] - middle) * (row[j] - middle)
    return far
