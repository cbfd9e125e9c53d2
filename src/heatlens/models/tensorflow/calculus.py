"""Gradients of a TensorFlow function by a tape, inside one compiled graph where that is the same.

The tape takes the cotangent as an argument, watches the input alone, and lies inside the graph, so
a call is one pass forward and one backward without gradients of any weight. A graph is built once
for each shape of a row; the number of rows is left open where the function leaves it open. A plain
Python function runs as it is: what a graph would keep of it (what it closes over, random numbers of
NumPy, decisions on the number of rows) may be another thing in the next call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from heatlens.errors import HeatlensError, NeedsGradient
from heatlens.models.arrays import as_tensor, to_tensorflow
from heatlens.models.engine import cotangent
from heatlens.models.targets import Target

__all__ = ["Rows", "Run", "TensorFlowCalculus"]

Rows = Literal["any", "each", "eager"]
"""For which numbers of rows a graph is built: one for all, one for each, or none at all."""


class Run(Protocol):
    """A function of TensorFlow tensors whose layers, if it has any, can be read and replaced."""

    def __call__(
        self,
        inputs: Sequence[Any],
        layers: Sequence[str] = (),
        start: tuple[str, Callable[[Any], Any]] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """The output and the named layers' outputs; `start` replaces the output of a layer."""
        ...


class TensorFlowCalculus:
    """Compiles what is asked of a function, and runs it."""

    device = torch.device("cpu")

    def __init__(self, run: Run, rows: Rows = "any") -> None:
        """Compile nothing yet.

        Args:
            run: the function.
            rows: for which numbers of rows it is compiled.
        """
        self._run, self._compiles = run, rows
        self._compiled: dict[Any, Callable[..., Any] | None] = {}
        self._order: dict[Any, list[str]] = {}
        self._shapes: dict[Any, Tensor] = {}
        self._lock = threading.RLock()

    def forward(
        self, inputs: Sequence[Tensor], layers: tuple[str, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output and the layers' outputs."""
        order = self._order.setdefault(layers, [])

        def work(*arrays: Any) -> Any:
            output, seen = self._run(arrays, layers)
            order[:] = list(seen)
            return output, list(seen.values())

        output, values = self._called(("forward", layers), work, inputs)
        return _torch(output), {
            name: _torch(value) for name, value in zip(order, values, strict=True)
        }

    def gradient(
        self, inputs: Sequence[Tensor], target: Target, start: str | None = None
    ) -> tuple[Tensor, Tensor]:
        """The batch, or what came out of `start`, and the gradient with respect to it."""
        import tensorflow

        end = target.layer
        layers = () if end is None else (end,)

        def pulled(slope_at: Callable[[Any], Any], arrays: Sequence[Any]) -> Any:
            kept = [arrays[0]]
            with tensorflow.GradientTape(watch_accessed_variables=False) as tape:

                def begin(value: Any) -> Any:
                    # A layer that runs twice counts with its last run.
                    kept[0] = tensorflow.identity(value)
                    tape.watch(kept[0])
                    return kept[0]

                if start is None:
                    tape.watch(arrays[0])
                output, seen = self._run(arrays, layers, None if start is None else (start, begin))
                output = output if end is None else seen[end]
            gradient = None
            if output.dtype.is_floating:
                slope = tensorflow.cast(slope_at(output), output.dtype)
                gradient = tape.gradient(output, kept[0], output_gradients=slope)
            if gradient is None:
                of = "the input" if start is None else f"layer {start!r}"
                raise NeedsGradient(
                    f"the target's score does not depend on {of} in a way that gradients can follow"
                )
            return tensorflow.convert_to_tensor(gradient), kept[0], output

        def work(slope: Any, *arrays: Any) -> Any:
            return pulled(lambda output: slope, arrays)

        def slope_of(output: Tensor) -> Tensor:
            return cotangent(output, target, len(inputs[0])).contiguous()

        if self._is_eager():
            gradient, leaf, output = pulled(
                lambda output: to_tensorflow(slope_of(_wide(_torch(output)))),
                [to_tensorflow(tensor) for tensor in inputs],
            )
        else:
            slope = slope_of(self._output(inputs, target, layers))
            gradient, leaf, output = self._called(("pull", start, end), work, [slope, *inputs])
        target.scores(_torch(output))  # says what is wrong with it
        return (inputs[0] if start is None else _torch(leaf)), _torch(gradient)

    def _output(self, inputs: Sequence[Tensor], target: Target, layers: tuple[str, ...]) -> Tensor:
        """An output at which the scores have the slope wanted: any, where they are linear in it."""
        key = (target.layer, *(tuple(tensor.shape[1:]) for tensor in inputs))
        if target.is_linear and key in self._shapes:
            one = self._shapes[key]
            return one.new_zeros((len(inputs[0]), *one.shape[1:]))
        output, seen = self.forward(inputs, layers)
        output = output if target.layer is None else seen[target.layer]
        output = _wide(output)
        if len(output) == len(inputs[0]):
            self._shapes[key] = torch.zeros_like(output[:1])
        return output

    def _called(self, key: Any, work: Callable[..., Any], inputs: Sequence[Tensor]) -> Any:
        """What `work` gives, compiled for any number of rows, else for this one, else not at all.

        A network that decides in Python what to do next, by the values in its tensors, cannot be
        compiled.
        """
        import tensorflow

        arrays = [to_tensorflow(tensor) for tensor in inputs]
        if self._is_eager():
            return work(*arrays)
        spec = tensorflow.TensorSpec
        open_rows = [spec([None, *array.shape[1:]], array.dtype) for array in arrays]
        these_rows = [spec(array.shape, array.dtype) for array in arrays]
        for specs in (open_rows, these_rows) if self._compiles == "any" else (these_rows,):
            place = (key, *((tuple(each.shape), each.dtype) for each in specs))
            with self._lock:
                if place not in self._compiled:
                    self._compiled[place] = _compiled(work, specs)
            if (compiled := self._compiled[place]) is not None:
                return compiled(*arrays)
        return work(*arrays)

    def _is_eager(self) -> bool:
        import tensorflow

        # The user may ask TensorFlow to run functions in Python, to look into them.
        return self._compiles == "eager" or bool(tensorflow.config.functions_run_eagerly())


def _compiled(work: Callable[..., Any], specs: list[Any]) -> Callable[..., Any] | None:
    import tensorflow

    try:
        traced = tensorflow.function(work, input_signature=specs, autograph=False)
        return traced.get_concrete_function()
    except HeatlensError:
        raise
    except Exception:
        return None  # whatever is wrong with the call itself will be said when it runs eagerly


def _wide(output: Tensor) -> Tensor:
    return output if output.dtype == torch.float64 else output.float()


def _torch(array: Any) -> Tensor:
    import tensorflow

    if "CPU" not in array.device.upper():
        with tensorflow.device("/CPU:0"):
            array = tensorflow.identity(array)
    return as_tensor(array)
