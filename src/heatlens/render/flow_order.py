"""The order of two columns in which few of the ribbons between them cross.

The exact answer is NP-hard. From several sensible orders each side is in turn sorted by the mean
place of what it is joined to (Sugiyama, Tagawa, Toda: Methods for visual understanding of
hierarchical system structures, 1981), and the best order that was met is kept.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.render.flow_arrows import Arcs

__all__ = ["crossings", "least_crossings"]

Floats = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]

_SWEEPS = 8


def least_crossings(first: Floats, second: Floats, arcs: Arcs) -> tuple[Order, Order]:
    """For each side the indices from top to bottom.

    Args:
        first: CIELAB (n, 3 or more).
        second: CIELAB (m, 3 or more).
        arcs: what joins them.
    """
    best: tuple[Order, Order] | None = None
    fewest = np.inf
    for keys in _starts(first, second):
        places = [_ranks(key) for key in keys]
        for sweep in range(_SWEEPS):
            count = crossings(places[0][arcs.rows], places[1][arcs.columns], arcs.masses)
            if best is None or count < fewest - 1e-12:
                fewest = count
                best = np.argsort(places[0]), np.argsort(places[1])
            if sweep % 2 == 0:
                places[1] = _sorted_by(arcs.columns, places[0][arcs.rows], arcs.masses, places[1])
            else:
                places[0] = _sorted_by(arcs.rows, places[1][arcs.columns], arcs.masses, places[0])
    assert best is not None  # there is always a first order
    return best


def crossings(starts: Floats, ends: Floats, masses: Floats) -> float:
    """The sum over all pairs of arcs that cross of the product of their masses.

    Example:
        >>> crossings(np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.array([0.5, 0.5]))
        0.25
    """
    total = 0.0
    for k in range(1, len(masses)):  # row by row: k squared numbers need not be kept
        cross = (starts[:k] - starts[k]) * (ends[:k] - ends[k]) < 0
        total += float(masses[k] * masses[:k][cross].sum())
    return total


def _starts(first: Floats, second: Floats) -> list[tuple[Floats, Floats]]:
    """Light above dark; and along the axis on which the colours differ most."""
    both = np.vstack([first, second])[:, :3]
    centred = both - both.mean(0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ axis * (-1 if axis[0] > 0 else 1)
    n = len(first)
    return [(-first[:, 0], -second[:, 0]), (along[:n], along[n:])]


def _ranks(key: Floats) -> Floats:
    return np.argsort(np.argsort(key, kind="stable"), kind="stable").astype(np.float64)


def _sorted_by(
    index: npt.NDArray[np.intp], others: Floats, masses: Floats, places: Floats
) -> Floats:
    """New places by the mean place of the others, the old ones where nothing is joined."""
    total = np.bincount(index, masses, len(places))
    mean = np.bincount(index, masses * others, len(places)) / np.where(total > 0, total, 1)
    scaled = places * (others.max() + 1) / len(places)
    return _ranks(np.where(total > 0, mean, scaled) + 1e-9 * places)
