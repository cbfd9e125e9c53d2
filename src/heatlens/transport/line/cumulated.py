"""All pairs of cumulated histograms: sums of absolute differences, three bins at a time.

The collection lies bin by bin (K, M), so that neighbours in memory are the same bin of
neighbouring histograms and the loops become vector instructions. A block of it stays in the
cache while all queries pass. The loops release the GIL.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.transport.mass import Floats

__all__ = ["STEP", "all_pairs", "nearest"]

STEP = 3
"""Bins that are added at a time; the number of rows is a multiple of it."""
BLOCK = 512
"""Histograms of a block: with 9 cumulated bins 36 kB, which a core's own cache holds."""


@njit(cache=True, nogil=True, error_model="numpy")
def add_block(query: Floats, collection: Floats, start: int, out: Floats) -> None:
    """Sum over k of |query[k] - collection[k, start + j]| for each j of `out`."""
    count = len(out)
    out[:] = 0.0
    for k in range(0, len(query), STEP):
        q0, q1, q2 = query[k], query[k + 1], query[k + 2]
        c0 = collection[k, start : start + count]
        c1 = collection[k + 1, start : start + count]
        c2 = collection[k + 2, start : start + count]
        for j in range(count):
            out[j] += abs(q0 - c0[j]) + abs(q1 - c1[j]) + abs(q2 - c2[j])


@njit(cache=True, nogil=True, error_model="numpy")
def all_pairs(queries: Floats, collection: Floats, out: Floats) -> None:
    """Distances of cumulated histograms.

    Args:
        queries: (N, K), K a multiple of STEP.
        collection: (K, M).
        out: (N, M), receives the distances.
    """
    count = collection.shape[1]
    for start in range(0, count, BLOCK):
        stop = min(count, start + BLOCK)
        for i in range(len(queries)):
            add_block(queries[i], collection, start, out[i, start:stop])


@njit(cache=True, nogil=True, error_model="numpy")
def nearest(
    queries: Floats, collection: Floats, indices: npt.NDArray[np.int64], found: Floats
) -> None:
    """The nearest cumulated histograms of each query, in ascending order, ties by index.

    Args:
        queries: (N, K), K a multiple of STEP.
        collection: (K, M).
        indices: (N, k), receives the columns, k at most M.
        found: (N, k), receives the distances.
    """
    count, wanted = collection.shape[1], indices.shape[1]
    indices[:] = -1
    found[:] = np.inf
    room = np.empty(BLOCK)
    for start in range(0, count, BLOCK):
        block = room[: min(count - start, BLOCK)]
        for i in range(len(queries)):
            add_block(queries[i], collection, start, block)
            below = 0
            for j in range(len(block)):  # vector instructions; mostly there is none
                below += block[j] < found[i, wanted - 1]
            if below == 0:
                continue
            for j in range(len(block)):
                # Later columns come after equal ones, so the lowest index wins a tie.
                if block[j] < found[i, wanted - 1]:
                    place = wanted - 1
                    while place > 0 and found[i, place - 1] > block[j]:
                        found[i, place] = found[i, place - 1]
                        indices[i, place] = indices[i, place - 1]
                        place -= 1
                    found[i, place] = block[j]
                    indices[i, place] = start + j
