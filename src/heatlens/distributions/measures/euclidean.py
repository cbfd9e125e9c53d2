"""Euclidean distance: sqrt( sum_i (a_i - b_i)^2 )."""

from __future__ import annotations

import numpy as np

from heatlens.distributions.measure import Grids, register

__all__ = ["euclidean"]


@register("euclidean", unit="units of value")
def euclidean(grids: Grids) -> float:
    """Length of the difference; amounts count, places do not know their neighbours.

    Example:
        >>> euclidean(Grids(np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]]), 1.0))
        5.0
    """
    return float(np.linalg.norm(grids.a - grids.b))
