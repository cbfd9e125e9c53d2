"""Figures over pictures with their 95 % intervals: a share of pictures, and a mean of shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.statistics import mean_interval, wilson_interval

__all__ = ["FEWEST", "Estimate", "mean_share", "share_of_pictures"]

FEWEST = 10
"""Pictures below which no interval is given: it would promise what so few cannot tell."""


@dataclass(frozen=True)
class Estimate:
    """A figure and where it lies with 95 % confidence.

    Attributes:
        value: the figure.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """In percent: "61.0 % (54.1 to 67.5)".

        Example:
            >>> str(Estimate(0.61, 0.541, 0.675))
            '61.0 % (54.1 to 67.5)'
        """
        return f"{self.value:.1%} ({100 * self.low:.1f} to {100 * self.high:.1f})".replace(
            "%", " %"
        )


def share_of_pictures(right: npt.ArrayLike) -> Estimate:
    """Share of True, with the interval of `heatlens.statistics.wilson_interval`.

    Args:
        right: (n,) bool.

    Raises:
        InvalidArgument: fewer than 10 pictures.

    Example:
        >>> found = share_of_pictures([True] * 10)
        >>> found.value, round(found.low, 2), round(found.high, 2)
        (1.0, 0.72, 1.0)
    """
    hits = np.asarray(right, bool)
    n = _enough(hits)
    low, high = wilson_interval(int(hits.sum()), n)
    return Estimate(float(hits.mean()), low, high)


def mean_share(shares: npt.ArrayLike) -> Estimate:
    """Mean of one share a picture, with Student's interval, cut to 0..1.

    Where every picture has 0, or every one 1, nothing is known of how they vary; they are counted
    then as pictures with and without, as in `share_of_pictures`.

    Args:
        shares: (n,) in 0..1.

    Raises:
        InvalidArgument: fewer than 10 pictures, or a share that is none.

    Example:
        >>> found = mean_share([0.25, 0.75] * 5)
        >>> found.value, round(found.low, 2), round(found.high, 2)
        (0.5, 0.31, 0.69)
    """
    each = np.asarray(shares, np.float64)
    _enough(each)
    if not ((each >= 0) & (each <= 1 + 1e-9)).all():
        raise InvalidArgument(f"shares from {each.min():g} to {each.max():g}; 0 to 1 is meant")
    if each.max() == 0 or each.min() >= 1:
        return share_of_pictures(each > 0)
    mean, interval = mean_interval(each)
    return Estimate(mean, max(0.0, interval.low), min(1.0, interval.high))


def _enough(values: npt.NDArray[Any]) -> int:
    if values.ndim != 1 or len(values) < FEWEST:
        raise InvalidArgument(
            f"{len(values)} pictures are too few for an interval: at least {FEWEST} are needed"
        )
    return len(values)
