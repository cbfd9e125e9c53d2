r"""Student's interval: of a mean, or of any estimate with a standard error.

    x_mean ± t_{n-1} s / sqrt(n),   s^2 = sum (x_i - x_mean)^2 / (n - 1)

Student: The probable error of a mean, Biometrika 1908.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.statistics.interval import Interval, check_confidence

__all__ = ["mean_interval", "t_interval"]


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95) -> tuple[float, Interval]:
    """The mean of independent values, and its interval.

    It has no width where all values are the same: nothing is known then of how they vary. For a
    share of yes and no take `wilson_interval`.

    Args:
        values: (n,), at least 2, finite.
        confidence: of the interval.

    Raises:
        InvalidArgument: fewer than two values, or some that are not finite.

    Example:
        >>> mean, interval = mean_interval([1.0, 2.0, 3.0])
        >>> print(mean, interval, sep=", ")
        2.0, −0.48 to 4.48
    """
    x = np.asarray(values, np.float64)
    if x.ndim != 1 or len(x) < 2:
        raise InvalidArgument(
            f"values of shape {x.shape}; an interval of a mean takes a row of at least 2"
        )
    if not np.isfinite(x).all():
        raise InvalidArgument(
            f"{int((~np.isfinite(x)).sum())} of {len(x)} values are NaN or infinite; leave those "
            "out, and say so"
        )
    mean = float(x.mean())
    # Rounding of the mean is no spread.
    error = float(x.std(ddof=1)) / math.sqrt(len(x)) if np.ptp(x) else 0.0
    return mean, t_interval(mean, error, len(x) - 1, confidence)


def t_interval(value: float, error: float, freedom: int, confidence: float = 0.95) -> Interval:
    """`value ± t error`, with Student's t of so many degrees of freedom.

    Args:
        value: the estimate.
        error: its standard error, at least 0.
        freedom: degrees of freedom that the error was estimated with, at least 1.
        confidence: of the interval.

    Raises:
        InvalidArgument: an error below 0 or NaN, or no degree of freedom.

    Example:
        >>> print(t_interval(1.0, 0.1, 9))
        0.77 to 1.23
    """
    from scipy import stats

    if not error >= 0 or freedom < 1:
        raise InvalidArgument(
            f"standard error {error} with {freedom} degrees of freedom; expected 0 or more, with "
            "1 or more"
        )
    half = float(stats.t.ppf(0.5 + check_confidence(confidence) / 2, freedom)) * error
    return Interval(value - half, value + half)
