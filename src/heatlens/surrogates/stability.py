"""How much of a stand-in stays when the pictures it learnt from are drawn again.

A stand-in that changes with its pictures tells of them, not of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from heatlens.frozen import frozen

__all__ = ["Coefficients", "Imitator", "Stability", "coefficients_of", "stability_of"]

Floats = npt.NDArray[np.float64]


class Imitator(Protocol):
    """A fitted stand-in."""

    form: str

    def answers(self, values: Floats) -> Floats:
        """(n, k) of rows (n, f)."""
        ...

    def importances(self) -> Floats:
        """(f,), not negative."""
        ...

    def first(self) -> int | None:
        """The column that tells most."""
        ...


@dataclass(frozen=True)
class Stability:
    """Of stand-ins that were fitted to the training part drawn again with replacement.

    Attributes:
        resamples: how many.
        first: feature of the first question, or with the largest coefficients; None if there is
            none.
        first_share: share of resamples in which it is the same.
        first_group: the group of that feature.
        first_group_share: share of resamples in which it is one of the same group.
        rank_correlation: mean Spearman correlation of the features' importances, -1..1.
        same_answers: mean share of held-out pictures of which they say the same; for a number the
            mean squared correlation.
    """

    resamples: int
    first: str | None
    first_share: float
    first_group: str | None
    first_group_share: float
    rank_correlation: float
    same_answers: float


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Coefficients of a linear stand-in, for one standard deviation of the feature.

    They are penalised, and so are those whose intervals these are: what fits with the same penalty
    to other such pictures give. See `heatlens.surrogates.unpenalised`.

    Attributes:
        values: (r, f).
        low: (r, f) lower ends of bootstrap intervals of the penalised coefficients.
        high: (r, f) upper ends.
        same_sign: (r, f) share of resamples with the sign of `values`.
        labels: r names of what rises: classes (their score against the mean of all), the log odds
            of the second of two, or the number.
        confidence: of the intervals.
        penalty: in words, "a ridge penalty of 0.1".
        unpenalised: (low, high), each (r, f), of least squares on the same resamples; None where
            there is none.
    """

    values: Floats
    low: Floats
    high: Floats
    same_sign: Floats
    labels: tuple[str, ...]
    confidence: float
    penalty: str
    unpenalised: tuple[Floats, Floats] | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for name in ("values", "low", "high", "same_sign"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
        if self.unpenalised is not None:
            low, high = self.unpenalised
            object.__setattr__(self, "unpenalised", (frozen(low), frozen(high)))

    @property
    def moved(self) -> npt.NDArray[np.bool_]:
        """(r, f), which of them lie outside the interval that they have without the penalty."""
        if self.unpenalised is None:
            return np.zeros(self.values.shape, np.bool_)
        low, high = self.unpenalised
        return (self.values < low) | (self.values > high)


def stability_of(
    whole: Imitator,
    again: Sequence[Imitator],
    held_out: Floats,
    names: Sequence[str],
    groups: Sequence[str],
    classes: bool,
) -> Stability:
    """Compare a stand-in with those of resampled pictures.

    Args:
        whole: fitted to the training part.
        again: fitted to it drawn again.
        held_out: (m, f) rows that they answer.
        names: of the features.
        groups: of the features.
        classes: whether they choose classes.
    """
    first = whole.first()
    firsts = [other.first() for other in again]
    own = whole.answers(held_out)
    same = []
    for other in again:
        theirs = other.answers(held_out)
        same.append(
            float((own.argmax(axis=1) == theirs.argmax(axis=1)).mean())
            if classes
            else correlation(own[:, 0], theirs[:, 0]) ** 2
        )
    ranks = [rank_correlation(whole.importances(), other.importances()) for other in again]
    group = None if first is None else groups[first]
    return Stability(
        resamples=len(again),
        first=None if first is None else names[first],
        first_share=float(np.mean([other == first for other in firsts])),
        first_group=group,
        first_group_share=float(
            np.mean([(None if other is None else groups[other]) == group for other in firsts])
        ),
        rank_correlation=float(np.mean(ranks)),
        same_answers=float(np.mean(same)),
    )


def coefficients_of(
    values: Floats,
    again: Floats,
    labels: tuple[str, ...],
    confidence: float,
    penalty: str,
    unpenalised: tuple[Floats, Floats] | None = None,
) -> Coefficients:
    """Coefficients (r, f) with percentile intervals of those of resamples (s, r, f)."""
    tail = 50 * (1 - confidence)
    low, high = np.percentile(again, [tail, 100 - tail], axis=0)
    same = (np.sign(again) == np.sign(values)).mean(axis=0)
    return Coefficients(values, low, high, same, labels, confidence, penalty, unpenalised)


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's correlation, with mean ranks for equals.

    Example:
        >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
        1.0
    """
    from scipy.stats import rankdata

    return correlation(rankdata(first), rankdata(second))


def correlation(first: Floats, second: Floats) -> float:
    """Pearson's correlation; of constants 1 if both are, else 0."""
    a, b = first - first.mean(), second - second.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    if length == 0:
        return float(not a.any() and not b.any())
    return round(float(a @ b) / length, 12)
