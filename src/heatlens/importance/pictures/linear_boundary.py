"""The plane between two sets of points, by logistic regression, and how well it holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.optional import needed
from heatlens.statistics.wilson import wilson_interval

__all__ = ["boundary", "held_out_accuracy", "pattern_of"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def boundary(z: Floats, y: Bools, strength: float) -> tuple[Floats, float]:
    """Weights (C,) and bias of the plane; positive on the side where `y` is True.

    Columns are standardised for the penalty, and both sides count alike however many points they
    have. What comes out is in the columns' own units.

    Args:
        z: (n, C).
        y: (n,), with True and False in it.
        strength: of the ridge penalty.
    """
    linear = needed("sklearn.linear_model", "learn_concept", "surrogates")
    mean, scale = z.mean(axis=0), z.std(axis=0)
    scale = np.where(scale > 1e-12 * np.abs(mean).clip(1e-300), scale, np.inf)
    fitted = linear.LogisticRegression(
        C=1 / strength, class_weight="balanced", max_iter=2000, tol=1e-6
    ).fit((z - mean) / scale, y)
    weights = fitted.coef_[0] / scale
    return weights, float(fitted.intercept_[0] - weights @ mean)


def held_out_accuracy(
    z: Floats, y: Bools, folds: int, strength: float, rng: np.random.Generator
) -> tuple[float, tuple[float, float]]:
    """Mean of the two sides' shares told right, each point held out once, and its 95 % interval.

    The interval is the mean of the two sides' Wilson intervals, which is a little too wide.
    """
    part = np.empty(len(y), np.intp)
    for side in (True, False):
        own = rng.permutation(np.flatnonzero(y == side))
        part[own] = np.arange(len(own)) % folds
    right = np.zeros(len(y), np.bool_)
    for fold in range(folds):
        out = part == fold
        weights, bias = boundary(z[~out], y[~out], strength)
        right[out] = (z[out] @ weights + bias > 0) == y[out]
    ends = np.array(
        [
            tuple(wilson_interval(int(right[y == side].sum()), int((y == side).sum())))
            for side in (True, False)
        ]
    )
    shares = [right[y == side].mean() for side in (True, False)]
    return float(np.mean(shares)), (float(ends[:, 0].mean()), float(ends[:, 1].mean()))


def pattern_of(z: Floats, y: Bools, weights: Floats) -> Floats:
    """What rises in the points with their score, Cov(z) w / (w' Cov(z) w), (C,).

    Both sides count alike, as in `boundary`. Haufe et al.: On the interpretation of weight vectors
    of linear models in multivariate neuroimaging, NeuroImage 2014, eq. 6.

    Args:
        z: (n, C).
        y: (n,), with True and False in it.
        weights: (C,), of the plane.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> source, noise = rng.permutation([0.0, 1.0] * 500), rng.normal(size=1000)
        >>> z = np.stack([source + noise, noise], axis=1)  # w = (1, -1) reads the source, ...
        >>> pattern_of(z, source > 0.5, np.array([1.0, -1.0])).round(1).clip(0).tolist()
        [1.0, 0.0]
    """
    share = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())
    centred = z - share @ z
    score = centred @ weights
    return np.asarray((share * score) @ centred / (share @ score**2))
