"""How far an importance may be off: over the data set and over the donors.

A row of a data set has two roles where features are taken from other rows: it is explained, and it
gives. Leaving a row out therefore leaves out both (the delete-one jackknife of a statistic of two
samples, whose square is, up to its bias upwards, the variance of the Hoeffding projection):

    se^2 = (n - 1) / n * sum_k (theta_(k) - mean theta)^2

Rows without one are compared with themselves unchanged, so a feature that nothing hangs on has no
error.

Where the score is no mean over rows, groups of rows are left out instead, with as many degrees of
freedom as there are groups, less one. Efron, Stein: The Jackknife Estimate of Variance, Annals of
Statistics 1981; Kott: Delete-a-group jackknife, Journal of Official Statistics 2001.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.importance.subject import Floats, Ints
from heatlens.statistics.interval import check_confidence
from heatlens.statistics.student import t_interval

__all__ = ["Estimate", "GroupLosses", "RowLosses", "check_rows", "least_rows", "mean_estimate"]

_FEWEST = 10
_GROUPS = 30

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error and the ends of its interval."""

    value: float
    error: float
    low: float
    high: float


def least_rows(confidence: float) -> int:
    """Rows from which an interval of this confidence is given.

    At least 10, and so many that the range of the rows' own values would by itself be an interval
    for their median: 2 * 0.5^n <= 1 - confidence.

    Example:
        >>> least_rows(0.95), least_rows(0.9999)
        (10, 15)
    """
    return max(_FEWEST, math.ceil(1 - math.log2(1 - check_confidence(confidence)) - 1e-12))


def check_rows(count: int, confidence: float, what: str = "row") -> None:
    """Refuse a data set that is too small for the interval.

    Raises:
        InvalidArgument: which says how many rows it takes.
        InvalidType: a confidence that is no number.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, float | int | np.number):
        raise InvalidType(f"confidence is {confidence!r}; a number between 0 and 1, like 0.95")
    least = least_rows(confidence)
    if count < least:
        raise InvalidArgument(
            f"{count} {what}{'s' if count != 1 else ''} are too few for an interval of "
            f"{confidence:.4g}; at least {least} are needed"
        )


def mean_estimate(values: Floats, confidence: float) -> Estimate:
    """The mean of independent values (n,), by Student's t.

    Example:
        >>> found = mean_estimate(np.array([1.0, 2.0, 3.0]), 0.95)
        >>> round(found.low, 3), found.value, round(found.high, 3)
        (-0.484, 2.0, 4.484)
    """
    n = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(n) if np.ptp(values) else 0.0
    return _estimate(float(values.mean()), error, n - 1, confidence)


class RowLosses:
    """mean(base) - mean(changed), over repeats, for a score that is a mean over rows.

    Repeats are added one by one; no more than a few numbers a row are kept.

    Example:
        >>> losses = RowLosses(np.ones(10))
        >>> losses.add(np.linspace(0, 1, 10), None)
        >>> round(losses.estimate(0.95).value, 3)
        0.5
    """

    def __init__(self, base: Floats) -> None:
        """Take each row's own part of the score, (n,)."""
        self.base = base
        self.values: list[float] = []
        self._total, self._without = np.zeros(len(base)), np.zeros(len(base))
        self._given = False

    def add(self, changed: Floats, donors: Ints | None) -> None:
        """A repeat: the parts (n,) with a feature replaced, and whom it was taken from.

        Args:
            changed: (n,).
            donors: (n,), a permutation; None: from nobody.
        """
        n, losses = len(self.base), self.base - changed
        self.values.append(float(losses.mean()))
        if donors is None:
            self._total += losses
            return
        self._given = True
        given = np.empty(n)
        given[donors] = losses  # where a row is the donor
        own, total = donors == np.arange(n), losses.sum()
        without = np.where(
            own, (total - losses) / (n - 1), (total - losses - given) / max(n - 2, 1)
        )
        self._without += without

    def estimate(self, confidence: float) -> Estimate:
        """The mean over the repeats, and its interval over rows and donors."""
        n, repeats = len(self.base), len(self.values)
        if not self._given:
            return mean_estimate(self._total / repeats, confidence)
        value = float(np.mean(self.values))
        return _estimate(value, _jackknife(self._without / repeats), n - 1, confidence)


class GroupLosses:
    """The loss of any score, over repeats; its interval leaves groups of rows out."""

    def __init__(self, rows: int, seed: int) -> None:
        """Draw the groups.

        Args:
            rows: how many there are.
            seed: of the groups.
        """
        self.values: list[float] = []
        self._groups = min(rows, _GROUPS)
        self._of = np.random.default_rng(seed).permutation(np.arange(rows) % self._groups)
        self._without = np.zeros(self._groups)

    def add(self, loss: Callable[[Bools], float], donors: Ints | None) -> None:
        """A repeat: the loss on the rows (n,) that are kept, and whom each was taken from."""
        self.values.append(loss(np.ones(len(self._of), np.bool_)))
        for group in range(self._groups):
            kept = self._of != group
            self._without[group] += loss(kept if donors is None else kept & kept[donors])

    def estimate(self, confidence: float) -> Estimate:
        """The mean over the repeats, and its interval."""
        error = _jackknife(self._without / len(self.values))
        return _estimate(float(np.mean(self.values)), error, self._groups - 1, confidence)


def _jackknife(without: Floats) -> float:
    """Standard error, from the statistic without each row or group."""
    n = len(without)
    return math.sqrt((n - 1) / n * float(np.square(without - without.mean()).sum()))


def _estimate(value: float, error: float, freedom: int, confidence: float) -> Estimate:
    return Estimate(value, error, *t_interval(value, error, freedom, confidence))
