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
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from heatlens.distributions.lloyd import assigned, fitted, kept, nearest, spread, updated
from heatlens.distributions.seeding import BLOCK, started
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import Floats, checked_masses
from heatlens.transport.threads import checked_threads, over_rows

__all__ = ["KMeans", "draws_of", "kmeans"]

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
        rest = np.ascontiguousarray(x[~has_weight].T / scale)
        labels[~has_weight] = nearest(rest, found.centres)[0]
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
    columns = np.ascontiguousarray(x.T)
    draws = draws_of(min(k, len(x)), k, seed)
    threads = checked_threads(threads) if x.size * len(draws) >= _WORTH_THREADS else 1
    fit = fitted if threads == 1 else partial(_fitted_by_threads, threads)
    return KMeans(*fit(columns, w, draws, iterations, tolerance))


@lru_cache(maxsize=64)
def draws_of(rows: int, k: int, seed: int) -> Floats:
    """Random numbers in 0..1 of the start, (rows, trials): several candidates for each centre."""
    return np.random.default_rng(seed).random((rows, 2 + int(math.log(k))))


def _fitted_by_threads(
    threads: int, x: Floats, w: Floats, draws: Floats, iterations: int, tolerance: float
) -> Any:
    """`lloyd.fitted`, the blocks of a step shared among threads."""
    centres = np.ascontiguousarray(x[:, started(x, w, draws)].T)
    k, d, n = *centres.shape, len(w)
    least = tolerance * spread(x, w)
    labels, squared, masses = np.full(n, -1, np.int64), np.empty(n), np.empty(k)
    blocks = -(-n // BLOCK)
    parts, changed = np.empty((blocks, k, d + 1)), np.empty(blocks, np.int64)

    def assign(start: int, stop: int) -> None:
        for block in range(start, stop):
            assigned(x, w, centres, block, labels, squared, parts, changed)

    for _ in range(iterations):
        over_rows(assign, blocks, threads)
        moved, emptied = updated(x, w, centres, masses, labels, squared, parts)
        if changed.sum() == 0 or (moved <= least and tolerance > 0 and not emptied):
            break
    return kept(centres, masses, labels)
