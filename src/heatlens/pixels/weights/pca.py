"""Weights by principal components: the direction in which the pixels differ most.

The first eigenvector of the correlation matrix of the features (Hotelling 1933). An eigenvector has
no sign: the loading of largest magnitude is made positive.
"""

from __future__ import annotations

import numpy as np

from heatlens.pixels.part import WEIGHTINGS, register
from heatlens.pixels.stack import FeatureStack
from heatlens.pixels.weighing import Weights, standardised, weighed

__all__ = ["pca"]

_BLOCK = 1 << 18


@register(WEIGHTINGS)
def pca(stack: FeatureStack) -> Weights:
    """The first principal component of the standardised features.

    `info` tells which share of the variance it has. The map's mean is 0.
    """
    middle, spread, notes = standardised(stack)
    rows = stack.rows
    total = np.zeros((len(middle), len(middle)))
    for start in range(0, len(rows), _BLOCK):
        z = (rows[start : start + _BLOCK] - middle) / spread
        total += z.T @ z
    values, vectors = np.linalg.eigh(total / len(rows))
    first = vectors[:, -1]
    if values[-1] <= 1e-12:
        first = np.zeros_like(first)
    # Rounded, so that of two loadings alike the first decides on every machine.
    largest = int(np.argmax(np.abs(first).round(9)))
    first = first * (-1 if first[largest] < 0 else 1)
    share = float(values[-1] / values.sum()) if values[-1] > 1e-12 else 0.0
    info = {"share of variance": share}
    return weighed(stack, first, middle, spread, "pca", info=info, notes=notes)
