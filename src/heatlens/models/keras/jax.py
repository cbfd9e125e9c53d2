"""Gradients of a network of Keras on JAX, by compiled reverse-mode differentiation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import NeedsGradient
from heatlens.models.arrays import as_tensor, to_jax
from heatlens.models.engine import cotangent
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.targets import Target

__all__ = ["JaxCalculus"]


class JaxCalculus:
    """Compiles one function for each set of layers; JAX keeps one program for each shape of them.

    The weights are arguments of what is compiled, so their new values are seen.
    """

    device = torch.device("cpu")

    def __init__(self, network: KerasNetwork) -> None:
        """Compile nothing yet."""
        self.network = network
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self._order: dict[Any, list[str]] = {}
        self._rows: dict[Any, set[int]] = {}
        self._lock = threading.Lock()

    def forward(
        self, inputs: Sequence[Tensor], layers: tuple[str, ...]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output and the layers' outputs."""
        order = self._order.setdefault(layers, [])

        def run(values: Any, arrays: Any) -> Any:
            output, seen = self.network.run(arrays, layers, values=values)
            order[:] = list(seen)  # a compiled function's dictionary comes back sorted
            return output, seen

        count = len(inputs[0])
        inputs, rows = self._padded(("forward", layers), inputs)
        output, seen = self._function("forward", layers, run)(*self._arguments(inputs))
        return _torch(output, rows, count), {
            name: _torch(seen[name], rows, count) for name in order
        }

    def gradient(
        self, inputs: Sequence[Tensor], target: Target, start: str | None = None
    ) -> tuple[Tensor, Tensor]:
        """The batch, or what came out of `start`, and the gradient with respect to it."""
        import jax

        end = target.layer
        forward = self._function(
            "vjp", (start, end), self._from_input(end) if start is None else self._from(start, end)
        )
        batch, count = inputs[0], len(inputs[0])
        inputs, rows = self._padded(("vjp", start, end), inputs)
        output, pull, leaf = forward(*self._arguments(inputs))
        slope = cotangent(_torch(output, rows, count), target, count)
        if len(slope) == count < rows:
            slope = torch.cat([slope, slope.new_zeros((rows - count, *slope.shape[1:]))])
        with self._lock:
            apply = self._compiled.setdefault("pull", jax.jit(lambda pull, slope: pull(slope)[0]))
        if not jax.numpy.issubdtype(output.dtype, jax.numpy.inexact):
            raise NeedsGradient(f"the output is {output.dtype}, which has no gradient")
        gradient = apply(pull, to_jax(slope.cpu()).astype(output.dtype))
        activation = batch if start is None else _torch(leaf, rows, count)
        return activation, _torch(gradient, rows, count)

    def _from_input(self, end: str | None) -> Callable[..., Any]:
        import jax

        def run(values: Any, arrays: Any) -> Any:
            def score(batch: Any) -> Any:
                output, seen = self.network.run(
                    [batch, *arrays[1:]], () if end is None else (end,), values=values
                )
                return output if end is None else seen[end]

            return *jax.vjp(score, arrays[0]), None

        return run

    def _from(self, start: str, end: str | None) -> Callable[..., Any]:
        """The network from a layer on: what is added to its output is differentiated, at zero."""
        import jax

        layers = () if end is None else (end,)

        def run(values: Any, arrays: Any) -> Any:
            shapes: list[Any] = []
            jax.eval_shape(
                lambda: self.network.run(
                    arrays, layers, (start, lambda value: shapes.append(value)), values
                )[0]
            )
            added = jax.numpy.zeros(shapes[-1].shape, shapes[-1].dtype)

            def score(added: Any) -> Any:
                kept: list[Any] = []

                def begin(value: Any) -> Any:
                    kept.append(jax.lax.stop_gradient(value))
                    # A layer that runs twice counts with its last run.
                    return kept[-1] + added if len(kept) == len(shapes) else kept[-1]

                output, seen = self.network.run(arrays, layers, (start, begin), values)
                return output if end is None else seen[end], kept[-1]

            return jax.vjp(score, added, has_aux=True)

        return run

    def _function(self, kind: str, key: Any, run: Callable[..., Any]) -> Callable[..., Any]:
        import jax

        with self._lock:
            return self._compiled.setdefault((kind, key), jax.jit(run))

    def _padded(self, key: Any, inputs: Sequence[Tensor]) -> tuple[Sequence[Tensor], int]:
        """The inputs with their last row repeated up to a number of rows that is compiled already.

        That is done where it at most doubles the rows: a program for the odd rest of a batch
        takes longer to compile than those rows to compute.
        """
        rows = len(inputs[0])
        key = (key, *(tuple(tensor.shape[1:]) for tensor in inputs))
        with self._lock:
            known = self._rows.setdefault(key, set())
            size = min((size for size in known if rows <= size <= 2 * rows), default=rows)
            known.add(size)
        if size == rows:
            return inputs, size
        given = 0 if self.network.head is None else 1
        ends = [
            torch.cat([tensor, tensor[-1:].expand(size - rows, *tensor.shape[1:])])
            for tensor in inputs[: len(inputs) - given]
        ]
        return [*ends, *inputs[len(inputs) - given :]], size

    def _arguments(self, inputs: Sequence[Tensor]) -> tuple[list[Any], list[Any]]:
        values = [variable.value for variable in self.network.variables()]
        return values, [to_jax(tensor) for tensor in inputs]


def _torch(array: Any, rows: int, count: int) -> Tensor:
    """The first `count` of `rows` rows."""
    import jax

    if array.devices() != {host := jax.devices("cpu")[0]}:
        array = jax.device_put(array, host)
    tensor = as_tensor(array.block_until_ready())
    return tensor[:count] if tensor.ndim and len(tensor) == rows else tensor
