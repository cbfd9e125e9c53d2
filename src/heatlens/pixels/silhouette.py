"""Silhouette: is a point nearer to its own cluster than to the next?

    s = (b - a) / max(a, b)

with a the mean distance to the others of its cluster and b the least mean distance to those of
another; 1 is well inside, 0 on the border, below 0 in the wrong cluster. A cluster of one point has
s = 0. Rousseeuw: Silhouettes, J. Comput. Appl. Math. 1987.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.spatial.distance import cdist

from heatlens.pixels.blocks import blocks

__all__ = ["mean_silhouette", "silhouettes"]

_OTHERS = 10
"""Points that distances are measured to, for each one whose silhouette is computed."""

_AT_ONCE = 4_000_000
"""Distances that are in memory at once."""

Rows = npt.NDArray[np.floating]
Labels = npt.NDArray[np.integer]


def silhouettes(rows: Rows, labels: Labels) -> npt.NDArray[np.float64]:
    """s of each of n points (n, d) with at least two different labels (n,); n^2 distances.

    Example:
        >>> silhouettes(np.array([[0.0], [1.0], [9.0], [10.0]]), np.array([0, 0, 1, 1])).round(3)
        array([0.895, 0.882, 0.882, 0.895])
    """
    _, own, counts = np.unique(labels, return_inverse=True, return_counts=True)
    every = np.arange(len(rows))
    return _silhouettes(rows, own, counts, every, every)


def mean_silhouette(
    rows: Rows, labels: npt.NDArray[np.int32], counts: npt.NDArray[np.int64], most: int, seed: int
) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Mean silhouette of pixels drawn at random, its standard error, and notes.

    Each of the `most` pixels is measured against 10 `most` others, drawn cluster by cluster and of
    small clusters all; where the picture has no more, these are the exact silhouettes. Else b, a
    least value of means that are not quite known, comes out a little too small, and so does s: by
    less than the scatter of single silhouettes over the square root of the pixels per cluster. The
    error is that of drawing the pixels, 0 where all are taken.

    Args:
        rows: (n, d).
        labels: (n,), 0 to k - 1.
        counts: (k,), points of each label, above 0.
        most: pixels drawn; 0 for none.
        seed: of the draws.

    Returns:
        None twice with a single cluster, without pixels, or (a note says so) with so many clusters
        that two pixels of each are more than 10 `most`.
    """
    n, k = len(rows), len(counts)
    if most == 0 or k < 2:
        return None, None, ()
    if k > _OTHERS * most // 2:
        words = f"{k} clusters are too many for the silhouette of a sample of {most} pixels"
        return None, None, (f"{words}; give a larger silhouette_sample",)
    first, second = (np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(2))
    few = np.sort(first.choice(n, min(most, n), replace=False, shuffle=False))
    others = _by_cluster(labels, counts, _OTHERS * most, second)
    found = _silhouettes(rows, labels, counts, few, others)
    missed = 1 - len(few) / n
    error = float(np.sqrt(missed * found.var(ddof=1) / len(few))) if missed else 0.0
    return float(found.mean()), error if len(few) > 1 else None, ()


def _by_cluster(
    labels: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int64],
    most: int,
    generator: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Places of about `most` points, as many of each cluster as there are, up to a common limit."""
    if len(labels) <= most:
        return np.arange(len(labels))
    ordered = np.sort(counts)
    # With the limit of the j-th smallest count: all of smaller clusters, that many of the others.
    taken = np.cumsum(ordered) + ordered * np.arange(len(counts) - 1, -1, -1)
    full = int(np.searchsorted(taken, most, side="right"))
    limit = max(2, (most - int(ordered[:full].sum())) // (len(counts) - full))
    chosen = np.zeros(len(labels), np.bool_)
    left, wanted = counts.copy(), np.minimum(counts, limit)
    for part in blocks(len(labels)):
        draws = generator.random(part.stop - part.start, np.float32)
        _select(labels[part], draws, left, wanted, chosen[part])
    return np.flatnonzero(chosen)


@njit(cache=True, nogil=True)  # pragma: no cover
def _select(labels, draws, left, wanted, chosen):  # type: ignore[no-untyped-def]
    """Selection sampling (Knuth, algorithm S): of each label exactly as many as are wanted."""
    for place in range(len(labels)):
        j = labels[place]
        if draws[place] * left[j] < wanted[j]:
            chosen[place] = True
            wanted[j] -= 1
        left[j] -= 1


def _silhouettes(
    rows: Rows,
    labels: Labels,
    counts: npt.NDArray[np.int64],
    few: npt.NDArray[np.intp],
    others: npt.NDArray[np.intp],
) -> npt.NDArray[np.float64]:
    """s of the points `few`, by their distances to the points `others` of every cluster."""
    others = others[np.argsort(labels[others], kind="stable")]
    points, seen = rows[others].astype(np.float64), np.bincount(labels[others])
    starts = np.cumsum(seen) - seen
    itself = np.isin(few, others)
    found = np.empty(len(few))
    for part in np.array_split(np.arange(len(few)), max(1, len(few) * len(others) // _AT_ONCE)):
        own, place = labels[few[part]], np.arange(len(part))
        sums = np.add.reduceat(cdist(rows[few[part]].astype(np.float64), points), starts, axis=1)
        a = sums[place, own] / np.maximum(seen[own] - itself[part], 1)
        means = sums / seen
        means[place, own] = np.inf
        b = means.min(axis=1)
        larger = np.maximum(a, b)
        s = np.where(larger > 0, (b - a) / np.where(larger > 0, larger, 1), 0.0)
        found[part] = np.where(counts[own] == 1, 0.0, s)
    return found
