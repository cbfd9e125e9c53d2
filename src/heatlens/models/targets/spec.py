"""From what a person writes to a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heatlens.errors import InvalidType
from heatlens.models.targets.base import Target
from heatlens.models.targets.classes import ClassIndex, Label, Predicted, TopK
from heatlens.models.targets.difference import Difference
from heatlens.models.targets.function import OutputFunction

__all__ = ["as_target"]


def as_target(spec: Any, labels: Sequence[str] = ()) -> Target:
    """Whatever names a target, as a `Target`.

    Args:
        spec: a `Target`; a class index; a label; "predicted"; "top-3"; "cat - dog" (difference of
            two labels or indices); a list or tensor with one class index per row; or a callable
            on the output.
        labels: the model's labels; words that are one of them, such as "2" or "top-3", mean it.

    Raises:
        InvalidType: anything else.

    Example:
        >>> as_target("top-2")
        TopK(layer=None, count=2, classes=())
    """
    if isinstance(spec, Target):
        return spec
    if isinstance(spec, bool):
        raise InvalidType("a target cannot be True or False; give a class index or a label")
    if isinstance(spec, int):
        return ClassIndex(spec)
    if isinstance(spec, str):
        return _from_words(spec, labels)
    if callable(spec):
        return OutputFunction(spec)
    if hasattr(spec, "tolist"):
        spec = spec.tolist()
        if isinstance(spec, int):
            return ClassIndex(spec)
    if isinstance(spec, Sequence) and spec and all(type(item) is int for item in spec):
        return ClassIndex(tuple(spec))
    raise InvalidType(
        f"{spec!r} is no target: give a class index, a label, 'predicted', 'top-3', 'a - b', one "
        "index per row, a callable on the output, or a heatlens target"
    )


def _from_words(words: str, labels: Sequence[str]) -> Target:
    text = words.strip()
    if text.casefold() in (label.casefold() for label in labels):
        return Label(text)
    if text == "predicted":
        return Predicted()
    if text.startswith("top-") and text[4:].isdecimal():
        return TopK(int(text[4:]))
    if text.isdecimal():
        return ClassIndex(int(text))
    first, dash, second = text.partition(" - ")
    if not dash:
        return Label(text)
    return Difference(as_target(first, labels), as_target(second, labels))
