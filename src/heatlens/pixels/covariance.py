"""Covariance, shrunk by as much as its uncertainty asks for.

    C* = (1 - a) C + a m I,   m = trace C / k,
    a = min(b, d) / d,   d = |C - m I|^2 / k,   b = (mean |x - mean|^4 - |C|^2) / (n k)

with C the covariance of n descriptions x of k features and |.| Frobenius's norm. b estimates how far
C is from the true covariance, d how far that is from a multiple of the identity. Ledoit, Wolf: A
Well-Conditioned Estimator for Large-Dimensional Covariance Matrices, J. Multivariate Anal. 2004,
section 3. All sums are exact and taken block by block, so any number of pixels fits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.pixels.blocks import blocks

__all__ = ["shrinkage_of", "shrunk", "shrunk_covariance"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.floating]


def shrunk_covariance(
    rows: Rows, minus: Rows | None = None, seen: npt.NDArray[np.bool_] | None = None
) -> tuple[Floats, Floats, float]:
    """Mean (k,), shrunk covariance (k, k) and shrinkage a, 0..1, of rows (n, k).

    Args:
        rows: the descriptions.
        minus: (n, k), what is taken off them first, or None.
        seen: (n,), which rows count; at least one.

    Example:
        >>> rows = np.random.default_rng(0).normal(0, [1, 2], (9, 2))
        >>> shrunk_covariance(rows)[1].shape
        (2, 2)
    """

    def taken(part: slice) -> Floats:
        values = rows[part].astype(np.float64)
        if minus is not None:
            values -= minus[part]
        return values if seen is None else values[seen[part]]

    parts, k = blocks(len(rows)), rows.shape[1]
    count = len(rows) if seen is None else int(seen.sum())
    mean = sum((taken(part).sum(axis=0) for part in parts), np.zeros(k)) / count
    total, fourth = np.zeros((k, k)), 0.0
    for part in parts:
        apart = taken(part) - mean
        total += apart.T @ apart
        fourth += float(((apart**2).sum(axis=1) ** 2).sum())
    covariance = total / count
    amount = shrinkage_of(covariance, fourth / count, count)
    return mean, shrunk(covariance, amount), amount


def shrinkage_of(covariance: Floats, fourth: float, count: float) -> float:
    """a, 0..1, of the covariance of `count` descriptions whose mean |x - mean|^4 is `fourth`."""
    k = len(covariance)
    mean_variance = float(np.trace(covariance)) / k
    distance = float(((covariance - mean_variance * np.eye(k)) ** 2).sum()) / k
    doubt = (fourth - float((covariance**2).sum())) / (count * k)
    if k == 1 or doubt <= 0:
        return 0.0
    return min(doubt / distance, 1.0) if distance > 0 else 1.0


def shrunk(covariance: Floats, amount: float) -> Floats:
    """The covariance, moved by `amount` towards a multiple of the identity."""
    k = len(covariance)
    mean_variance = np.trace(covariance) / k
    return np.asarray((1 - amount) * covariance + amount * mean_variance * np.eye(k), np.float64)
