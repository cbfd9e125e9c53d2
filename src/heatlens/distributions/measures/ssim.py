"""Structural similarity, as published: Gaussian window of 11 x 11 with standard deviation 1.5.

    SSIM = mean of  (2 m_a m_b + c1) (2 s_ab + c2) / ((m_a^2 + m_b^2 + c1) (s_a^2 + s_b^2 + c2))

m, s^2 and s_ab are mean, variance and covariance in the window; c1 = (.01 L)^2, c2 = (.03 L)^2 with
the span L of the values. Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, from error
visibility to structural similarity, IEEE Transactions on Image Processing 13(4), 2004.
"""

from __future__ import annotations

import numpy as np

from heatlens.distributions.measure import Floats, Grids, register
from heatlens.errors import InvalidArgument

__all__ = ["ssim"]

_HALF, _SIGMA = 5, 1.5


@register("ssim", unit="1", equal=1.0, highest=1.0)
def ssim(grids: Grids) -> float:
    """Structural similarity, 1 where both are the same: likeness of means, contrasts, patterns.

    Only windows that lie inside count.

    Raises:
        InvalidArgument: fewer than 11 x 11 pixels.

    Example:
        >>> flat = np.full((11, 11), 0.5)
        >>> ssim(Grids(flat, flat, 1.0))
        1.0
    """
    a, b = grids.a, grids.b
    if min(a.shape) < 2 * _HALF + 1:
        raise InvalidArgument(
            f"SSIM needs 11 x 11 pixels, the grid has {a.shape[0]} x {a.shape[1]}"
        )
    c1, c2 = (0.01 * grids.span) ** 2, (0.03 * grids.span) ** 2
    mean_a, mean_b = _windowed(a), _windowed(b)
    # Sums of squares about one common value, which keeps the variances of bright pictures exact.
    middle = (float(a.mean()) + float(b.mean())) / 2
    a, b = a - middle, b - middle
    off_a, off_b = mean_a - middle, mean_b - middle
    variance_a = _windowed(a * a) - off_a**2
    variance_b = _windowed(b * b) - off_b**2
    covariance = _windowed(a * b) - off_a * off_b
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(
        (likeness / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))).mean()
    )


def _windowed(values: Floats) -> Floats:
    """Mean under the Gaussian window, where it lies inside."""
    from scipy.ndimage import correlate1d

    window = np.exp(-0.5 * (np.arange(-_HALF, _HALF + 1) / _SIGMA) ** 2)
    window /= window.sum()
    for axis in (0, 1):
        values = correlate1d(values, window, axis)
    return values[_HALF:-_HALF, _HALF:-_HALF]
