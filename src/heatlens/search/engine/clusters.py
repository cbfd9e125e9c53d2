"""Embeddings grouped into clusters, and every number of a row in one byte.

Within a cluster, the coordinates of an embedding are counted in steps of 1/255 of their range. What
that rounding moves a row by is measured in the bound's own norm and kept beside the row: a bound
computed from the bytes, less that slack, is a bound (the norm has a triangle inequality). The same
inequality skips whole clusters, and within a cluster all rows but those about as far from its
centre as the query; so rows are sorted by that distance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from heatlens.search.bounds.quantile import BLOCKS, quantile_bound
from heatlens.search.signatures import Singles

__all__ = ["RINGS", "Arranged", "Clusters", "arrange"]

ROWS = 512
"""Of a cluster, about."""

RINGS = 16
"""Into which the rows of a cluster are divided by their distance from its centre."""

_ROUNDS, _SAMPLE = 6, 24
"""Of Lloyd's iteration, on so many rows per cluster."""

_FINEST = 1e-18
"""Step of a byte, at least: no number divided by it overflows single precision."""

_UP = 1.0 + 1e-5
"""What is measured in double precision and kept in single is rounded up by this."""


class Clusters(NamedTuple):
    """A table of clusters; rows of one lie beside each other.

    Attributes:
        first: (C + 1,) int64, where the rows of each begin, and the end.
        centre: (C, A Q) float32.
        low: (C, A Q) float32, what a byte of 0 means.
        step: (C, A) float32, what a byte counts, axis by axis.
        rings: (C, 17) float32, distances from the centre at every sixteenth of the rows, from that
            of the nearest row to that of the farthest.
    """

    first: npt.NDArray[np.int64]
    centre: Singles
    low: Singles
    step: Singles
    rings: Singles


class Arranged(NamedTuple):
    """Rows in the order of their clusters.

    Attributes:
        order: (N,) int64, which row of the input comes at each place.
        clusters: their table.
        codes: (N, A Q) uint8.
        slack: (N,) float32, how far the codes may lie from the row, in the bound's norm.
    """

    order: npt.NDArray[np.int64]
    clusters: Clusters
    codes: npt.NDArray[np.uint8]
    slack: Singles


def arrange(embedded: Singles, seed: int = 0) -> Arranged:
    """Group rows (N, A Q) into clusters of about 512 and write them as bytes.

    Args:
        embedded: what `heatlens.search.bounds.quantile.embedding` gives.
        seed: of the choice of centres; any choice is right, some are faster.
    """
    labels = _labels(embedded, max(1, round(len(embedded) / ROWS)), seed)
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    first = np.concatenate([[0], np.cumsum(counts[counts > 0])]).astype(np.int64)
    count, width = len(first) - 1, embedded.shape[1]
    axes = width // BLOCKS
    centre, low = np.empty((2, count, width), np.float32)
    step = np.empty((count, axes), np.float32)
    codes = np.empty((len(embedded), width), np.uint8)
    slack, apart = np.empty((2, len(embedded)), np.float32)
    for k in range(count):
        piece = slice(first[k], first[k + 1])
        rows = embedded[order[piece]]
        centre[k] = rows.mean(0, dtype=np.float64)
        distance = quantile_bound(rows, centre[k])
        nearest = np.argsort(distance, kind="stable")
        order[piece], rows, apart[piece] = order[piece][nearest], rows[nearest], distance[nearest]
        low[k] = rows.min(0)
        ranges = (rows.max(0) - low[k]).reshape(axes, BLOCKS).max(1)
        step[k] = np.where(ranges > 0, np.maximum(ranges / 255, _FINEST), 1.0)
        wide = np.repeat(step[k].astype(np.float64), BLOCKS)
        codes[piece] = np.clip(np.rint((rows - low[k].astype(np.float64)) / wide), 0, 255)
        slack[piece] = quantile_bound(low[k] + codes[piece] * wide, rows) * _UP
    rings = apart[ring_edges(first)]
    return Arranged(order, Clusters(first, centre, low, step, rings), codes, slack)


def ring_edges(first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Rows (C, 17) at every sixteenth of each cluster; the last is the cluster's last row."""
    sizes = np.diff(first)[:, None]
    return first[:-1, None] + np.minimum(sizes * np.arange(RINGS + 1) // RINGS, sizes - 1)


def _labels(rows: Singles, count: int, seed: int) -> npt.NDArray[np.int64]:
    """The nearest of `count` centres of each row; k-means on a sample."""
    if count == 1:
        return np.zeros(len(rows), np.int64)
    rng = np.random.default_rng(seed)
    size = min(len(rows), count * _SAMPLE)
    sample = rows[np.sort(rng.choice(len(rows), size, replace=False))]
    centres = sample[np.sort(rng.choice(size, count, replace=False))].copy()
    for _ in range(_ROUNDS):
        labels = _nearest(sample, centres)
        counts = np.bincount(labels, minlength=count)
        order = np.argsort(labels, kind="stable")
        filled = np.flatnonzero(counts)
        starts = np.cumsum(counts) - counts
        centres[filled] = np.add.reduceat(sample[order], starts[filled]) / counts[filled, None]
    return _nearest(rows, centres)


def _nearest(rows: Singles, centres: Singles) -> npt.NDArray[np.int64]:
    labels = np.empty(len(rows), np.int64)
    half = (centres * centres).sum(1) / 2
    for start in range(0, len(rows), 16384):
        piece = slice(start, start + 16384)
        labels[piece] = np.argmax(rows[piece] @ centres.T - half, axis=1)
    return labels
