"""The layers inside a network of Keras: their names, their order, and what lies behind an output."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["anatomy", "head_weights", "named_layers", "operations_behind"]

_PLAIN = frozenset({bool, int, float, complex, str, tuple, np.float32, np.float64, np.int64})


def named_layers(model: Any) -> dict[str, Any]:
    """Every layer whose output can be read, innermost first, by name.

    Layers inside another are called "outer/inner". Operations that are no layers (`a + b` between
    symbolic tensors) are read like layers: a residual sum is often one. What runs inside a loop over time (the cell of
    a recurrent layer, the layer in a `TimeDistributed`) cannot be read.
    """
    found: dict[str, Any] = {}
    _collect(model, "", found, {id(model)})
    return found


def _collect(parent: Any, prefix: str, found: dict[str, Any], seen: set[int]) -> None:
    import keras

    for layer in _children(parent):
        if id(layer) in seen or isinstance(layer, keras.layers.InputLayer):
            continue
        seen.add(id(layer))
        name = prefix + layer.name
        if not isinstance(layer, keras.layers.RNN | keras.layers.Wrapper):
            _collect(layer, f"{name}/", found, seen)
        unique, count = name, 1
        while unique in found:
            count += 1
            unique = f"{name}#{count}"
        found[unique] = layer


def _children(parent: Any) -> list[Any]:
    import keras

    if isinstance(parent, keras.Model):
        return list(getattr(parent, "operations", None) or parent.layers)
    flat = getattr(parent, "_flatten_layers", None)
    return [] if flat is None else list(flat(include_self=False, recursive=False))


def anatomy(model: Any, layers: dict[str, Any]) -> tuple[Any, ...]:
    """What a compiled call of the network was built from, apart from the values of its weights.

    Its layers, its variables and what each layer keeps in plain attributes, which compiled code
    holds as constants (the slope of a LeakyReLU, whether a Dense has LoRA).

    Args:
        model: the network.
        layers: `named_layers` of it.

    Returns:
        Objects to be compared by identity.
    """
    parts = {id(layer): layer for layer in (*layers.values(), *model._flatten_layers())}
    found: list[Any] = []
    for part in parts.values():
        found.append(part)
        own = vars(part)
        if part is model:  # which notes its first call
            own = {name: value for name, value in own.items() if name != "_called"}
        found += (value for value in own.values() if type(value) in _PLAIN)
        found.append(own.get("activation"))
        # A variable that took another's place is another one, whatever its value.
        for name in ("_trainable_variables", "_non_trainable_variables"):
            found += own.get(name, ())
    return tuple(found)


def operations_behind(tensor: Any) -> Iterator[Any]:
    """The operations that made a symbolic tensor, from the last one back to the input.

    Models inside are opened; a model itself is not among them.
    """
    waiting, seen = deque([tensor]), {id(tensor)}
    while waiting:
        operation, node, place = waiting.popleft()._keras_history
        inside = getattr(operation, "outputs", None)
        if inside and hasattr(operation, "layers"):
            yield from operations_behind(inside[place])
        else:
            yield operation
        for each in operation._inbound_nodes[node].input_tensors:
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)


def head_weights(model: Any, output: Any) -> Any | None:
    """The variable nearest to an output that is a matrix or a kernel; None if there is none.

    Args:
        model: the network.
        output: its symbolic output; None where it has none (a subclassed model).
    """
    if output is None:
        return next((item for item in reversed(model.weights) if _is_matrix(item)), None)
    for operation in operations_behind(output):
        for variable in reversed(getattr(operation, "weights", ())):
            if _is_matrix(variable):
                return variable
    return None


def _is_matrix(variable: Any) -> bool:
    return len(variable.shape) >= 2 and "float" in str(variable.dtype)
