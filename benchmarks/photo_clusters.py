"""k-means of one small picture after the other, in compiled loops and single precision."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from benchmarks.photo_crops import random

__all__ = ["ITERATIONS", "clustered"]

ITERATIONS: Final = 6


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _closer(x: Any, centre: Any, j: Any, best: Any, label: Any) -> None:
    """One more centre: squared distances to the nearest, and which it is."""
    d, n = x.shape
    if d == 3:
        x0, x1, x2 = x[0], x[1], x[2]
        for i in range(n):
            s = (x0[i] - centre[0]) ** 2 + (x1[i] - centre[1]) ** 2 + (x2[i] - centre[2]) ** 2
            nearer = s < best[i]
            best[i] = s if nearer else best[i]
            label[i] = j if nearer else label[i]
    else:
        for i in range(n):
            s = (x[0, i] - centre[0]) ** 2
            for c in range(1, d):
                s += (x[c, i] - centre[c]) ** 2
            nearer = s < best[i]
            best[i] = s if nearer else best[i]
            label[i] = j if nearer else label[i]


@njit(cache=True, nogil=True, error_model="numpy")
def clustered(
    x: Any, state: Any, best: Any, label: Any, sums: Any, weights: Any, centres: Any
) -> bool:
    """k-means of the points x (d, n); whether there are k different ones."""
    if not _started(x, state, best, label, centres):
        return False
    n, k = x.shape[1], len(weights)
    for _ in range(ITERATIONS):
        best[:] = np.inf
        for j in range(k):
            _closer(x, centres[j], np.int32(j), best, label)
        _summed(x, label, sums)
        _refilled(x, best, label, sums)
        for j in range(k):
            centres[j] = sums[j, :-1] / sums[j, -1]
            weights[j] = sums[j, -1] / n
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _started(x: Any, state: Any, best: Any, label: Any, centres: Any) -> bool:
    """k-means++: each centre a point, drawn by its squared distance to those before."""
    d, n = x.shape
    best[:] = np.inf
    chosen = min(int(random(state) * n), n - 1)
    for j in range(len(centres)):
        for c in range(d):
            centres[j, c] = x[c, chosen]
        _closer(x, centres[j], np.int32(j), best, label)
        total = 0.0
        for i in range(n):
            total += best[i]
        if total <= 0:
            return False
        aim, reached = random(state) * total, 0.0
        for i in range(n):
            reached += best[i]
            if best[i] > 0:
                chosen = i
            if reached > aim and best[i] > 0:
                break
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _summed(x: Any, label: Any, sums: Any) -> None:
    """Sums of the coordinates and numbers of points of each cluster, (k, d + 1)."""
    d, n = x.shape
    sums[:] = 0
    for i in range(n):
        j = label[i]
        sums[j, d] += 1
        for c in range(d):
            sums[j, c] += x[c, i]


@njit(cache=True, nogil=True, error_model="numpy")
def _refilled(x: Any, best: Any, label: Any, sums: Any) -> None:
    """An empty cluster gets the point that is worst off, of a cluster that has others."""
    d, n = x.shape
    for j in range(len(sums)):
        if sums[j, d] > 0:
            continue
        worst = -1
        for i in range(n):
            if sums[label[i], d] > 1 and (worst < 0 or best[i] > best[worst]):
                worst = i
        old = label[worst]
        for c in range(d):
            sums[old, c] -= x[c, worst]
            sums[j, c] = x[c, worst]
        sums[old, d] -= 1
        sums[j, d] = 1
        label[worst], best[worst] = j, 0
