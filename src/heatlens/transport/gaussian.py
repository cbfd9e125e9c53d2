"""The Wasserstein distance between normal distributions, and the Frechet distance of features.

    W_2^2 = |m_a - m_b|^2 + tr(A + B - 2 (A^(1/2) B A^(1/2))^(1/2))

The second part, the squared Bures distance, is also the smallest difference of two roots,

    min over orthogonal U of |R_a - R_b U|^2,   A = R_a R_a^T,  B = R_b R_b^T,

which is how it is computed here: from any roots, by one singular value decomposition, without a
matrix square root and without a difference of large traces. Nothing becomes complex or negative
where a covariance is singular. Bhatia, Jain, Lim: On the Bures-Wasserstein distance between
positive definite matrices, Expositiones Mathematicae 37(2), 2019, theorem 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import Floats, real_array, rounding_of

__all__ = ["frechet_distance", "gaussian_wasserstein"]


def gaussian_wasserstein(mean_a: Any, cov_a: Any, mean_b: Any, cov_b: Any) -> float:
    """W_2 between two normal distributions; the root is taken, the unit is that of the means.

    For distributions that are not normal, with these means and covariances, it is a lower bound
    of their W_2 (Gelbrich 1990).

    Args:
        mean_a: (d,), or a number.
        cov_a: covariance (d, d), or a variance; symmetric, no negative eigenvalue, may be
            singular.
        mean_b: as `mean_a`.
        cov_b: as `cov_a`.

    Raises:
        InvalidType: not real numbers.
        InvalidArgument: shapes that do not fit, entries that are not finite, or a covariance that
            is not symmetric or has a negative eigenvalue, beyond the rounding of its type.

    Example:
        >>> gaussian_wasserstein(0.0, 1.0, 3.0, 25.0)  # sqrt(3^2 + (5 - 1)^2)
        5.0
    """
    mean_a, mean_b = _checked_mean(mean_a, "mean_a"), _checked_mean(mean_b, "mean_b")
    if len(mean_a) != len(mean_b):
        raise InvalidArgument(f"mean_a has {len(mean_a)} coordinates, mean_b has {len(mean_b)}")
    root_a, root_b = (
        _root(cov, name, len(mean_a)) for cov, name in ((cov_a, "cov_a"), (cov_b, "cov_b"))
    )
    apart = float(np.linalg.norm(mean_a - mean_b))
    return float(np.hypot(apart, np.sqrt(_bures_squared(root_a, root_b))))


def frechet_distance(features_a: Any, features_b: Any) -> float:
    """Frechet distance of two sets of features: the squared W_2 of normal distributions fitted.

    With the features of Inception-v3's last pooling this is the formula of the FID (Heusel,
    Ramsauer, Unterthiner, Nessler, Hochreiter: GANs trained by a two time-scale update rule
    converge to a local Nash equilibrium, NeurIPS 2017). It is squared, as the FID is; covariances
    are divided by n - 1.

    A finite sample makes it too large, and the more so the smaller the sample is and the more
    features there are: two samples of one distribution do not have the distance 0. Compare only
    values taken with the same number of samples (Chong, Forsyth: Effectively unbiased FID and
    inception score, CVPR 2020). It is computed from the features themselves, so fewer samples
    than features are no trouble to it, but they are to its meaning.

    Args:
        features_a: (n, d), a row a sample; at least 2.
        features_b: (m, d); at least 2.

    Raises:
        InvalidType: not real numbers.
        InvalidArgument: shapes that do not fit, entries that are not finite, or a single sample.

    Example:
        >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
        9.0
    """
    sides = []
    for values, name in ((features_a, "features_a"), (features_b, "features_b")):
        array = real_array(values, name, "features")
        if array.ndim != 2:
            raise InvalidArgument(f"{name} has shape {array.shape}; expected (samples, features)")
        points = checked_points(array, name)
        if len(points) < 2:
            raise InvalidArgument(f"{name} has one sample; a covariance needs at least 2")
        _checked_scale(points, name)
        sides.append(points)
    a, b = sides
    if a.shape[1] != b.shape[1]:
        raise InvalidArgument(f"features_a has {a.shape[1]} features, features_b has {b.shape[1]}")
    apart = a.mean(0) - b.mean(0)
    return float(apart @ apart) + _bures_squared(_root_of_samples(a), _root_of_samples(b))


def _bures_squared(a: Floats, b: Floats) -> float:
    """Smallest squared difference of the roots (d, r) and (d, s), over rotations of the second."""
    size = max(a.shape[1], b.shape[1])
    a, b = (np.pad(root, ((0, 0), (0, size - root.shape[1]))) for root in (a, b))
    left, _, right = np.linalg.svd(b.T @ a)
    return float(np.square(a - b @ (left @ right)).sum())


def _root_of_samples(samples: Floats) -> Floats:
    """R (d, r) with R R^T the covariance of the samples (n, d); r is the smaller of n and d."""
    centred = (samples - samples.mean(0)) / np.sqrt(len(samples) - 1)
    if len(samples) > samples.shape[1]:
        centred = np.linalg.qr(centred, mode="r")
    root: Floats = centred.T
    return root


def _root(values: Any, name: str, size: int) -> Floats:
    """The symmetric root of a covariance (d, d), eigenvalues below rounding taken for 0."""
    array = real_array(values, name, "covariances")
    cov: Floats = np.array(array, np.float64, ndmin=2)
    if cov.shape != (size, size):
        raise InvalidArgument(f"{name} has shape {array.shape}; expected {(size, size)}")
    if not np.isfinite(cov).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(cov))[0])
        raise InvalidArgument(f"{name}[{i}, {j}] is {cov[i, j]}: covariances are finite")
    _checked_scale(cov, name)
    rounding = rounding_of(array) * float(np.abs(cov).max())
    skew = np.abs(cov - cov.T)
    if skew.max() > rounding:
        i, j = (int(k) for k in np.unravel_index(np.argmax(skew), skew.shape))
        raise InvalidArgument(
            f"{name} is not symmetric: [{i}, {j}] is {cov[i, j]:g}, [{j}, {i}] is {cov[j, i]:g}"
        )
    eigenvalues, axes = np.linalg.eigh((cov + cov.T) / 2)
    if eigenvalues[0] < -rounding:
        raise InvalidArgument(
            f"{name} has the eigenvalue {eigenvalues[0]:g}: no covariance has a negative one"
        )
    eigenvalues[eigenvalues < size * np.finfo(np.float64).eps * eigenvalues[-1]] = 0
    root: Floats = axes * np.sqrt(eigenvalues)
    return root


def _checked_mean(values: Any, name: str) -> Floats:
    array = real_array(values, name, "means")
    if array.ndim > 1:
        raise InvalidArgument(f"{name} has shape {array.shape}; expected (d,) or a number")
    mean: Floats = checked_points(np.atleast_1d(array), name)[:, 0]
    _checked_scale(mean, name)
    return mean


def _checked_scale(values: Floats, name: str) -> None:
    if np.abs(values).max() > 1e140:
        raise InvalidArgument(f"squares of {name} overflow; bring it to a smaller scale first")
