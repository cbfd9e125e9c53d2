"""Hits against false alarms: areas under the curve, as means of one number per positive.

    AUC = mean_i u_i,   u_i = (1 / m) sum_j [p_i > q_j] + [p_i = q_j] / 2

Mann, Whitney: On a test of whether one of two random variables is stochastically larger than the
other, Annals of Mathematical Statistics 1947.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.perception.metrics.given import Floats

__all__ = ["share_below", "share_below_in_steps", "swept_by_positives"]


def share_below(positives: npt.NDArray[Any], negatives: npt.NDArray[Any]) -> Floats:
    """Of each positive the share of negatives below it, ties counting half.

    Their mean is the area under the ROC curve, the Mann-Whitney statistic.

    Args:
        positives: (n,).
        negatives: (m,).

    Returns:
        (n,), 0..1.

    Example:
        >>> share_below(np.array([2.0, 3.0]), np.array([1.0, 2.0])).tolist()
        [0.75, 1.0]
    """
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, "left")
    up_to = np.searchsorted(ordered, positives, "right")
    shares: Floats = (below + up_to) / (2 * len(ordered))
    return shares


def share_below_in_steps(positives: Floats, negatives: Floats, step: float) -> Floats:
    """`share_below` for a curve with thresholds at 0, step, 2 step, ... and straight lines between.

    Values between two thresholds are not told apart, they tie: with a step of .1 a curve has
    about ten points.

    Args:
        positives: (n,), 0..1.
        negatives: (m,), 0..1.
        step: between thresholds, above 0, at most 1.

    Returns:
        (n,), 0..1.

    Example:
        >>> share_below_in_steps(np.array([0.95, 0.5]), np.array([0.91]), 0.1).tolist()
        [0.5, 0.0]
    """
    thresholds = step * np.arange(int(1 / step + 1e-9) + 1)
    reached = (np.searchsorted(thresholds, x, "right") for x in (positives, negatives))
    return share_below(*reached)


def swept_by_positives(positives: Floats, negatives: Floats) -> Floats:
    """Of each positive its part of the area under a curve with thresholds at the positives' values.

    With t_1 > t_2 > ... the distinct values of positives, and f_k the share of negatives at t_k or
    above (f_0 = 0), the curve runs from (0, 0) through (f_k, share of positives at t_k or above) to
    (1, 1) in straight lines. Its area is the mean of 1 - (f_k + f_{k-1}) / 2 over positives, each
    with the k of its value.

    Args:
        positives: (n,).
        negatives: (m,).

    Returns:
        (n,), 0..1.

    Example:
        >>> swept_by_positives(np.array([1.0]), np.array([0.0, 2.0])).tolist()
        [0.75]
    """
    levels, which = np.unique(-positives, return_inverse=True)
    alarms = 1 - np.searchsorted(np.sort(negatives), -levels, "left") / len(negatives)
    before = np.concatenate(([0.0], alarms[:-1]))
    parts: Floats = (1 - (alarms + before) / 2)[which]
    return parts
