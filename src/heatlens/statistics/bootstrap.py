r"""The bootstrap: how a statistic changes when its rows are drawn again with replacement.

Percentile: the quantiles (1 - c) / 2 and (1 + c) / 2 of the draws. BCa (bias-corrected,
accelerated) takes them at

    Phi(z_0 + (z_0 + z) / (1 - a (z_0 + z)))

with z the normal quantiles of the two, z_0 = Phi^-1(share of draws below the statistic, ties by
half) and a = sum d_i^3 / (6 (sum d_i^2)^1.5), d_i the mean of the statistics with one row left out
less that without row i.

A statistic that is at its bound for all rows (a share of 1) is so in every draw, and the interval
has no width: a bound has to come from elsewhere, such as `wilson_interval`.

Efron: Better bootstrap confidence intervals, JASA 1987; Efron, Tibshirani: An Introduction to the
Bootstrap, 1993, ch. 13 and 14.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.statistics.interval import Interval, check_confidence

__all__ = ["bootstrap_interval", "drawn_sums", "percentile_interval"]

Floats = npt.NDArray[np.float64]
Kind = Literal["percentile", "bca"]

_KINDS: tuple[Kind, ...] = ("percentile", "bca")
_CELLS = 4_000_000


def bootstrap_interval(
    rows: npt.NDArray[Any],
    statistic: Callable[[npt.NDArray[Any]], float],
    *,
    kind: Kind = "percentile",
    resamples: int = 2000,
    confidence: float = 0.95,
    undefined: float | None = None,
    seed: int = 0,
) -> Interval:
    """Interval of a statistic of rows.

    Args:
        rows: (n, ...), at least 2.
        statistic: from rows to a number, in any order of them.
        kind: "percentile", or "bca", which is more exact where the draws are skewed.
        resamples: how often rows are drawn, at least 10 / (1 - confidence).
        confidence: of the interval.
        undefined: what a draw counts as for which the statistic is NaN, such as a ratio by zero;
            without it such draws are refused.
        seed: of the draws.

    Raises:
        InvalidArgument: too few rows or draws, or draws that are NaN.
        UnknownName: no such kind.

    Example:
        >>> print(bootstrap_interval(np.arange(100.0), np.mean))
        43.91 to 55.08
    """
    if kind not in _KINDS:
        raise UnknownName("kind of bootstrap", str(kind), _KINDS)
    n = len(rows)
    _check(n, resamples, confidence)
    rng = np.random.default_rng(seed)
    draws = np.array([float(statistic(rows[rng.integers(n, size=n)])) for _ in range(resamples)])
    if kind == "percentile":
        return percentile_interval(draws, confidence, undefined)
    kept = np.ones(n, np.bool_)
    without = np.empty(n)
    for i in range(n):
        kept[i] = False
        without[i] = statistic(rows[kept])
        kept[i] = True
    draws, without = (_defined(found, undefined) for found in (draws, without))
    value = float(_defined(np.array([float(statistic(rows))]), undefined)[0])
    return _bca(value, draws, without, confidence)


def percentile_interval(
    draws: Floats, confidence: float = 0.95, undefined: float | None = None
) -> Interval:
    """From draws (b,) of a statistic to its interval.

    Args:
        draws: of the statistic.
        confidence: of the interval.
        undefined: see `bootstrap_interval`.

    Raises:
        InvalidArgument: draws are NaN, and `undefined` does not say what they count as.

    Example:
        >>> print(percentile_interval(np.linspace(0.0, 1.0, 41), 0.9))
        0.05 to 0.95
    """
    tail = (1 - check_confidence(confidence)) / 2
    low, high = np.quantile(_defined(draws, undefined), (tail, 1 - tail))
    return Interval(float(low), float(high))


def drawn_sums(columns: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Sums of columns over rows drawn again: all that means and ratios of means need.

    Args:
        columns: (n, q).
        resamples: b, how often n rows are drawn.
        rng: draws.

    Returns:
        (b, q). Memory is bounded, however many rows there are.

    Example:
        >>> drawn_sums(np.ones((5, 1)), 3, np.random.default_rng(0)).tolist()
        [[5.0], [5.0], [5.0]]
    """
    n = len(columns)
    block = max(1, _CELLS // n)
    sums = []
    for first in range(0, resamples, block):
        # How often each row is drawn: sums become one product.
        times = rng.multinomial(n, np.full(n, 1 / n), size=min(block, resamples - first))
        sums.append(times.astype(np.float64) @ columns)
    return np.concatenate(sums)


def _bca(value: float, draws: Floats, without: Floats, confidence: float) -> Interval:
    from scipy import stats

    below = float((draws < value).mean() + (draws == value).mean() / 2)
    edge = 0.5 / len(draws)  # a draw on the other side, had there been more
    bias = float(stats.norm.ppf(min(max(below, edge), 1 - edge)))
    off = without.mean() - without
    spread = float((off**2).sum()) ** 1.5
    skew = float((off**3).sum()) / (6 * spread) if spread else 0.0
    tail = (1 - confidence) / 2
    z = bias + stats.norm.ppf([tail, 1 - tail])
    low, high = np.quantile(draws, stats.norm.cdf(bias + z / (1 - skew * z)))
    return Interval(float(low), float(high))


def _defined(draws: Floats, undefined: float | None) -> Floats:
    missing = np.isnan(draws)
    if not missing.any():
        return draws
    if undefined is None:
        raise InvalidArgument(
            f"the statistic is NaN in {int(missing.sum())} of {len(draws)} draws; say what such a "
            "draw counts as (undefined=), or give more rows"
        )
    return np.where(missing, undefined, draws)


def _check(n: int, resamples: int, confidence: float) -> None:
    if n < 2:
        raise InvalidArgument(f"{n} rows cannot be drawn again; at least 2 are needed")
    # So that at least five draws lie beyond each end.
    enough = math.ceil(10 / (1 - check_confidence(confidence)) - 1e-9)
    if resamples < enough:
        raise InvalidArgument(
            f"{resamples} resamples give no interval at {confidence:.3g}; it takes {enough}"
        )
