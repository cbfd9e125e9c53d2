"""Weights by variance: what varies most over the picture counts most.

    w_i = Var(f_i) / sum_j Var(f_j)

on the features in their own units, so a feature in bits outweighs one in 0..1.
"""

from __future__ import annotations

import numpy as np

from heatlens.pixels.part import WEIGHTINGS, register
from heatlens.pixels.stack import FeatureStack
from heatlens.pixels.weighing import Weights, standardised, weighed

__all__ = ["variance"]


@register(WEIGHTINGS)
def variance(stack: FeatureStack) -> Weights:
    """Each feature's share of the summed variance; the features as they are."""
    middle, spread, notes = standardised(stack)
    squares = np.where(np.isinf(spread), 0.0, spread) ** 2
    total = squares.sum()
    shares = squares / total if total else squares
    used = any(signed for signed, share in zip(stack.signed, shares, strict=True) if share)
    as_they_are = np.zeros_like(middle), np.ones_like(spread)
    return weighed(stack, shares, *as_they_are, "variance", signed=used, notes=notes)
