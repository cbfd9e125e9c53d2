"""A network of Keras as one function of its inputs, whose layers can be read and replaced."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.models.keras.layers import head_weights, named_layers, operations_behind
from heatlens.models.keras.signature import (
    arguments,
    chosen_input,
    first_tensor,
    symbolic_inputs,
    symbolic_outputs,
    usual_output,
)
from heatlens.models.keras.taps import Spot, listening
from heatlens.models.pytorch.port import one_output

__all__ = ["KerasNetwork"]

_SQUASHING = ("softmax", "sigmoid", "log_softmax")
_LOGITS = "logits"


class KerasNetwork:
    """The function that a network of Keras computes when it does not train.

    Nothing of the network is changed by running it: it reads its variables through a stateless
    scope, which drops every update.

    It does not keep the network alive: whoever runs it does.

    Attributes:
        name: the network's.
        names: what its inputs are called.
        of: the input that a batch goes to.
        held: inputs that are given beside the batch, in the order in which they are given.
        head: the variable whose value is given as the last input, if any.
        layers: what can be read inside, by name.
    """

    def __init__(self, model: Any, output: str | int | None = None, of: str | None = None) -> None:
        """Look at the model; `output` is which of several outputs, by name or place.

        Raises:
            InvalidArgument: the model has no weights yet, or no such output or input.
        """
        if not model.built:
            raise InvalidArgument(
                f"{model.name!r} has no weights yet: call it once on a batch, or "
                "model.build((None, height, width, channels)), before it is explained"
            )
        self._model = weakref.ref(model)
        self.name = str(model.name)
        self.symbolic = symbolic_inputs(model)
        self.names = tuple(self.symbolic) or arguments(model)
        self.of = chosen_input(self.names, self.symbolic, of)
        self.held: tuple[str, ...] = ()
        self.layers = named_layers(model)
        self.output = output
        self.outputs = symbolic_outputs(model)
        self.head: Any | None = None
        self._logits: Spot | None = None
        if output == _LOGITS and _LOGITS not in self.outputs:
            self._logits = self._before_the_activation()
        elif isinstance(output, str) and self.outputs and output not in self.outputs:
            raise UnknownName("output", output, [*self.outputs, _LOGITS])

    @property
    def model(self) -> Any:
        """The user's own network."""
        return self._model()

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells apart the functions that one network gives."""
        return self.output, self.of, self.held, self.head is not None

    @property
    def input(self) -> Any | None:
        """The symbolic input that a batch goes to; None for a subclassed model."""
        return self.symbolic.get(self.of)

    def holding(self, others: Collection[str], of: str | None) -> KerasNetwork:
        """The same network with some inputs held.

        Raises:
            UnknownName: an input that the network has not.
        """
        twin = copy.copy(self)
        for name in others:
            if name not in self.names:
                raise UnknownName("input", name, self.names)
        free = {name: value for name, value in self.symbolic.items() if name not in others}
        names = tuple(name for name in self.names if name not in others)
        twin.of = chosen_input(names, free, of if of is not None or self.of in others else self.of)
        twin.held = (*self.held, *(name for name in others if name not in self.held))
        return twin

    def with_given_head(self) -> KerasNetwork | None:
        """The same network whose last weights come as one more input; None if it has none."""
        twin = copy.copy(self)
        twin.head = head_weights(self.model, self._symbolic_output())
        return None if twin.head is None else twin

    def variables(self) -> list[Any]:
        """Everything that the network reads beside its inputs."""
        return list(self.model.variables)

    def run(
        self,
        inputs: Sequence[Any],
        layers: Sequence[str] = (),
        start: tuple[str, Callable[[Any], Any]] | None = None,
        values: Sequence[Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """The output and the named layers' outputs, in the order in which they came.

        Args:
            inputs: the batch, the held inputs in the order of `held`, and the weights of the head
                if they are given, tensors of the backend.
            layers: names of layers to read.
            start: a layer and what its output is replaced with.
            values: of `variables()`, to be used in their place.
        """
        import keras

        spots = {name: Spot(self.layers[name]) for name in layers}
        if start is not None:
            spots[start[0]] = Spot(self.layers[start[0]])
        if self._logits is not None:
            spots[""] = self._logits
        seen: dict[str, Any] = {}

        def listen(name: str, value: Any) -> Any:
            changed = start[1](value) if start is not None and name == start[0] else None
            seen.pop(name, None)
            seen[name] = value if changed is None else changed
            return changed

        mapping = [] if values is None else list(zip(self.variables(), values, strict=True))
        if self.head is not None:
            *inputs, given = inputs
            mapping.append((self.head, keras.ops.reshape(given, self.head.shape)))
        with keras.StatelessScope(mapping), listening(spots, listen):
            result = self._called(inputs)
        if self._logits is not None:
            result = seen.pop("")
        elif self.output is not None:
            result = self._one(result, self.output)
        for name in (*layers, *([] if start is None else [start[0]])):
            if name not in seen:
                raise InvalidArgument(f"layer {name!r} did not run on this input")
        return first_tensor(result), seen

    def _called(self, inputs: Sequence[Any]) -> Any:
        import keras

        batch, others = inputs[0], dict(zip(self.held, inputs[1:], strict=True))
        if len(self.names) <= 1:
            return self.model(batch, training=False)
        given = {self.of: batch, **others}
        if self.symbolic:
            missing = [name for name in self.names if name not in given]
            if missing:
                raise InvalidArgument(
                    f"{self.name!r} takes the inputs {', '.join(self.names)}; hold "
                    f"{', '.join(missing)} with model.holding({{name: value}}) to explain {self.of}"
                )
            flat = [given[name] for name in self.names]
            packed = keras.tree.pack_sequence_as(self.model.input, flat)
            return self.model(packed, training=False)
        first, *rest = self.names
        return self.model(
            given[first], **{name: given[name] for name in rest if name in given}, training=False
        )

    def _one(self, result: Any, output: str | int) -> Any:
        if isinstance(output, str) and not isinstance(result, Mapping) and self.outputs:
            parts = result if isinstance(result, list | tuple) else [result]
            return parts[list(self.outputs).index(output)]
        return one_output(result, output)

    def _symbolic_output(self) -> Any | None:
        if not self.outputs:
            return None
        if self.output in self.outputs:
            return self.outputs[self.output]
        if isinstance(self.output, int):
            return list(self.outputs.values())[self.output]
        return self.outputs[usual_output(list(self.outputs))]

    def _before_the_activation(self) -> Spot:
        """Where the scores go into the last softmax or sigmoid."""
        output = self._symbolic_output()
        if output is None:
            raise InvalidArgument(
                f"output='logits': {self.name!r} is a subclassed model, whose last activation "
                "cannot be found; let it return the logits"
            )
        last = next(operations_behind(output))
        kind = type(last).__name__.lower()
        activation = getattr(last, "activation", None)
        name = getattr(activation, "__name__", type(activation).__name__).lower()
        if kind in _SQUASHING or (kind == "activation" and name in _SQUASHING):
            return Spot(last, takes=True)
        if name in _SQUASHING:
            return Spot(last, "activation", takes=True)
        if activation is None or name == "linear":
            return Spot(last)
        raise InvalidArgument(
            f"output='logits': {self.name!r} ends in {last.name!r} ({name}), not in a softmax "
            "or sigmoid; leave output out"
        )
