"""Ablation importance: what a model loses when a feature is the mean of the data set.

    I_j = s(f(x), y) - s(f(x with feature j at its mean), y)

Leave-one-covariate-out without fitting again; Zeiler, Fergus: Visualizing and Understanding
Convolutional Networks, ECCV 2014, section 4.2, for parts of pictures. One pass for each feature
instead of the ten of a permutation; but the mean may itself be a value that no row has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from heatlens.importance.intervals import check_rows
from heatlens.importance.losses import losses_of
from heatlens.importance.predictor import Array
from heatlens.importance.result import Importance
from heatlens.importance.scores import Score, score_of
from heatlens.importance.subject import Progress
from heatlens.importance.subjects import subject_of

__all__ = ["ablation_importance"]


def ablation_importance(
    model: Any,
    data: Any,
    labels: Any = None,
    *,
    score: str | Callable[[Array, Array], float] | Score = "accuracy",
    features: Any = None,
    confidence: float = 0.95,
    seed: int = 0,
    names: Sequence[str] | None = None,
    fit: str | None = None,
    progress: Progress | None = None,
) -> Importance:
    """How much the score falls when a feature is set to its mean, or a part of a picture blurred.

    It takes rows x (features + 1) evaluations. Arguments and result are those of
    `permutation_importance`. The interval is over the rows; the
    mean that features are set to is taken as known.

    Args:
        model: an estimator, a callable on arrays, or a network.
        data: a table, or pictures.
        labels: (n,); None: what the model itself says.
        score: a name or a callable.
        features: names of columns or groups; interventions.
        confidence: of the intervals.
        seed: of the groups that are left out, where the score is no mean over rows.
        names: of an array's columns.
        fit: how pictures are resized.
        progress: called with the features done and all features.

    Raises:
        InvalidArgument: too few rows for the interval, labels that do not fit, NaN.
        UnknownName: a score or feature that there is not.

    Example:
        >>> import numpy as np
        >>> rows = np.arange(12.0)[:, None]
        >>> found = ablation_importance(lambda x: x[:, 0], rows, rows[:, 0], score="squared-error")
        >>> round(float(found.values[0]), 3), round(float(rows.var()), 3)
        (11.917, 11.917)
    """
    chosen = score_of(score)
    subject = subject_of(model, data, reads=chosen.reads, features=features, names=names, fit=fit)
    check_rows(subject.count, confidence, subject.what)
    losses = losses_of(subject, labels, chosen, None, confidence, seed, progress)
    notes = (
        ()
        if labels is not None
        else ("no labels were given: compared with what the model itself says",)
    )
    return losses.result("ablation", notes)
