"""Labels as a score compares them: as classes, as columns of probabilities, as numbers.

"accuracy" and "probability" take the same labels: those that the model itself says, or the numbers
of its columns where its classes have texts for names, or none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance.predictor import Array
from heatlens.importance.scores import Score
from heatlens.importance.subject import Subject

__all__ = ["labels_for"]


def labels_for(given: Any, subject: Subject, score: Score, base: Array) -> Array:
    """What the outputs are compared with, (n,).

    Args:
        given: one label for each row; None: what the model itself says of the unchanged rows.
        subject: the rows.
        score: which decides what a label has to be.
        base: the model's outputs on the unchanged rows, or on one of them.

    Raises:
        InvalidArgument: another number of labels than rows, labels that are missing or that the
            model cannot say, or a model that says no classes where the score compares them.
        InvalidType: labels of mixed types, or texts where numbers are compared.
        UnknownName: a label that is none of the model's classes.
    """
    if score.reads == "classes":
        _check_classes(base, subject)
    if given is None:
        return base.argmax(1) if score.reads == "probabilities" else base
    labels = _array(given, subject)
    if score.reads == "values":
        if score.name in ("r2", "squared-error") and labels.dtype.kind not in "biuf":
            raise InvalidType(f"labels are {labels.dtype}; {score.name!r} needs numbers")
        return labels
    count = base.shape[1] if score.reads == "probabilities" else subject.class_count()
    if count is None:
        return _alike(labels, base, subject)
    columns = _columns(labels, subject, count)
    classes = subject.classes
    if score.reads == "probabilities" or classes is None:
        return columns
    # A network says columns even where its classes have names.
    return columns if base.dtype.kind in "iu" and _named(classes) else np.asarray(classes)[columns]


def _check_classes(base: Array, subject: Subject) -> None:
    if base.ndim != 1:
        raise InvalidArgument(
            f"{subject.model_name} says {base.shape[1]} things of each {subject.what}; 'accuracy' "
            "compares one class"
        )
    if base.dtype.kind == "f" and (base != np.rint(base)).any():
        raise InvalidArgument(
            f"{subject.model_name} gives numbers such as {base[base != np.rint(base)][0]:.3g} and "
            "no classes, which 'accuracy' compares; take score='r2' of numbers, 'probability' of "
            "probabilities, or give a model that returns (n, classes)"
        )


def _array(given: Any, subject: Subject) -> Array:
    """Labels (n,) as NumPy has them, none missing."""
    labels = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (subject.count,):
        one_hot = labels.ndim == 2 and len(labels) == subject.count
        raise InvalidArgument(
            f"labels have shape {labels.shape} for {subject.count} {subject.what}s; expected one "
            f"for each, ({subject.count},)" + ("; if they are one-hot, take .argmax(1)" * one_hot)
        )
    each = list(np.ravel(np.asarray(given, object))) if isinstance(given, list | tuple) else labels
    if labels.dtype.kind in "OUfc":
        missing = sum(_missing(one) for one in each)
        if missing:
            raise InvalidArgument(
                f"{missing} of {subject.count} labels are missing (None, NaN) or infinite; leave "
                f"these {subject.what}s out"
            )
    kinds = {isinstance(one, str) for one in each} if labels.dtype.kind in "OU" else set()
    if len(kinds) > 1:
        raise InvalidType("labels are texts and numbers mixed; give one or the other")
    if labels.dtype == object:
        labels = np.asarray(labels.tolist())
    if labels.dtype.kind not in "biufU":
        raise InvalidType(f"labels are {labels.dtype}; expected texts or numbers")
    return labels


def _missing(label: Any) -> bool:
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(label, float | np.floating) and not np.isfinite(label)


def _alike(labels: Array, base: Array, subject: Subject) -> Array:
    """Labels that are compared with what a model says whose classes nobody knows."""
    said = np.asarray(base.tolist()) if base.dtype == object else base
    if (said.dtype.kind == "U") != (labels.dtype.kind == "U"):
        raise InvalidArgument(
            f"labels are {labels.dtype} such as {labels[0]!r}, but {subject.model_name} says "
            f"{base[0]!r}; give labels of the same kind"
        )
    if not np.isin(labels, said).any():
        raise InvalidArgument(
            f"{subject.model_name} says {_some(said)}, and not once one of the labels, "
            f"{_some(labels)}; give labels that the model can say"
        )
    return labels


def _columns(labels: Array, subject: Subject, count: int) -> Array:
    """The column of each label, (n,)."""
    classes = subject.classes
    if classes is not None and len(classes) == count:
        places = {label: column for column, label in enumerate(classes)}
        missing = [label for label in labels.tolist() if label not in places]
        if not missing:
            return np.array([places[label] for label in labels.tolist()])
        if labels.dtype.kind == "U" or not _named(classes):
            raise UnknownName("label", str(missing[0]), map(str, classes))
        if any(name.lstrip("-").isdecimal() for name in classes):
            raise InvalidArgument(
                f"labels are numbers such as {missing[0]}, the classes of {subject.model_name} "
                f"texts such as {classes[0]!r}; give labels as texts"
            )
    if labels.dtype.kind == "U":
        raise InvalidType(
            f"labels are texts such as {str(labels[0])!r}; {subject.model_name} names no classes, "
            "so give the number of each one's column"
        )
    if labels.dtype.kind == "b" and count != 2:
        raise InvalidType(f"labels are bool; {subject.model_name} has {count} classes and not two")
    off = labels[labels != np.rint(labels)] if labels.dtype.kind == "f" else labels[:0]
    if len(off):
        raise InvalidArgument(
            f"labels hold {off[0]:.3g}, which is no class of {subject.model_name}; it has {count} "
            f"classes, 0 to {count - 1}"
        )
    whole: Array = labels.astype(np.int64)
    if whole.min() < 0 or whole.max() >= count:
        raise InvalidArgument(
            f"labels run from {whole.min()} to {whole.max()}; {subject.model_name} has {count} "
            f"classes, 0 to {count - 1}"
        )
    return whole


def _named(classes: tuple[Any, ...]) -> bool:
    return isinstance(classes[0], str)


def _some(values: Array) -> str:
    found = np.unique(values)
    return ", ".join(map(repr, found[:5].tolist())) + (", ..." if len(found) > 5 else "")
