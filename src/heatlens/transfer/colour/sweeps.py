"""Moving colours by exact transport along lines, one random frame of three axes a sweep.

    z <- z + sum_a a (T_a(a . z) - a . z),    T_a = Q_a o F_a

with F_a the distribution of the colours along the axis a, and Q_a the quantiles of the goal's.
Pitie, Kokaram, Dahyot: Automated colour grading using colour distribution transfer, Computer
Vision and Image Understanding 107(1-2), 2007 (iterative distribution transfer).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.transport.mass import Floats

__all__ = ["random_frame", "swept"]

_BINS = 4096
"""Steps along an axis; less than a tenth of a CIELAB unit."""

_ROUNDING = 1e-9


def random_frame(generator: np.random.Generator) -> Floats:
    """Three orthogonal axes (3, 3), uniform over all directions."""
    frame, _ = np.linalg.qr(generator.standard_normal((3, 3)))
    return np.ascontiguousarray(frame.T)


def swept(colours: Floats, goal: Floats, frame: Floats) -> Floats:
    """How far each of the colours (m, 3) moves towards the colours of the goal, (m, 3).

    Example:
        >>> swept(np.zeros((2, 3)), np.ones((2, 3)), np.eye(3)).round(2).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    shift = np.zeros_like(colours)
    middle, half = _box(colours, goal)
    for axis in frame:
        low, high = middle @ axis - half @ np.abs(axis), middle @ axis + half @ np.abs(axis)
        edges = np.linspace(low, high, _BINS + 1)
        below = _shares_below(colours, axis, low, high)
        goal_below = _shares_below(goal, axis, low, high)
        # Where nothing of the goal lies, a share has many quantiles: a bin starts at the last one
        # and ends at the first one.
        first = _quantiles(below[:-1] + _ROUNDING, goal_below, edges, "right")
        last = _quantiles(below[1:] - _ROUNDING, goal_below, edges, "left")
        _add_shift(colours, axis, low, high, first, np.maximum(first, last), shift)
    return shift


def _quantiles(
    shares: Floats, below: Floats, edges: Floats, side: Literal["left", "right"]
) -> Floats:
    upper = np.clip(np.searchsorted(below, shares, side=side), 1, len(below) - 1)
    height = below[upper] - below[upper - 1]
    part = np.divide(shares - below[upper - 1], height, np.zeros_like(shares), where=height > 0)
    places: Floats = edges[upper - 1] + np.clip(part, 0, 1) * (edges[upper] - edges[upper - 1])
    return places


def _box(colours: Floats, goal: Floats) -> tuple[Floats, Floats]:
    """Middle and half widths of a box, a hair too large, that holds both."""
    low = np.minimum(colours.min(axis=0), goal.min(axis=0))
    high = np.maximum(colours.max(axis=0), goal.max(axis=0))
    return (low + high) / 2, (high - low) / 2 + 1e-6


def _shares_below(colours: Floats, axis: Floats, low: float, high: float) -> Floats:
    counts = _counted(colours, axis, low, high)
    return np.concatenate([[0.0], np.cumsum(counts) / len(colours)])


@njit(nogil=True, cache=True)
def _counted(
    colours: npt.NDArray[np.float64], axis: npt.NDArray[np.float64], low: float, high: float
) -> npt.NDArray[np.float64]:
    counts = np.zeros(_BINS)
    scale = _BINS / (high - low)
    for m in range(colours.shape[0]):
        t = colours[m, 0] * axis[0] + colours[m, 1] * axis[1] + colours[m, 2] * axis[2]
        counts[min(max(int((t - low) * scale), 0), _BINS - 1)] += 1
    return counts


@njit(nogil=True, cache=True)
def _add_shift(
    colours: npt.NDArray[np.float64],
    axis: npt.NDArray[np.float64],
    low: float,
    high: float,
    first: npt.NDArray[np.float64],
    last: npt.NDArray[np.float64],
    shift: npt.NDArray[np.float64],
) -> None:
    scale = _BINS / (high - low)
    for m in range(colours.shape[0]):
        t = colours[m, 0] * axis[0] + colours[m, 1] * axis[1] + colours[m, 2] * axis[2]
        position = (t - low) * scale
        k = min(max(int(position), 0), _BINS - 1)
        part = position - k
        moved = (1 - part) * first[k] + part * last[k] - t
        shift[m, 0] += moved * axis[0]
        shift[m, 1] += moved * axis[1]
        shift[m, 2] += moved * axis[2]
