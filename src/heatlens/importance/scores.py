"""How right a model is: what an importance is a loss of.

A score is the larger the better. Where it is a mean over rows, intervals follow from the rows' own
losses; any other number on (labels, outputs) will do too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.importance.predictor import Array, Reads
from heatlens.importance.subject import Floats
from heatlens.registry import Registry

__all__ = ["SCORES", "Score", "score_of"]

SCORES: Registry[Score] = Registry("score")


@dataclass(frozen=True, eq=False)
class Score:
    """A number for how well outputs fit labels.

    Attributes:
        name: "accuracy".
        unit: of the number, for the axis of a figure.
        reads: what is read of the model.
        each: from labels (m,) and outputs (m, ...) to one number a row, whose mean is the score;
            None where it is no mean.
        whole: from labels and outputs to the score.
        summary: what it says, for the documentation.
        narrow: whether of two classes' probabilities only the second's is given, (m,).
    """

    name: str
    unit: str
    reads: Reads
    each: Callable[[Array, Array], Floats] | None
    whole: Callable[[Array, Array], float]
    summary: str = ""
    narrow: bool = False


def score_of(score: str | Callable[[Array, Array], float] | Score) -> Score:
    """A score by its name, or a function of one's own.

    Args:
        score: "accuracy" (share of rows whose class is the label), "probability" (mean probability
            of the label), "r2" (share of the labels' variance that the outputs account for),
            "squared-error" (minus the mean squared error), or a callable (labels (m,), outputs
            (m,) or (m, k)) to a number, larger for better. Where the model gives probabilities of
            two classes, the callable is given the second's, (m,), as scikit-learn's
            `roc_auc_score` takes it. A callable on classes is
            `Score("f1", "F1", "classes", None, f1_score)`.

    Raises:
        UnknownName: no score has this name.
        InvalidArgument: when it is called: what the callable refuses, or NaN.

    Example:
        >>> score_of("accuracy").whole(np.array([1, 2]), np.array([1, 1]))
        0.5
    """
    if isinstance(score, Score):
        return score
    if isinstance(score, str):
        return SCORES[score]
    if not callable(score):
        raise InvalidType(
            f"score is {score!r}; give one of {', '.join(SCORES)}, or a callable (labels, outputs)"
        )
    name = getattr(score, "__name__", type(score).__name__)

    def whole(labels: Array, outputs: Array) -> float:
        given = f"labels {labels.dtype} {labels.shape} and outputs {outputs.dtype} {outputs.shape}"
        try:
            found = float(score(labels, outputs))
        except HeatlensError:
            raise
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            raise InvalidArgument(
                f"the score {name} cannot take {given}: {error}. Of two classes it is given the "
                "second's probability; one that compares classes is written "
                f"Score({name!r}, '', 'classes', None, {name})"
            ) from error
        if not np.isfinite(found):
            raise InvalidArgument(
                f"the score {name} is {found} of {given}; its interval leaves parts of the rows "
                "out, so each class needs several rows in all of them"
            )
        return found

    return Score(name.strip("<>"), "", "values", None, whole, narrow=True)


def _mean(
    name: str, unit: str, reads: Reads, each: Callable[[Array, Array], Floats], summary: str
) -> None:
    """Register a score that is a mean over rows."""

    def whole(labels: Array, outputs: Array) -> float:
        return float(each(labels, outputs).mean())

    SCORES.add(name, Score(name, unit, reads, each, whole, summary))


def _right(labels: Array, outputs: Array) -> Floats:
    return np.asarray(labels == outputs, np.float64)


def _of_label(labels: Array, outputs: Array) -> Floats:
    return outputs[np.arange(len(outputs)), labels]


def _squared(labels: Array, outputs: Array) -> Floats:
    return -np.square(labels - _one_number(outputs))


def _r2(labels: Array, outputs: Array) -> float:
    """1 - sum (y - f)^2 / sum (y - mean y)^2."""
    total = float(np.square(labels - labels.mean()).sum())
    if total == 0:
        raise InvalidArgument(
            "all labels are the same, so there is no variance for 'r2' to account for; take "
            "'squared-error'"
        )
    return 1 - float(np.square(labels - _one_number(outputs)).sum()) / total


def _one_number(outputs: Array) -> Array:
    if outputs.ndim != 1:
        raise InvalidArgument(
            f"the model gives {outputs.shape[1]} numbers per row; this score compares one number "
            "with the label: take 'accuracy' or 'probability'"
        )
    return outputs


_mean("accuracy", "accuracy", "classes", _right, "share of rows whose class is the label")
_mean(
    "probability",
    "probability of the label",
    "probabilities",
    _of_label,
    "mean probability of the label: finer than accuracy, the better choice for few pictures",
)
_mean("squared-error", "squared error", "values", _squared, "minus the mean squared error")
SCORES.add(
    "r2",
    Score(
        "r2",
        "R²",
        "values",
        None,
        _r2,
        "share of the labels' variance that the outputs account for",
    ),
)
