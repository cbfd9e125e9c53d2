"""What a network of Keras takes and returns, by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from heatlens.errors import InvalidArgument, UnknownName

__all__ = [
    "arguments",
    "chosen_input",
    "first_tensor",
    "symbolic_inputs",
    "symbolic_outputs",
    "usual_output",
]

_USUAL = ("logits", "out")


def symbolic_inputs(model: Any) -> dict[str, Any]:
    """The symbolic inputs by name; none for a subclassed model."""
    import keras

    try:
        tensors = keras.tree.flatten(model.inputs)
    except AttributeError:  # a subclassed model
        return {}
    return {tensor.name: tensor for tensor in tensors if tensor is not None}


def symbolic_outputs(model: Any) -> dict[str, Any]:
    """The symbolic outputs by name; none for a subclassed model."""
    import keras

    try:
        tensors = keras.tree.flatten(model.outputs)
    except AttributeError:
        return {}
    structure = model.output if len(tensors) > 1 else None
    if isinstance(structure, Mapping) and len(structure) == len(tensors):
        return dict(structure)
    names = getattr(model, "output_names", None) or []
    if len(set(names)) < len(tensors):  # one layer may give several
        names = [str(place) for place in range(len(tensors))]
    return {str(name): tensor for name, tensor in zip(names, tensors, strict=True)}


def arguments(model: Any) -> tuple[str, ...]:
    """Names of what a subclassed model is called with."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    items = inspect.signature(model.call).parameters.values()
    return tuple(
        item.name for item in items if item.kind in kinds and item.name not in ("training", "mask")
    )


def chosen_input(names: Sequence[str], symbolic: Mapping[str, Any], of: str | None) -> str:
    """The input that a batch goes to: `of`, or the first of those with the most axes.

    Raises:
        UnknownName: there is no input `of`.
    """
    if of is not None:
        if of not in names:
            raise UnknownName("input", of, names)
        return of
    # The picture among several inputs is the one with the most axes.
    return max(names, key=lambda name: len(symbolic[name].shape) if symbolic else 0)


def usual_output(names: Sequence[str]) -> str:
    """The output that matters by the usual names, else the first.

    Example:
        >>> usual_output(["features", "logits"]), usual_output(["b", "a"])
        ('logits', 'b')
    """
    return next((name for name in _USUAL if name in names), names[0])


def first_tensor(result: Any) -> Any:
    """The tensor that matters in what a model returned: of a list the first.

    Raises:
        InvalidArgument: a dictionary does not tell which of its outputs that is.
    """
    import keras

    if isinstance(result, Mapping):
        name = usual_output(list(result))
        if name not in _USUAL and len(result) > 1:  # Keras sorts them: the first means nothing
            raise InvalidArgument(
                f"the network returns {', '.join(sorted(result))}; say with output= which counts"
            )
        return first_tensor(result[name])
    parts = keras.tree.flatten(result)
    return parts[0] if parts else result
