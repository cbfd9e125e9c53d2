"""A target in a model's own words: labels become classes, other words prompts where it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.models.protocol import Model
from heatlens.models.targets import (
    ClassIndex,
    Difference,
    Label,
    Predicted,
    Target,
    TopK,
    as_target,
)

__all__ = ["Reads", "bound", "check_has_classes"]


@runtime_checkable
class Reads(Protocol):
    """A model that understands words: an image-text model."""

    def prompt_target(self, text: str) -> Target:
        """How well the input fits the words, as a target."""
        ...


def bound(model: Model, target: Any) -> Target:
    """Whatever names a target, bound to the model's labels, or read as a prompt.

    Args:
        model: whose labels count; one that `Reads` takes other words as prompts.
        target: anything `as_target` takes.

    Raises:
        UnknownName: no label of that name, and the model does not read.
    """
    labels = model.contract.labels
    return _bound(model, as_target(target, labels))


def check_has_classes(model: Model) -> None:
    """Refuse to speak of classes where an image-text model was given no prompts.

    Raises:
        InvalidArgument: its output says how rows fit one another, not which class they are.
    """
    if isinstance(model, Reads) and not model.contract.labels:
        raise InvalidArgument(
            f"{model.name} has no classes of its own: give prompts as labels= to load_model(), or "
            "any text as the target, such as target='a photo of a dog'"
        )


def _bound(model: Model, aim: Target) -> Target:
    labels = model.contract.labels
    if isinstance(aim, ClassIndex | Predicted | TopK):
        check_has_classes(model)
    if isinstance(aim, Difference):
        return replace(aim, first=_bound(model, aim.first), second=_bound(model, aim.second))
    if isinstance(aim, Label) and isinstance(model, Reads):
        if not labels:
            return model.prompt_target(aim.name)
        try:
            return aim.bind(labels)
        except UnknownName:
            return model.prompt_target(aim.name)
    return aim.bind(labels)
