"""Negatives of shuffled AUC: where people looked in the other pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from heatlens.perception.metrics.given import Floats, Points, checked_points

__all__ = ["elsewhere", "shares_of"]

_OTHERS = 10
"""Pictures whose fixations the MIT benchmark takes as negatives."""


def shares_of(fixations: Points, size: tuple[int, int]) -> Floats:
    """Fixations (n, 2) in parts of the picture's height and width, edge to edge, 0..1.

    Example:
        >>> shares_of([[0, 0], [1, 3]], (2, 4)).tolist()
        [[0.25, 0.125], [0.75, 0.875]]
    """
    return (checked_points(fixations, size) + 0.5) / size


def elsewhere(
    places: Mapping[int, Floats], index: int, size: tuple[int, int], convention: str, seed: int
) -> Floats:
    """Fixations on the other pictures, in pixels of this one.

    Args:
        places: of each picture, by its number, `shares_of` its fixations.
        index: number of this picture.
        size: height and width of this picture.
        convention: "tuebingen": all others; "mit": 10 others.
        seed: of the draw of the 10.
    """
    others = [i for i in places if i != index]
    if convention == "mit" and len(others) > _OTHERS:
        drawn = np.random.default_rng((seed, index)).permutation(others)[:_OTHERS]
        others = sorted(drawn.tolist())
    carried = np.concatenate([places[i] for i in others]) * size - 0.5
    # Rounding may push a position at the very edge over it.
    return np.clip(carried, -0.5, np.nextafter(np.array(size) - 0.5, -1))
