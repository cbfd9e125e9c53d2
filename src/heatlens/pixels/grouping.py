"""What all ways to cluster pixels share: samples, nearest centres, means and distances.

Passes over all pixels are compiled loops on blocks of a fixed length, shared among threads; sums
are taken block by block in their order, so that the number of threads changes no digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.transport.threads import over_rows

__all__ = ["centre_distances", "cluster_means", "nearest_centres", "sampled"]

_BLOCK = 1 << 15
_LANE = 1 << 10
"""Pixels whose coordinates are laid side by side, so that the loops over them are vectorised."""

Floats = npt.NDArray[np.float64]


def sampled(rows: npt.NDArray[Any], count: int, seed: int) -> npt.NDArray[Any]:
    """At most `count` rows, drawn without repetition, in their order."""
    if len(rows) <= count:
        return rows
    generator = np.random.default_rng(seed)
    return rows[np.sort(generator.choice(len(rows), count, replace=False, shuffle=False))]


def nearest_centres(
    values: npt.NDArray[np.float32], centres: npt.NDArray[Any]
) -> npt.NDArray[np.int32]:
    """Number of the nearest centre (k, d) of each pixel (H, W, d); the first of several."""
    rows = values.reshape(-1, values.shape[2])
    labels = np.empty(len(rows), np.int32)
    points = np.ascontiguousarray(centres, np.float32)
    over_rows(
        lambda start, stop: _nearest(rows[start:stop], points, labels[start:stop]),
        len(rows),
        least=_BLOCK,
    )
    return labels.reshape(values.shape[:2])


def cluster_means(
    values: npt.NDArray[np.float32], labels: npt.NDArray[np.int32], count: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Mean description (count, d) and number of pixels (count,) of each cluster."""
    rows, flat = values.reshape(-1, values.shape[2]), labels.ravel()
    # Few blocks where there are many clusters: what is summed has to fit in memory.
    length = max(_BLOCK, -(-len(rows) // max(1, 4_000_000 // (count * (rows.shape[1] + 1)))))
    edges = range(0, len(rows), length)
    sums = np.zeros((len(edges), count, rows.shape[1] + 1))

    def work(first: int, last: int) -> None:
        for block in range(first, last):
            part = slice(edges[block], edges[block] + length)
            _summed(rows[part], flat[part], sums[block])

    over_rows(work, len(edges))
    total = sums.sum(axis=0)
    counts = total[:, -1]
    return total[:, :-1] / np.maximum(counts, 1)[:, None], counts.astype(np.int64)


def centre_distances(
    values: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    centres: Floats,
    renumbered: npt.NDArray[np.int32],
) -> npt.NDArray[np.float32]:
    """Distance of each pixel to the centre of its cluster, (H, W); renumbers `labels` in place."""
    rows, flat = values.reshape(-1, values.shape[2]), labels.reshape(-1)
    far = np.empty(len(rows), np.float32)
    points = np.ascontiguousarray(centres, np.float32)

    def work(start: int, stop: int) -> None:
        part = slice(start, stop)
        _distances(rows[part], flat[part], points, renumbered, far[part])

    over_rows(work, len(rows), least=_BLOCK)
    return far.reshape(labels.shape)


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest(rows: Any, centres: Any, labels: Any) -> None:
    n, d = rows.shape
    side = np.empty((d, _LANE), np.float32)
    best, far = np.empty(_LANE, np.float32), np.empty(_LANE, np.float32)
    found = np.empty(_LANE, np.int32)
    for start in range(0, n, _LANE):
        m = min(_LANE, n - start)
        for i in range(m):
            for c in range(d):
                side[c, i] = rows[start + i, c]
        best[:] = np.inf
        found[:] = 0
        for j in range(len(centres)):
            far[:] = 0
            for c in range(d):
                middle, line = centres[j, c], side[c]
                for i in range(_LANE):
                    far[i] += (line[i] - middle) * (line[i] - middle)
            label = np.int32(j)
            for i in range(_LANE):
                nearer = far[i] < best[i]
                found[i] = label if nearer else found[i]
                best[i] = far[i] if nearer else best[i]
        for i in range(m):
            labels[start + i] = found[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _summed(rows: Any, labels: Any, sums: Any) -> None:
    n, d = rows.shape
    for i in range(n):
        j = labels[i]
        for c in range(d):
            sums[j, c] += rows[i, c]
        sums[j, d] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _distances(rows: Any, labels: Any, centres: Any, renumbered: Any, far: Any) -> None:
    n, d = rows.shape
    for i in range(n):
        j, total = labels[i], np.float32(0)
        for c in range(d):
            step = rows[i, c] - centres[j, c]
            total += step * step
        far[i] = np.sqrt(total)
        labels[i] = renumbered[j]
