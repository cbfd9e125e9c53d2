"""How well a stand-in foretells scores of coalitions that it has not seen.

    R^2 = 1 - sum_k w_k (v_k - f(z_k))^2 / sum_k w_k (v_k - v_mean)^2

with LIME's weights w and the weighted mean of the judged scores, so that 1 is perfect, 0 is no
better than one number for all, and below 0 is worse. The same sum is taken of two others: the
constant that the fitting found best, and full LIME, a ridge on every feature. Where all coalitions
there are were tried, each is foretold by a stand-in made like this one from 15 of 16 parts of the
others (cross-validation). The 95 % interval is a bootstrap over the judged coalitions. Its low end
decides whether the stand-in explains, so that few coalitions cannot pass by luck. What fails and
has more numbers than a quarter of the coalitions it was made from is said to restate their scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatlens.statistics import drawn_sums, percentile_interval
from heatlens.surrogates.local.neighbourhood import Floats

__all__ = [
    "LEAST",
    "LocalFidelity",
    "constant",
    "lime",
    "r_squared",
    "spread_of",
    "verdict",
    "weighted_line",
]

LEAST = 0.5
"""Fidelity below which a stand-in is said not to explain a decision."""
_RIDGE = 1e-3
_PER_NUMBER = 4
_RESAMPLES = 1000


@dataclass(frozen=True)
class LocalFidelity:
    """Weighted R^2 on the judged coalitions.

    Attributes:
        stand_in: of the stand-in; at most 1, NaN where the score never changes.
        low: lower end of its 95 % interval.
        high: upper end.
        constant: of the best constant, about 0.
        lime: of LIME with all features.
        judged: how many coalitions these are measured on.
        held_out: whether these were kept from it; False where all there are were tried, and judged
            by cross-validation.
        numbers: how many the stand-in is made of: leaves, or weights and intercept.
        fitted: how many coalitions it is made from.
        over_all: where all coalitions there are were tried, its R^2 over them, which it has seen.
    """

    stand_in: float
    low: float
    high: float
    constant: float
    lime: float
    judged: int
    held_out: bool
    numbers: int
    fitted: int
    over_all: float | None = None

    @property
    def restates(self) -> bool:
        """Whether it needs more numbers than a quarter of the scores that it is to explain."""
        return self.numbers > self.fitted / _PER_NUMBER


def r_squared(scores: Floats, foretold: Floats, weights: Floats) -> float:
    """Weighted coefficient of determination; NaN where the scores do not differ.

    Example:
        >>> scores, even = np.array([0.0, 2.0]), np.ones(2)
        >>> r_squared(scores, scores, even), r_squared(scores, np.ones(2), even)
        (1.0, 0.0)
    """
    mean = np.average(scores, weights=weights)
    spread = float(weights @ (scores - mean) ** 2)
    # Differences that rounding makes are none.
    if spread <= 1e-12 * float(weights @ scores**2):
        return float("nan")
    return 1 - float(weights @ (scores - foretold) ** 2) / spread


def spread_of(scores: Floats, foretold: Floats, weights: Floats, seed: int) -> tuple[float, float]:
    """Ends of the 95 % interval of `r_squared`, by drawing the coalitions with replacement.

    A draw of coalitions whose scores are all the same counts as 0.
    """
    middle = np.average(scores, weights=weights)
    v = scores - middle
    columns = np.stack([weights, weights * v, weights * v**2, weights * (scores - foretold) ** 2])
    rng = np.random.default_rng(seed)
    total, first, second, missed = drawn_sums(columns.T, _RESAMPLES, rng).T
    spread = second - first**2 / total
    # Differences that rounding makes are none.
    varied = spread > 1e-12 * total * np.abs(v).max() ** 2
    drawn = np.where(varied, 1 - missed / np.where(varied, spread, 1), np.nan)
    low, high = percentile_interval(drawn, 0.95, undefined=0.0)
    return low, high


def weighted_line(z: Floats, scores: Floats, weights: Floats, ridge: float) -> tuple[float, Floats]:
    """Intercept and slopes (n,) of a weighted ridge regression; the intercept is not penalised.

    Args:
        z: (k, n).
        scores: (k,).
        weights: (k,).
        ridge: penalty of the slopes' squares as a share of the whole weight; 0 is least squares,
            of the shortest slopes if several fit.

    Example:
        >>> z = np.array([[0.0], [1.0]])
        >>> intercept, slopes = weighted_line(z, np.array([1.0, 3.0]), np.ones(2), 0.0)
        >>> round(intercept, 6), slopes.round(6).tolist()
        (1.0, [2.0])
    """
    total = weights.sum()
    middle, mean = weights @ z / total, float(weights @ scores / total)
    root = np.sqrt(weights)
    A, b = root[:, None] * (z - middle), root * (scores - mean)
    if ridge:
        slopes = np.linalg.solve(A.T @ A + ridge * total * np.eye(z.shape[1]), A.T @ b)
    else:
        slopes = np.linalg.lstsq(A, b, rcond=None)[0]
    return float(mean - middle @ slopes), slopes


def lime(z: Floats, scores: Floats, weights: Floats) -> Callable[[Floats], Floats]:
    """Full LIME, a weight for each feature, as what foretells scores of coalitions."""
    intercept, slopes = weighted_line(z, scores, weights, _RIDGE)
    return lambda present: intercept + present @ slopes


def constant(z: Floats, scores: Floats, weights: Floats) -> Callable[[Floats], Floats]:
    """The weighted mean of the scores for every coalition."""
    mean = float(np.average(scores, weights=weights))
    return lambda present: np.full(len(present), mean)


def verdict(fidelity: LocalFidelity, least: float, kind: str, features: int) -> tuple[bool, str]:
    """Whether a stand-in explains the decision, and why that is said."""
    if np.isnan(fidelity.stand_in):
        return False, (
            "nothing to explain: the score does not change whatever part of the picture is "
            "replaced; try another target, baseline or features"
        )
    judged = (
        "coalitions it never saw"
        if fidelity.held_out
        else "coalitions, all there are, each foretold from others"
    )
    said = (
        f"R² {_two(fidelity.stand_in)} (95 % interval {_two(fidelity.low)} to "
        f"{_two(fidelity.high)}) on {fidelity.judged} {judged} (a constant "
        f"{_two(fidelity.constant)}, LIME with all {features} features {_two(fidelity.lime)})"
    )
    refused = f"the {kind} does not explain this decision: "
    if fidelity.low >= least:
        return True, f"the {kind} explains this decision: {said}"
    if fidelity.restates:
        return False, (
            f"{refused}with {fidelity.numbers} numbers it restates the {fidelity.fitted} scores "
            f"that it was made from, and foretells none: {said}; at least {least:g} is asked at "
            "the low end. More features and samples, or fewer numbers, can tell more"
        )
    helps = (
        "LIME does no better: other features, baseline or a smaller width= may"
        if fidelity.lime < least
        else "LIME with all features does: allow more of them"
    )
    return False, f"{refused}{said}; at least {least:g} is asked at the low end. {helps}"


def _two(number: float) -> str:
    """Two places, and no minus before a zero."""
    return f"{round(number, 2) + 0.0:.2f}"
