r"""Skill: of the decisions that a constant guess gets wrong, those that a stand-in gets right, net.

With w of m pictures that the guess gets wrong, R of which the stand-in gets right, and F that it
gets wrong of the others:

    skill = R / w - k F / (m - w),   k = (m - w) / w

The interval puts Wilson's of the three shares R / w, F / (m - w) and w / m (which gives k) together
as roots of squared distances, each in its own direction (MOVER). A bootstrap would have no width
where everything is right, however few those w pictures are.

Zou, Donner: Construction of confidence limits about effect measures: a general approach, Statistics
in Medicine 2008; Newcombe: Interval estimation for the difference between independent proportions,
Statistics in Medicine 1998.
"""

from __future__ import annotations

import math

from heatlens.statistics import Interval, wilson_interval

__all__ = ["FEWEST", "skill_interval", "variance_bound"]

FEWEST = 10
"""Decisions against the constant guess below which nothing is said to be explained."""


def skill_interval(
    gained: int, against: int, lost: int, pictures: int, confidence: float
) -> tuple[float, Interval]:
    """The skill, at most 1, and its interval.

    Args:
        gained: R, decisions that the guess gets wrong and the stand-in right.
        against: w, all that the guess gets wrong; at least 1.
        lost: F, decisions that the guess gets right and the stand-in wrong.
        pictures: m, all decisions; more than w, or w where none is left.
        confidence: of the interval.

    Example:
        >>> skill, interval = skill_interval(14, 14, 0, 60, 0.95)
        >>> skill, interval.percent()
        (1.0, '67 to 100 %')
    """
    with_guess = pictures - against
    right = gained / against
    told, share = (
        wilson_interval(gained, against, confidence),
        wilson_interval(against, pictures, confidence),
    )
    wrong, off = 0.0, Interval(0.0, 0.0)
    if with_guess:
        wrong, off = lost / with_guess, wilson_interval(lost, with_guess, confidence)
    ratio = with_guess / against
    # `share` is above 0, as w is.
    most, least = (1 - share.low) / share.low, (1 - share.high) / share.high
    value = right - ratio * wrong
    below = math.hypot(right - told.low, ratio * (off.high - wrong), wrong * (most - ratio))
    above = math.hypot(told.high - right, ratio * (wrong - off.low), wrong * (ratio - least))
    return value, Interval(value - below, max(value, min(1.0, value + above)))


def variance_bound(shares: list[float], confidence: float) -> float:
    """The most that the low end of an explained share of variance can be.

    It rests on few pictures where a few hold most of the variance: on (sum v)^2 / sum v^2 of them
    (Kish, Survey Sampling, 1965), and of as many that are all right Wilson's interval still begins
    below 1, at n / (n + z^2).

    Args:
        shares: each picture's part of the variance, not negative, not all 0.
        confidence: of the interval.

    Example:
        >>> round(variance_bound([1.0] * 10 + [0.0] * 50, 0.95), 3)
        0.722
    """
    from scipy.special import ndtri

    count = math.fsum(shares) ** 2 / math.fsum(share**2 for share in shares)
    return count / (count + float(ndtri(0.5 + confidence / 2)) ** 2)
