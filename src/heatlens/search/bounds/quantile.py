"""Block quantiles: a signature as a few numbers whose differences bound W1 from below.

    W1(a, b) >= sqrt( sum over axes of ( 1/Q sum_q |A_q - B_q| )^2 )

Along an axis, mass is sorted and cut into Q blocks of equal mass; A_q is the mean coordinate of
block q. The mean over a block of the difference of two quantile functions is no more than the mean
of its absolute value (Jensen), so the inner sum is at most the W1 along the axis; and the expected
length of a plan's moves is at least the length of the vector of their expected sizes along
orthonormal axes (Jensen again). Q = 1 is the distance between centroids of Rubner, Tomasi, Guibas
(2000).
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.search.bounds.bound import register
from heatlens.search.signatures import Signatures, Singles
from heatlens.transport.mass import Floats
from heatlens.transport.threads import over_rows

__all__ = [
    "AXES",
    "BLOCKS",
    "axes",
    "block_means",
    "block_quantiles",
    "embedding",
    "quantile",
    "quantile_bound",
]

BLOCKS = 16
"""Q: blocks of equal mass along an axis."""

AXES = 8
"""Axes at most; points of more coordinates are projected on so many."""


@cache
def axes(dimensions: int) -> npt.NDArray[np.float64]:
    """Orthonormal axes (A, d): the coordinates' own, or for more than 8 a fixed random choice.

    Example:
        >>> axes(2).tolist(), axes(27).shape
        ([[1.0, 0.0], [0.0, 1.0]], (8, 27))
    """
    if dimensions <= AXES:
        chosen = np.eye(dimensions)
    else:
        drawn = np.random.default_rng(dimensions).standard_normal((dimensions, AXES))
        chosen = np.linalg.qr(drawn)[0].T.copy()
    chosen.flags.writeable = False
    return chosen


def embedding(
    signatures: Signatures, period: float | None = None, threads: int | None = None
) -> Singles:
    """Block quantiles of all signatures, (N, A Q) float32, axis by axis.

    Args:
        signatures: of points in Euclidean space, or on a circle.
        period: length of the circle. Its points are laid on a circle in the plane: the chord is
            no longer than the arc, so a bound of the one is a bound of the other.
        threads: cores to use; all by default.

    Example:
        >>> pair = Signatures.of([([1.0], [[0.0]]), ([1.0, 1.0], [[2.0], [4.0]])])
        >>> found = embedding(pair)
        >>> found.shape, found[1].tolist() == [2.0] * 8 + [4.0] * 8
        ((2, 16), True)
    """
    points = signatures.points
    if period is not None:
        angles = points[:, 0] * (2 * np.pi / period)
        radius = period / (2 * np.pi)
        points = (radius * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.float32)
    elif signatures.dimensions > AXES:
        points = (points @ axes(signatures.dimensions).T).astype(np.float32)
    found = np.empty((len(signatures), points.shape[1] * BLOCKS), np.float32)
    work = partial(_rows, signatures.weights, signatures.starts, points, found)
    over_rows(work, len(signatures), threads, least=500)
    return found


def quantile_bound(first: npt.NDArray[Any], second: npt.NDArray[Any], blocks: int = BLOCKS) -> Any:
    """The bound from two embeddings (..., A Q); W1 is not below it, but for rounding.

    Example:
        >>> pair = embedding(Signatures.of([([1.0], [[0.0, 0.0]]), ([1.0], [[3.0, 4.0]])]))
        >>> float(quantile_bound(*pair))
        5.0
    """
    apart = np.abs(np.asarray(first, np.float64) - second)
    means = apart.reshape(*apart.shape[:-1], -1, blocks).mean(-1)
    return np.sqrt((means * means).sum(-1))


@register("quantile", cost="A Q, once embedded", paper="Jensen's inequality; module docstring")
def quantile(a: Floats, x: Floats, b: Floats, y: Floats) -> float:
    """Block means of the quantile functions along orthonormal axes, compared in the mean.

    What `embedding` and `quantile_bound` do for many signatures, plainly and in double precision.

    Example:
        >>> quantile(np.ones(1), np.zeros((1, 2)), np.ones(1), np.array([[3.0, 4.0]]))
        5.0
    """
    means = [
        np.abs(block_means(a, x @ axis) - block_means(b, y @ axis)).mean()
        for axis in axes(x.shape[1])
    ]
    return float(np.linalg.norm(means))


def block_means(masses: Floats, places: Floats, blocks: int = BLOCKS) -> Floats:
    """Mean of the quantile function over each of the blocks of equal mass.

    Its integral up to a share of the mass is a line between two points' shares.

    Args:
        masses: (n,), summing to 1.
        places: (n,), along a line.
        blocks: Q.

    Example:
        >>> block_means(np.array([0.25, 0.75]), np.array([8.0, 0.0]), 2).tolist()
        [0.0, 4.0]
    """
    order = np.argsort(places)
    shares = np.concatenate([[0.0], np.cumsum(masses[order])])
    integral = np.concatenate([[0.0], np.cumsum(masses[order] * places[order])])
    edges = np.linspace(0, shares[-1], blocks + 1)
    return np.diff(np.interp(edges, shares, integral)) * blocks / shares[-1]


def _rows(
    weights: Singles, starts: Any, points: Singles, found: Singles, start: int, stop: int
) -> None:
    block_quantiles(weights, starts, points, BLOCKS, found, start, stop)


@njit(cache=True, nogil=True, error_model="numpy")
def block_quantiles(
    weights: Any, starts: Any, points: Any, blocks: int, found: Any, start: int, stop: int
) -> None:
    """Embed the signatures start..stop into the rows of `found`."""
    for row in range(start, stop):
        first, last = starts[row], starts[row + 1]
        n = last - first
        total = 0.0
        for i in range(n):
            total += weights[first + i]
        place, order = np.empty(n, np.float64), np.empty(n, np.int64)
        for axis in range(points.shape[1]):
            for i in range(n):
                place[i] = points[first + i, axis]
            _sort(place, order)
            block, room, summed = 0, 1.0 / blocks, 0.0
            for i in range(n):
                left = weights[first + order[i]] / total
                while left > room and block < blocks - 1:
                    found[row, axis * blocks + block] = (summed + room * place[i]) * blocks
                    left -= room
                    block, room, summed = block + 1, 1.0 / blocks, 0.0
                summed += left * place[i]
                room -= left
            # What rounding has left of the last block lies where the last point does.
            found[row, axis * blocks + block] = (summed + room * place[n - 1]) * blocks
            for rest in range(block + 1, blocks):
                found[row, axis * blocks + rest] = place[n - 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _sort(values: Any, order: Any) -> None:
    """Sort in place, and say where each value came from; by insertion while they are few."""
    n = len(values)
    if n > 96:
        sorted_order = np.argsort(values)
        copied = values.copy()
        for i in range(n):
            order[i] = sorted_order[i]
            values[i] = copied[sorted_order[i]]
        return
    for i in range(n):
        value = values[i]
        j = i
        while j > 0 and values[j - 1] > value:
            values[j], order[j] = values[j - 1], order[j - 1]
            j -= 1
        values[j], order[j] = value, i
