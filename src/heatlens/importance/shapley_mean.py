"""Shapley importance: how much a feature moves the model's output, on average over the data set.

    I_j = mean over rows of |phi_j|

Lundberg et al.: From local explanations to global understanding with explainable AI for trees,
Nature Machine Intelligence 2020. It says what the model uses, not whether that makes it right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.importance.intervals import check_rows, mean_estimate
from heatlens.importance.result import Importance
from heatlens.importance.shapley import shapley_values
from heatlens.importance.shapley_result import ShapleyValues

__all__ = ["shapley_importance"]


def shapley_importance(
    model: Any, data: Any, *, confidence: float = 0.95, **parameters: Any
) -> Importance:
    """The mean size of each feature's Shapley value, with an interval over the rows.

    Args:
        model: an estimator, a callable on arrays, or a network; not looked at where `data` are
            `ShapleyValues`.
        data: a table or pictures; or `ShapleyValues`.
        confidence: of the intervals, Student's t over the rows.
        parameters: those of `shapley_values`.

    Raises:
        InvalidArgument: too few rows for the interval.

    Example:
        >>> rows = np.stack([np.arange(10.0), np.ones(10)], axis=1)
        >>> shapley_importance(lambda x: 2 * x[:, 0], rows).values.tolist()
        [5.0, 0.0]
    """
    if isinstance(data, ShapleyValues):
        found = data
    else:
        chosen = parameters.get("rows")
        if chosen is not None:
            check_rows(len(chosen), confidence)
        elif hasattr(data, "__len__"):
            check_rows(len(data), confidence)
        found = shapley_values(model, data, **parameters)
    check_rows(len(found), confidence)
    sizes = np.abs(found.values)
    intervals = [mean_estimate(column, confidence) for column in sizes.T]
    notes = found.notes
    if found.orders:
        notes = (
            *notes,
            f"sampled by {found.orders} orders, whose noise makes small values larger than they are",
        )
    return Importance(
        found.names,
        np.array([one.value for one in intervals]),
        np.array([one.error for one in intervals]),
        np.array([max(0.0, one.low) for one in intervals]),
        np.array([one.high for one in intervals]),
        confidence,
        "Shapley",
        f"mean |change of the {found.aim}|",
        float(found.outputs.mean()),
        len(found),
        1,
        sizes.mean(0, keepdims=True),
        notes,
        found.what,
        found.evaluations,
    )
