"""What a model on tables says: any scikit-learn estimator as it is, or a function on arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch import nn

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.models.backend import Backend
from heatlens.models.pytorch.model import TorchModel

__all__ = ["Array", "Predictor", "Reads", "are_probabilities", "checked", "predictor_of"]

Array = npt.NDArray[Any]
Reads = Literal["classes", "probabilities", "scores", "values"]
"""What is read of a model: the class it says, a probability for each class, or its numbers."""

_WAYS: dict[str, tuple[str, ...]] = {
    "classes": ("predict",),
    "probabilities": ("predict_proba",),
    "scores": ("decision_function", "predict_log_proba", "predict"),
    "values": ("predict_proba", "decision_function", "predict"),
}


_SAID = {
    "predict": "prediction",
    "predict_proba": "probability",
    "predict_log_proba": "log probability",
    "decision_function": "score",
}


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model on tables.

    Attributes:
        name: what it is called in messages.
        output: what its numbers are: "probability", "log probability", "score" (one for each
            class), "prediction" (of a regressor), or "output" of a function that does not say.
        predict: from rows (m, f) to (m,) or (m, k).
        classes: the label of each of the k columns, if they are known.
        asked: the function as it was given; None for an estimator.
    """

    name: str
    output: str
    predict: Callable[[npt.NDArray[np.float64]], Array]
    classes: tuple[Any, ...] | None
    asked: Callable[[npt.NDArray[np.float64]], Any] | None = None


def predictor_of(model: Any, reads: Reads, names: tuple[str, ...]) -> Predictor:
    """The function that gives what is to be read.

    Args:
        model: an estimator with `predict_proba`, `decision_function` or `predict`, or a callable
            from an array (m, f) to (m,) or (m, k).
        reads: "classes" (`predict`; of a callable's (m, k) the largest), "probabilities"
            (`predict_proba`), "scores" (`decision_function`, log probabilities), "values"
            (`predict` of a regressor; else `predict_proba`, `decision_function` or `predict`, the
            first that is there).
        names: of the columns, for an estimator that was fitted to a frame with names.

    Raises:
        InvalidType: neither an estimator nor a callable, or one that cannot say this.
        InvalidArgument: an estimator that was fitted to other columns.

    Example:
        >>> twice = predictor_of(lambda rows: 2 * rows[:, 0], "values", ("a",))
        >>> twice.predict(np.array([[3.0]])).tolist()
        [6.0]
    """
    name = type(model).__name__
    if isinstance(model, type):
        raise InvalidType(f"{model.__name__} is a class; give a fitted estimator, an object of it")
    if isinstance(model, nn.Module | TorchModel | Backend):
        raise InvalidType(
            f"{name} is a network, and data is a table: give pictures, or for a network on tables "
            "a function from an array (n, features) to its scores"
        )
    ways = [way for way in _WAYS[reads] if callable(getattr(model, way, None))]
    if _is_regressor(model):
        if reads == "classes":
            raise InvalidType(
                f"{name} is a regressor and says no classes, which 'accuracy' compares; take "
                "score='r2' or 'squared-error'"
            )
        ways = [way for way in ways if way == "predict"]
    if ways:
        way = getattr(model, ways[0])
        _check_width(model, names)
        return Predictor(name, _SAID[ways[0]], _framed(model, way, names), _classes(model))
    if any(callable(getattr(model, way, None)) for way in _WAYS["values"]):
        raise InvalidType(
            f"{name} has no {' or '.join(_WAYS[reads])}, which {reads} are read from; choose a "
            "score that needs something else, such as 'accuracy' or 'r2'"
        )
    if callable(model):
        called = getattr(model, "__name__", name)
        what = {"probabilities": "probability", "scores": "score"}.get(reads, "output")
        return Predictor(called, what, _reading(model, reads, called), None, model)
    raise InvalidType(
        f"{name} is no model on tables: give an estimator with predict_proba, decision_function or "
        "predict, or a callable from an array (n, features) to (n,) or (n, classes)"
    )


def checked(output: Any, rows: int, name: str) -> Array:
    """An output as (m,) or (m, k); numbers are float64 and finite.

    Raises:
        InvalidArgument: another number of rows, other axes, NaN.
    """
    if isinstance(output, list) and output and np.ndim(output[0]) == 2:
        raise InvalidArgument(
            f"{name} gave {len(output)} arrays: the model has several outputs; explain one of its "
            "estimators_, or a function that returns (n, classes) of one"
        )
    found = np.asarray(output.detach().cpu() if hasattr(output, "detach") else output)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim not in (1, 2) or len(found) != rows or found.size == 0:
        raise InvalidArgument(
            f"{name} gave shape {found.shape} for {rows} rows; expected ({rows},) or ({rows}, "
            "classes)"
        )
    if not np.issubdtype(found.dtype, np.floating):
        return found
    if not np.isfinite(found).all():
        raise InvalidArgument(f"{name} gave {int((~np.isfinite(found)).sum())} NaN or infinities")
    return found.astype(np.float64, copy=False)


def _check_width(model: Any, names: tuple[str, ...]) -> None:
    width = getattr(model, "n_features_in_", None)
    if isinstance(width, int | np.integer) and width != len(names):
        raise InvalidArgument(
            f"{type(model).__name__} was fitted to {width} features, the table has {len(names)}; "
            "give the same columns in the same order"
        )


def are_probabilities(output: Array) -> bool:
    """Whether every row of (m, k) is at least 0 and sums to 1.

    Example:
        >>> are_probabilities(np.array([[0.25, 0.75]])), are_probabilities(np.array([[-1.0, 2.0]]))
        (True, False)
    """
    return bool((output >= -1e-6).all() and (np.abs(output.sum(1) - 1) <= 1e-3).all())


def _is_regressor(model: Any) -> bool:
    # How scikit-learn says it, without importing it: newer by tags, older by an attribute.
    tags = getattr(model, "__sklearn_tags__", None)
    if callable(tags):
        return getattr(tags(), "estimator_type", None) == "regressor"
    return getattr(model, "_estimator_type", None) == "regressor"


def _classes(model: Any) -> tuple[Any, ...] | None:
    found = getattr(model, "classes_", None)
    return None if found is None or isinstance(found, list) else tuple(np.asarray(found).tolist())


def _framed(model: Any, way: Any, names: tuple[str, ...]) -> Callable[[Array], Array]:
    """The method, given a frame where the estimator was fitted to one."""
    fitted = getattr(model, "feature_names_in_", None)
    pandas = sys.modules.get("pandas")
    name = f"{type(model).__name__}.{way.__name__}"
    if fitted is None or pandas is None:
        return lambda rows: checked(_said(way, rows, name), len(rows), name)
    columns = [str(one) for one in fitted]
    if columns != list(names):
        raise InvalidArgument(
            f"{type(model).__name__} was fitted to the features {columns[:6]}, the table has "
            f"{list(names)[:6]}; give the same columns in the same order"
        )

    def read(rows: Array) -> Array:
        return checked(_said(way, pandas.DataFrame(rows, columns=columns), name), len(rows), name)

    return read


def _said(way: Any, given: Any, name: str) -> Any:
    """What an estimator says; what it raises, in our words."""
    try:
        return way(given)
    except HeatlensError:
        raise
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError) as error:
        if type(error).__name__ == "NotFittedError":
            raise InvalidArgument(
                f"{name}: the model is not fitted yet; call its fit first"
            ) from error
        raise InvalidArgument(
            f"{name} cannot say anything of rows {tuple(given.shape)}: {error}"
        ) from error


def _reading(model: Any, reads: Reads, name: str) -> Callable[[Array], Array]:
    def read(rows: Array) -> Array:
        found = checked(model(rows), len(rows), name)
        if reads == "classes" and found.ndim == 2:
            return found.argmax(1)
        if reads == "probabilities" and found.ndim == 1:
            if found.min() < 0 or found.max() > 1:
                raise InvalidArgument(
                    f"{name} gives one number per row, from {found.min():.3g} to {found.max():.3g}, "
                    "which is no probability; give one that returns (n, classes)"
                )
            return np.stack([1 - found, found], axis=1)
        if reads == "probabilities" and not are_probabilities(found):
            sums = found.sum(1)
            raise InvalidArgument(
                f"{name} gives numbers from {found.min():.3g} to {found.max():.3g} whose rows sum "
                f"to {sums.min():.3g} to {sums.max():.3g}: these are no probabilities; return the "
                "softmax of scores, or ask for the 'accuracy' or output='score'"
            )
        return found

    return read
