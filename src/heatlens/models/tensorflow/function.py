"""A function of TensorFlow with named inputs, of which one is the batch."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.models.pytorch.port import one_output

__all__ = ["TensorFlowFunction"]

_USUAL_OUTPUTS = ("logits", "out", "output", "predictions")


class TensorFlowFunction:
    """What is called, with what, and which output counts.

    Attributes:
        name: what it is called.
        specs: its inputs by name; the `TensorSpec` of each where the function says it.
        of: the input that a batch goes to.
        held: other inputs, one row each.
        is_compiled: whether TensorFlow compiles it when it is called.
    """

    def __init__(
        self,
        call: Callable[..., Any],
        name: str,
        specs: Mapping[str, Any],
        *,
        by_name: bool,
        output: str | int | None,
    ) -> None:
        """Keep how `call` is called: a signature takes its inputs `by_name`."""
        self.call, self.name, self.specs = call, name, dict(specs)
        self.by_name, self.output = by_name, output
        self.of = _picture(self.specs)
        self.held: dict[str, Any] = {}
        self.is_compiled = _is_compiled(call)
        self._training = _takes_training(call)

    @property
    def spec(self) -> Any | None:
        """The `TensorSpec` of the batch, if the function says it."""
        return self.specs.get(self.of)

    def holding(self, others: Mapping[str, Any], of: str | None) -> TensorFlowFunction:
        """The same function with some inputs held.

        Raises:
            UnknownName: it has no such input.
        """
        for name in (*others, *([] if of is None else [of])):
            if name not in self.specs:
                raise UnknownName("input", name, self.specs)
        twin = copy.copy(self)
        twin.held = {**self.held, **others}
        free = {name: spec for name, spec in self.specs.items() if name not in others}
        twin.of = of or (self.of if self.of in free else _picture(free))
        return twin

    def run(
        self,
        inputs: Sequence[Any],
        layers: Sequence[str] = (),
        start: tuple[str, Callable[[Any], Any]] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """The output for a batch and the held inputs; there are no layers to read."""
        given = dict(zip((self.of, *self.held), inputs, strict=True))
        named: dict[str, Any] = {"training": False} if self._training else {}
        if self.by_name:
            missing = [name for name in self.specs if name not in given]
            if missing:
                raise InvalidArgument(
                    f"{self.name!r} takes the inputs {', '.join(self.specs)}; hold "
                    f"{', '.join(missing)} with model.holding({{name: value}}) to explain {self.of}"
                )
            return self._one(self.call(**given, **named)), {}
        if len(given) == 1:
            return self._one(self.call(inputs[0], **named)), {}
        return self._one(self.call(**given, **named)), {}

    def _one(self, result: Any) -> Any:
        import tensorflow

        if self.output is not None:
            result = one_output(result, self.output)
        elif isinstance(result, Mapping) and len(result) > 1:
            usual = next((name for name in _USUAL_OUTPUTS if name in result), None)
            if usual is None:
                raise InvalidArgument(
                    f"{self.name!r} returns {', '.join(sorted(map(str, result)))}; say with output= which "
                    "of them counts"
                )
            result = result[usual]
        parts = tensorflow.nest.flatten(result)
        if not parts or not tensorflow.is_tensor(parts[0]):
            raise InvalidType(
                f"{self.name!r} returned {type(result).__name__}; expected a tensor of scores, "
                "(rows, classes)"
            )
        return parts[0]


def _picture(specs: Mapping[str, Any]) -> str:
    """The first input, but a picture among several is the one with the most axes."""

    def axes(name: str) -> int:
        spec = specs[name]
        return 0 if spec is None or spec.shape.rank is None else int(spec.shape.rank)

    return max(specs, key=axes, default="")


def _is_compiled(call: Callable[..., Any]) -> bool:
    import tensorflow

    kind = tensorflow.types.experimental.Callable
    # A `tf.Module`, or what was loaded of one, is when its own call is.
    return isinstance(call, kind) or isinstance(getattr(call, "__call__", None), kind)  # noqa: B004


def _takes_training(call: Callable[..., Any]) -> bool:
    function = getattr(call, "python_function", call)
    try:
        return "training" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
