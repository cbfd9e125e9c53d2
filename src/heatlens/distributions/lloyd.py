"""The compiled loops of k-means: assignment and means.

Coordinates lie one after the other, (d, n), so that the loops over points are vectorised. Sums are
taken in a fixed order, in blocks of a fixed length: neither the machine's vectors nor the number of
threads changes a digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.distributions.seeding import BLOCK, squared_distances, started

__all__ = ["assigned", "fitted", "kept", "nearest", "spread", "updated"]


@njit(cache=True, nogil=True, error_model="numpy")
def fitted(x: Any, w: Any, draws: Any, iterations: int, tolerance: float) -> Any:
    """Cluster points x (d, n) with weights w (n,), all above 0.

    Args:
        x: coordinates, C-contiguous.
        w: weights.
        draws: (k, trials), numbers in 0..1 for the start; k at most n.
        iterations: at most so many.
        tolerance: as in `kmeans`.

    Returns:
        Centres (m, d), masses (m,) and labels (n,); m may be less than k.
    """
    d, n = x.shape
    chosen = started(x, w, draws)
    k = len(chosen)
    centres = np.empty((k, d))
    for j in range(k):
        centres[j] = x[:, chosen[j]]
    least = tolerance * spread(x, w)
    labels, squared = np.full(n, -1, np.int64), np.empty(n)
    blocks = (n + BLOCK - 1) // BLOCK
    parts, changed = np.empty((blocks, k, d + 1)), np.empty(blocks, np.int64)
    masses = np.empty(k)
    for _ in range(iterations):
        for b in range(blocks):
            assigned(x, w, centres, b, labels, squared, parts, changed)
        moved, emptied = updated(x, w, centres, masses, labels, squared, parts)
        if changed.sum() == 0 or (moved <= least and tolerance > 0 and not emptied):
            break
    return kept(centres, masses, labels)


@njit(cache=True, nogil=True, error_model="numpy")
def kept(centres: Any, masses: Any, labels: Any) -> Any:
    """The same without empty clusters."""
    left = masses > 0
    if left.all():
        return centres, masses, labels
    return centres[left], masses[left], (np.cumsum(left) - 1)[labels]


@njit(cache=True, nogil=True, error_model="numpy")
def spread(x: Any, w: Any) -> float:
    """Mean variance of a coordinate."""
    total, summed = w.sum(), 0.0
    for c in range(len(x)):
        mean = (w * x[c]).sum() / total
        summed += (w * (x[c] - mean) ** 2).sum() / total
    return summed / len(x)


@njit(cache=True, nogil=True, error_model="numpy")
def assigned(
    x: Any, w: Any, centres: Any, block: int, labels: Any, squared: Any, parts: Any, changed: Any
) -> None:
    """Find the nearest centres of a block's points; sum the block, cluster by cluster.

    Writes the block's piece of `labels` and `squared`, its weighted sums and weights
    `parts[block]` (k, d + 1), and how many labels are others than before.
    """
    d, n = x.shape
    start, stop = block * BLOCK, min(block * BLOCK + BLOCK, n)
    label, best = _nearest(x, centres, start, stop)
    sums = parts[block]
    sums[:] = 0
    others = 0
    for i in range(stop - start):
        j, mass = label[i], w[start + i]
        others += labels[start + i] != j
        for c in range(d):
            sums[j, c] += mass * x[c, start + i]
        sums[j, d] += mass
        labels[start + i], squared[start + i] = j, best[i]
    changed[block] = others


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(x: Any, centres: Any) -> Any:
    """Nearest centre (k, d) of each point (d, n), and the squared distances."""
    n = x.shape[1]
    labels, squared = np.empty(n, np.int64), np.empty(n)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        labels[start:stop], squared[start:stop] = _nearest(x, centres, start, stop)
    return labels, squared


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest(x: Any, centres: Any, start: int, stop: int) -> Any:
    label, best = np.zeros(stop - start, np.int64), np.full(stop - start, np.inf)
    if len(x) == 3:
        x0, x1, x2 = x[0, start:stop], x[1, start:stop], x[2, start:stop]
        for j in range(len(centres)):
            _closer(x0, x1, x2, centres[j, 0], centres[j, 1], centres[j, 2], j, best, label)
        return label, best
    for j in range(len(centres)):
        far = squared_distances(x, start, stop, centres[j])
        for i in range(stop - start):
            nearer = far[i] < best[i]
            label[i] = j if nearer else label[i]
            best[i] = far[i] if nearer else best[i]
    return label, best


@njit(cache=True, nogil=True, error_model="numpy")
def _closer(
    x0: Any, x1: Any, x2: Any, a: float, b: float, c: float, j: int, best: Any, label: Any
) -> None:
    for i in range(len(best)):
        s = (x0[i] - a) * (x0[i] - a)
        s += (x1[i] - b) * (x1[i] - b)
        s += (x2[i] - c) * (x2[i] - c)
        nearer = s < best[i]
        label[i] = j if nearer else label[i]
        best[i] = s if nearer else best[i]


@njit(cache=True, nogil=True, error_model="numpy")
def updated(
    x: Any, w: Any, centres: Any, masses: Any, labels: Any, squared: Any, parts: Any
) -> tuple[float, bool]:
    """Move the centres to their clusters' means, in place.

    An empty cluster gets the point that costs most where it is; one that stays empty has mass 0
    and keeps its place.

    Returns:
        The sum of the squared moves, and whether a cluster was empty.
    """
    k, d = centres.shape
    sums = parts[0].copy()
    for block in range(1, len(parts)):
        sums += parts[block]
    emptied = False
    for j in range(k):
        if sums[j, d] == 0:
            emptied = True
            worst = np.argmax(w * squared)
            old = labels[worst]
            if squared[worst] == 0 or sums[old, d] <= w[worst]:  # it would leave that one empty
                continue
            for c in range(d):
                sums[j, c] = w[worst] * x[c, worst]
                sums[old, c] -= sums[j, c]
            sums[j, d] = w[worst]
            sums[old, d] -= w[worst]
            labels[worst], squared[worst] = j, 0.0
    moved = 0.0
    for j in range(k):
        masses[j] = sums[j, d]
        if masses[j] > 0:
            for c in range(d):
                new = sums[j, c] / masses[j]
                moved += (new - centres[j, c]) ** 2
                centres[j, c] = new
    return moved, emptied
