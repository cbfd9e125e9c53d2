r"""The score interval of a share, which also holds near 0 and 1.

    (p + z^2 / 2n ± z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n),   p = right / n

with the two-sided normal quantile z. It is the set of shares that a score test does not reject.

Wilson: Probable inference, the law of succession, and statistical inference, JASA 1927; Brown,
Cai, DasGupta: Interval estimation for a binomial proportion, Statistical Science 2001.
"""

from __future__ import annotations

import math

from heatlens.errors import InvalidArgument
from heatlens.statistics.interval import Interval, check_confidence

__all__ = ["wilson_interval"]


def wilson_interval(right: int, of: int, confidence: float = 0.95) -> Interval:
    """Interval of the share `right / of`, within 0..1.

    Args:
        right: how many.
        of: among how many independent ones, at least 1.
        confidence: of the interval.

    Raises:
        InvalidArgument: no case at all, or more that are right than there are.

    Example:
        >>> print(wilson_interval(10, 10))
        0.72 to 1.00
    """
    from scipy import stats

    if of < 1 or not 0 <= right <= of:
        raise InvalidArgument(
            f"{right} of {of} is no share; at least one case is needed, and 0 to {max(of, 1)} of "
            "them right"
        )
    z2 = float(stats.norm.ppf(0.5 + check_confidence(confidence) / 2)) ** 2
    share = right / of
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = math.sqrt(z2 * (share * (1 - share) / of + z2 / (4 * of**2))) / (1 + z2 / of)
    # Without rounding the ends would be 0 and 1 exactly there.
    low = 0.0 if right == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if right == of else min(1.0, middle + half))
