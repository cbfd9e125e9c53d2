"""How well a stand-in imitates a network on pictures that it has not seen, with intervals.

For each held-out picture with the network's probabilities p and the stand-in's q:

    agreement = share of pictures with argmax q = argmax p
    R^2       = 1 - sum |p - q|^2 / sum |p - p0|^2,   p0: the mean of the training part
    skill     = (agreement - a0) / (1 - a0),          a0: agreement of the constant guess

For a number there is R^2 alone, and the skill is R^2. R^2 and the gains are bootstrapped over the
held-out pictures (percentile intervals; a draw in which the network always says the same counts as
0), and no R^2 is surer than the pictures that hold the variance are many. Agreements have Wilson's
interval, the skill that of `heatlens.surrogates.skill`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.statistics import Interval, drawn_sums, percentile_interval, wilson_interval
from heatlens.surrogates.skill import skill_interval, variance_bound

__all__ = ["Baseline", "Fidelity", "Held", "Measured", "measured", "minus"]

_REPEATS = 2000
_CONSTANT, _SHUFFLED = "constant guess", "shuffled columns"

Floats = npt.NDArray[np.float64]


def minus(text: str) -> str:
    """Numbers with a true minus."""
    return text.replace("-", "\u2212")


@dataclass(frozen=True)
class Measured:
    """A value and its interval.

    Example:
        >>> str(Measured(0.5, 0.25, 0.75))
        '0.50 (0.25 to 0.75)'
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, interval: Interval) -> Measured:
        """A value with its interval."""
        return cls(value, *interval)

    def __str__(self) -> str:
        return minus(f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})")

    def percent(self) -> str:
        """In per cent, "50 % (25 to 75 %)"."""
        value, low, high = (100 * part for part in (self.value, self.low, self.high))
        return minus(f"{value:.0f} % ({low:.0f} to {high:.0f} %)")


@dataclass(frozen=True)
class Baseline:
    """What a stand-in has to beat.

    Attributes:
        name: "constant guess", or "shuffled columns": the same stand-in, grown on the columns of
            other pictures.
        agreement: of the baseline, 0..1; None for a number.
        r2: of the baseline.
        gain: of the stand-in over it, picture by picture, in agreement (R^2 for a number).
    """

    name: str
    agreement: float | None
    r2: float
    gain: Measured


@dataclass(frozen=True)
class Fidelity:
    """How well the network is imitated on held-out pictures.

    Attributes:
        agreement: share of pictures of which both say the same; None for a number.
        r2: explained share of the variance of the probabilities, or of the number.
        skill: share of the decisions that a constant guess gets wrong and the stand-in right, net;
            for a number R^2. NaN where the guess gets none wrong.
        pictures: how many were held out.
        confidence: of the intervals.
        against: how many of them a constant guess gets wrong, which the skill rests on; None for a
            number.
    """

    agreement: Measured | None
    r2: Measured
    skill: Measured
    pictures: int
    confidence: float
    against: int | None = None


@dataclass(frozen=True, eq=False)
class Held:
    """Held-out answers and what imitates them.

    Attributes:
        truth: (m, k) of the network.
        constant: (k,) the mean of the training part; its class is the most frequent one.
        guess: the most frequent class of the training part.
        classes: whether the answers are probabilities of classes.
    """

    truth: Floats
    constant: Floats
    guess: int
    classes: bool


def measured(
    held: Held,
    imitated: Floats,
    shuffled: list[Floats],
    confidence: float,
    rng: np.random.Generator,
) -> tuple[Fidelity, tuple[Baseline, Baseline]]:
    """Fidelity, and the two baselines.

    Args:
        held: the network's answers.
        imitated: (m, k) of the stand-in.
        shuffled: the same of stand-ins that were grown on shuffled columns.
        confidence: of the intervals.
        rng: of the bootstrap.
    """
    m = len(held.truth)
    lost = [_lost(held, held.constant), *(_lost(held, said) for said in (imitated, *shuffled))]
    columns = list(lost)
    chosen = held.truth.argmax(axis=1)
    guessed_right, right = chosen == held.guess, chosen == imitated.argmax(axis=1)
    if held.classes:
        columns += [guessed_right, right, *(chosen == said.argmax(axis=1) for said in shuffled)]
    table = np.stack(columns, axis=1).astype(np.float64)
    sums = np.concatenate([table.sum(axis=0, keepdims=True), drawn_sums(table, _REPEATS, rng)])
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(sums[:, :1] > 0, 1 - sums[:, 1 : len(lost)] / sums[:, :1], np.nan)
    own, by_chance = r2[:, 0], r2[:, 1:].mean(axis=1)
    explained = _bounded(_interval(own, confidence), lost[0], confidence)
    if not held.classes:
        return Fidelity(None, explained, explained, m, confidence), (
            Baseline(_CONSTANT, None, 0.0, explained),
            Baseline(_SHUFFLED, None, float(by_chance[0]), _interval(own - by_chance, confidence)),
        )
    same = sums[:, len(lost) :] / m
    guessed, agreed, chance = same[:, 0], same[:, 1], same[:, 2:].mean(axis=1)
    against = int((~guessed_right).sum())
    skill = Measured(float("nan"), float("nan"), float("nan"))
    if against:
        gained, broken = int((right & ~guessed_right).sum()), int((guessed_right & ~right).sum())
        skill = Measured.of(*skill_interval(gained, against, broken, m, confidence))
    agreement = Measured.of(float(agreed[0]), wilson_interval(int(right.sum()), m, confidence))
    return Fidelity(agreement, explained, skill, m, confidence, against), (
        Baseline(_CONSTANT, float(guessed[0]), 0.0, _interval(agreed - guessed, confidence)),
        Baseline(
            _SHUFFLED,
            float(chance[0]),
            float(by_chance[0]),
            _interval(agreed - chance, confidence),
        ),
    )


def _lost(held: Held, said: Floats) -> Floats:
    """Squared distance of each picture's answers, (m,)."""
    return np.asarray(((held.truth - said) ** 2).sum(axis=1))


def _interval(values: Floats, confidence: float) -> Measured:
    """The first of the values, and the percentiles of the rest; a NaN among these counts as 0."""
    return Measured.of(float(values[0]), percentile_interval(values[1:], confidence, undefined=0.0))


def _bounded(found: Measured, variances: Floats, confidence: float) -> Measured:
    """With a low end that is no surer than the pictures with the variance are many."""
    if not variances.any():
        return found
    bound = variance_bound((variances / variances.max()).tolist(), confidence)
    return Measured(found.value, min(found.low, bound), found.high)
