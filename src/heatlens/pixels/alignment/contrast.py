"""Local contrast: how much brighter a pixel is than what lies around it.

    c = H / sqrt(G * H^2 + e),    H = S * I - G * I

with G a wide Gaussian, S one of a pixel, which takes noise out, and e the mean square of H over the
picture, so that what is flat stays flat. Two pictures under the same light, darker towards their
corners, correlate whatever they show; their local contrasts do not.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["correlation", "local_contrast", "reach"]

Grey = npt.NDArray[np.float32]

_SHARE, _LEAST = 1 / 24, 3.0
"""Standard deviation of the Gaussian: share of the shorter side, and pixels at least."""

_FINE = 1.0
"""Standard deviation of the narrow Gaussian, pixels."""


def local_contrast(picture: Grey, seen: npt.NDArray[np.bool_] | None = None) -> Grey:
    """The local contrast of a grey picture, (H, W), about -1..1; 0 where it is not seen.

    Args:
        picture: (H, W).
        seen: (H, W), where it has pixels; means are taken over these. None: everywhere.
    """
    wide = _sigma(picture)
    weight = None if seen is None or seen.all() else seen.astype(np.float32)

    def mean(values: Grey, sigma: float) -> Grey:
        if weight is None:
            return _blurred(values, sigma)
        total = np.maximum(_blurred(weight, sigma), 1e-3)
        return np.asarray(_blurred(values * weight, sigma) / total, np.float32)

    high = mean(picture, _FINE) - mean(picture, wide)
    if weight is not None:
        high *= weight
    floor = float((high.astype(np.float64) ** 2).mean())
    if floor == 0:
        return np.zeros_like(picture)
    return np.asarray(high / np.sqrt(mean(high**2, wide) + floor), np.float32)


def reach(picture: Grey) -> int:
    """Pixels from the edge up to which the local contrast is of what the picture cuts off."""
    return math.ceil(1.5 * _sigma(picture))


def correlation(a: Grey, b: Grey, seen: npt.NDArray[np.bool_]) -> float:
    """Pearson's correlation where both are seen; 0 where there is nothing to correlate."""
    if seen.sum() < 2:
        return 0.0
    x, y = a[seen].astype(np.float64), b[seen].astype(np.float64)
    x, y = x - x.mean(), y - y.mean()
    length = np.sqrt((x**2).sum() * (y**2).sum())
    return float((x * y).sum() / length) if length > 1e-12 else 0.0


def _sigma(picture: Grey) -> float:
    return max(_LEAST, _SHARE * min(picture.shape))


def _blurred(values: Grey, sigma: float) -> Grey:
    return np.asarray(
        ndimage.gaussian_filter(values, sigma, mode="reflect", truncate=3), np.float32
    )
