"""Weighted k-means: a few points that stand for many.

    minimise  sum_i w_i |x_i - c_label(i)|^2

Lloyd's iteration from a greedy k-means++ start: of several candidates, each drawn with a
probability proportional to w d^2, the one that leaves the least inertia becomes the next centre.
Arthur, Vassilvitskii: k-means++, the advantages of careful seeding, SODA 2007.

The points are summed in blocks of a fixed length and the blocks in their order, so the result does
not depend on the number of threads.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import Floats, checked_masses
from heatlens.transport.threads import checked_threads

__all__ = ["KMeans", "kmeans"]

_BLOCK = 8192
_WORTH_THREADS = 20_000_000
"""Coordinate differences in one iteration from which several threads pay."""


class KMeans(NamedTuple):
    """Clusters, in the order in which their centres were found.

    Attributes:
        centres: (k, d), the weighted mean of each cluster's points; k may be less than asked for.
        masses: (k,), each cluster's weight; all above 0, and their sum is the sum of the weights.
        labels: (n,), the cluster of each point.
    """

    centres: Floats
    masses: Floats
    labels: npt.NDArray[np.int64]


def kmeans(
    points: Any,
    k: int,
    weights: Any = None,
    seed: int = 0,
    *,
    iterations: int = 100,
    tolerance: float = 1e-4,
    threads: int | None = None,
) -> KMeans:
    """Group points into k clusters.

    Where there are no more than k different points, each is a cluster of its own. The weighted
    mean of the centres is that of the points.

    Args:
        points: (n, d), or numbers (n,).
        k: number of clusters, at least 1.
        weights: (n,), not negative; None: all alike, 1. Points of weight 0 get the label of
            the nearest centre and have no say.
        seed: of the start.
        iterations: at most so many.
        tolerance: stop when the squared moves of all centres add up to less than this share of
            the mean variance of a coordinate; 0 goes on until no label changes.
        threads: None: all cores for large problems. It does not change the result.

    Returns:
        `centres, masses, labels`.

    Raises:
        InvalidType: not numbers, or a k, seed or count that is not whole.
        InvalidArgument: wrong shapes, NaN, infinite or negative entries, no weight at all.

    Example:
        >>> centres, masses, labels = kmeans([0.0, 0.2, 9.0], k=2, weights=[1, 1, 3])
        >>> sorted(zip(centres[:, 0].round(3).tolist(), masses.tolist()))
        [(0.1, 2.0), (9.0, 3.0)]
        >>> len(kmeans([[1, 2], [1, 2], [3, 4]], k=8).centres)
        2
    """
    checked_threads(threads)
    _checked_counts(k=k, iterations=iterations)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidArgument(f"seed is {seed!r}; it is a whole number from 0 on")
    if not 0 <= tolerance < math.inf:
        raise InvalidArgument(f"tolerance is {tolerance}; it is a finite number from 0 on")
    x = checked_points(points, "points")
    w = np.ones(len(x)) if weights is None else checked_masses(weights, "weights")
    if len(w) != len(x):
        raise InvalidArgument(f"{len(w)} weights for {len(x)} points")
    # Sums of squares neither overflow nor vanish on this scale, which leaves the labels alone.
    scale = float(np.abs(x).max()) or 1.0
    heavy = float(w.max())
    has_weight = w > 0
    inside = np.ascontiguousarray(x[has_weight] / scale)
    found = _fitted(
        inside, w[has_weight] / heavy, int(k), int(seed), int(iterations), tolerance, threads
    )
    labels = np.empty(len(x), np.int64)
    labels[has_weight] = found.labels
    if not has_weight.all():
        labels[~has_weight] = _Assignment(x[~has_weight] / scale, found.centres, 1).labels
    return KMeans(found.centres * scale, found.masses * heavy, labels)


def _checked_counts(**counts: Any) -> None:
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InvalidType(f"{name} is {value!r}; it is a whole number")
        if value < 1:
            raise InvalidArgument(f"{name} is {value}; at least 1 is needed")


def _fitted(
    x: Floats, w: Floats, k: int, seed: int, iterations: int, tolerance: float, threads: int | None
) -> KMeans:
    trials = 2 + int(math.log(k))
    draws = np.random.default_rng(seed).random((min(k, len(x)), trials))
    centres = x[_start(x, w, draws)]
    threads = checked_threads(threads) if x.size * len(centres) >= _WORTH_THREADS else 1
    mean = np.average(x, axis=0, weights=w)
    least = tolerance * float(np.average((x - mean) ** 2, axis=0, weights=w).mean())
    labels: npt.NDArray[np.int64] | None = None
    for _ in range(iterations):
        now = _Assignment(x, centres, threads)
        sums, masses = now.sums(w)
        _refill(x, w, now, sums, masses)
        kept = masses > 0
        new = sums[kept] / masses[kept, None]
        settled = labels is not None and np.array_equal(labels, now.labels)
        moved = float(((new - centres[kept]) ** 2).sum())
        labels, centres = (np.cumsum(kept) - 1)[now.labels], new
        if settled or (moved <= least and tolerance > 0 and kept.all()):
            break
    assert labels is not None
    return KMeans(centres, masses[kept], labels)


class _Assignment:
    """Each point's nearest centre."""

    def __init__(self, x: Floats, centres: Floats, threads: int) -> None:
        self.x, self.count, self.threads = x, len(centres), threads
        self.labels = np.empty(len(x), np.int64)
        self.squared = np.empty(len(x))
        columns = np.ascontiguousarray(centres.T)
        starts = range(0, len(x), _BLOCK)
        self._blocks = [(start, min(start + _BLOCK, len(x))) for start in starts]
        self._each(lambda a, b: _nearest(x, columns, a, b, self.labels, self.squared))

    def sums(self, w: Floats) -> tuple[Floats, Floats]:
        """Weighted sum of the points and weight, cluster by cluster."""
        parts = self._each(lambda a, b: _summed(self.x, w, self.labels, a, b, self.count))
        return sum(part[0] for part in parts), sum(part[1] for part in parts)

    def _each(self, task: Any) -> list[Any]:
        if self.threads == 1 or len(self._blocks) == 1:
            return [task(*block) for block in self._blocks]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(lambda block: task(*block), self._blocks))


def _refill(x: Floats, w: Floats, now: _Assignment, sums: Floats, masses: Floats) -> None:
    """Give every empty cluster the point that costs most where it is; all in place."""
    for empty in np.flatnonzero(masses == 0):
        worst = int(np.argmax(w * now.squared))
        if now.squared[worst] == 0:
            return
        old = now.labels[worst]
        if masses[old] <= w[worst]:  # it would leave that one empty
            return
        sums[old] -= w[worst] * x[worst]
        masses[old] -= w[worst]
        sums[empty], masses[empty] = w[worst] * x[worst], w[worst]
        now.labels[worst], now.squared[worst] = empty, 0


@njit(cache=True, nogil=True)
def _start(x, w, draws):  # type: ignore[no-untyped-def]
    """Indices of the first centres; fewer than asked for where the points run out."""
    n = len(x)
    most, trials = draws.shape
    chosen = np.empty(most, np.int64)
    nearest = np.full(n, np.inf)
    trial, best = np.empty(n), np.empty(n)
    cost = np.cumsum(w)
    chosen[0] = min(np.searchsorted(cost, draws[0, 0] * cost[-1], side="right"), n - 1)
    _nearer(x, w, chosen[0], nearest, nearest)
    for count in range(1, most):
        cost = np.cumsum(w * nearest)
        if cost[-1] <= 0:
            return chosen[:count]
        least = np.inf
        for t in range(trials):
            i = np.searchsorted(cost, draws[count, t] * cost[-1], side="right")
            while i >= n or nearest[i] == 0:  # rounding at the very end
                i -= 1
            left = _nearer(x, w, i, nearest, trial)
            if left < least:
                least, chosen[count] = left, i
                trial, best = best, trial
        nearest, best = best, nearest
    return chosen


@njit(cache=True, nogil=True)
def _nearer(x, w, i, nearest, result):  # type: ignore[no-untyped-def]
    """Squared distances to the nearest centre with point i as one more; the inertia left."""
    left = 0.0
    for j in range(len(x)):
        s = 0.0
        for c in range(x.shape[1]):
            s += (x[j, c] - x[i, c]) ** 2
        result[j] = min(s, nearest[j])
        left += w[j] * result[j]
    return left


@njit(cache=True, nogil=True)
def _nearest(x, columns, start, stop, labels, squared):  # type: ignore[no-untyped-def]
    """Nearest centre and squared distance of the points from `start` to `stop`."""
    d, k = columns.shape
    distance = np.empty(k)
    for i in range(start, stop):
        for j in range(k):
            distance[j] = (x[i, 0] - columns[0, j]) ** 2
        for c in range(1, d):
            for j in range(k):
                distance[j] += (x[i, c] - columns[c, j]) ** 2
        best = 0
        for j in range(1, k):
            if distance[j] < distance[best]:
                best = j
        labels[i] = best
        squared[i] = distance[best]


@njit(cache=True, nogil=True)
def _summed(x, w, labels, start, stop, k):  # type: ignore[no-untyped-def]
    """Weighted sums and weights per cluster of the points from `start` to `stop`."""
    d = x.shape[1]
    sums = np.zeros((k, d))
    masses = np.zeros(k)
    for i in range(start, stop):
        masses[labels[i]] += w[i]
        for c in range(d):
            sums[labels[i], c] += w[i] * x[i, c]
    return sums, masses
