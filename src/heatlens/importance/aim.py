"""Which number of a model's output is explained: one for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance.predictor import Array, Reads, are_probabilities
from heatlens.importance.subject import Floats, Ints, Subject

__all__ = ["Aim", "Output", "aim_of", "reads_of"]

Output = Literal["probability", "score"]
_READS: dict[str, Reads] = {"probability": "probabilities", "score": "scores"}
_OF_CLASSES = ("probability", "log probability", "score")


@dataclass(frozen=True, eq=False)
class Aim:
    """One number of an output for each row.

    Attributes:
        columns: of each row of the data, (n,); None where the model gives one number anyway.
        name: in words, "probability of digit 3".
    """

    columns: Ints | None
    name: str

    def __call__(self, output: Array, rows: Ints) -> Floats:
        """The number (m,) of each of these rows, from their outputs."""
        if self.columns is None:
            return np.asarray(output, np.float64)
        return np.asarray(output[np.arange(len(output)), self.columns[rows]], np.float64)


def reads_of(output: Output | None, pictures: bool) -> Reads:
    """What to read of a model where the caller asks for this.

    Raises:
        UnknownName: neither "probability" nor "score".
    """
    if output is None:
        return "probabilities" if pictures else "values"
    if output not in _READS:
        raise UnknownName("output", str(output), _READS)
    return _READS[output]


def aim_of(subject: Subject, target: Any) -> Aim:
    """The number that is explained.

    Args:
        subject: rows and model.
        target: a class by its label or column; "predicted", for each row the class that the model
            says; or one class for each row. None: the only number there is; of two classes the
            second; "predicted" for pictures. Of numbers that are no classes, such as those of a
            regressor with several outputs, which column.

    Raises:
        UnknownName: no class has this label.
        InvalidArgument: there are several classes or outputs and none is named, or outputs that
            belong to no single class.
        InvalidType: the model says classes, and no number of them.
    """
    few = subject.outputs(subject.all_rows()[:100])
    what, known = subject.output, subject.classes
    if few.dtype.kind not in "biuf" or (what == "prediction" and known is not None):
        raise InvalidType(
            f"{subject.model_name} says classes such as {few.flat[0]!r} and gives no number for "
            "them, which could be explained; give a model that has predict_proba or "
            "decision_function"
        )
    if few.ndim == 1:
        return _only(subject, target)
    if what not in _OF_CLASSES and not are_probabilities(few):
        return _output(subject, target, few.shape[1])
    if known is not None and len(known) != few.shape[1]:
        raise InvalidArgument(
            f"{subject.model_name} gives {few.shape[1]} numbers for {len(known)} classes, so none "
            "of them is that of a class; of an SVC take decision_function_shape='ovr'"
        )
    return _class(subject, target, few.shape[1])


def _only(subject: Subject, target: Any) -> Aim:
    """Of a model that gives one number a row."""
    what, known = subject.output, subject.classes
    if known is None or len(known) != 2:
        if target is not None:
            raise InvalidArgument(
                f"{subject.model_name} gives one number per {subject.what}; leave target= out"
            )
        return Aim(None, f"{what} of {subject.model_name}")
    if target is not None:
        each = np.asarray(target)
        named = each.ndim or (isinstance(target, str) and target == "predicted")
        if named or _column(subject, target, 2) != 1:
            raise InvalidArgument(
                f"{subject.model_name} gives one {what} per {subject.what}, that of "
                f"{_said(str(known[1]))}; leave target= out: what speaks for "
                f"{_said(str(known[0]))} has the other sign"
            )
    return Aim(None, f"{what} of {_said(str(known[1]))}")


def _output(subject: Subject, target: Any, count: int) -> Aim:
    """Of a model that gives several numbers, none of which belongs to a class."""
    whole = isinstance(target, int | np.integer) and not isinstance(target, bool)
    if not whole or not 0 <= target < count:
        given = "" if target is None else f" target is {target!r};"
        raise InvalidArgument(
            f"{subject.model_name} gives {count} numbers per {subject.what}, which are no "
            f"probabilities;{given} say which one is explained, target=0 to {count - 1}, or give "
            "output='score' if they are scores of classes"
        )
    return Aim(np.full(subject.count, int(target)), f"output {target} of {subject.model_name}")


def _class(subject: Subject, target: Any, count: int) -> Aim:
    """Of a model that gives a number for each class."""
    what, labels = subject.output, _labels(subject, count)
    if target is None and count > 2 and subject.what != "picture":
        raise InvalidArgument(
            f"{subject.model_name} has {count} classes; say which one is explained: target= "
            f"{', '.join(labels[:8])}, or 'predicted'"
        )
    if target is None:
        known = subject.classes
        second = 1 if known is None else known[1]
        target = "predicted" if subject.what == "picture" else second
    if isinstance(target, str) and target == "predicted" and target not in labels:
        said = subject.outputs(subject.all_rows(), read=lambda made, rows: made.argmax(1))
        return Aim(said.astype(np.int64), f"{what} of the predicted class")
    given = np.asarray(target)
    if given.ndim == 1 and len(given) == subject.count:
        return Aim(
            np.array([_column(subject, label, count) for label in given.tolist()]),
            f"{what} of each {subject.what}'s class",
        )
    if given.ndim:
        raise InvalidArgument(
            f"target has shape {given.shape}; give one class, or one for each of {subject.count} "
            f"{subject.what}s"
        )
    column = _column(subject, target, count)
    return Aim(np.full(subject.count, column), f"{what} of {_said(labels[column])}")


def _labels(subject: Subject, count: int) -> list[str]:
    return list(map(str, range(count) if subject.classes is None else subject.classes))


def _column(subject: Subject, target: Any, count: int) -> int:
    known = subject.classes
    if known is not None and target in known:
        return known.index(target)
    numbered = known is None or isinstance(known[0], str)
    if numbered and isinstance(target, int | np.integer) and not isinstance(target, bool):
        if 0 <= target < count:
            return int(target)
        raise InvalidArgument(
            f"class {target} is out of range: there are {count}, 0 to {count - 1}"
        )
    raise UnknownName("class", str(target), _labels(subject, count))


def _said(label: str) -> str:
    return f"class {label}" if label.lstrip("-").isdecimal() else label
