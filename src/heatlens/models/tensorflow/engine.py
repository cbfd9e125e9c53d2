"""A function of TensorFlow as an engine; nothing of its inside can be seen."""

from __future__ import annotations

import copy
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.models.arrays import as_tensor
from heatlens.models.engine import Engine
from heatlens.models.failures import explained
from heatlens.models.targets import Target
from heatlens.models.tensorflow.calculus import Rows, TensorFlowCalculus
from heatlens.models.tensorflow.function import TensorFlowFunction
from heatlens.models.whole import in_whole_numbers

__all__ = ["TensorFlowEngine"]


class TensorFlowEngine:
    """A `tf.function`, a signature of a SavedModel or any callable on tensors of TensorFlow.

    What TensorFlow compiles is compiled here as well, with the gradient in the same graph, and kept
    as long as the function lives. It is called with the rows at hand, unless its own signature
    leaves them open. A plain Python function is not compiled.

    Attributes:
        function: what is called.
        capabilities: scores and input gradients; no gradients where the input is whole numbers.
        row_limit: 1 where the function takes one row.
        device: the CPU; TensorFlow moves tensors to its own devices itself.
        dtype: what a batch should be.
    """

    device = torch.device("cpu")

    def __init__(self, function: TensorFlowFunction) -> None:
        """Put a function behind the engine's protocol.

        Raises:
            InvalidArgument: it takes text, or a fixed number of rows.
        """
        self.function = function
        self.row_limit = _row_limit(function)
        self.dtype, self._whole = _types(function)
        self.capabilities = frozenset({"predict"} if self._whole else {"predict", "gradient"})
        self._calculus = _calculus_on(function)

    def layers(self) -> tuple[str, ...]:
        """None can be read."""
        return ()

    def inputs(self) -> tuple[str, ...]:
        """Names of what the function takes."""
        return tuple(self.function.specs)

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> TensorFlowEngine:
        """This function as one of the input `of` alone; the others stay as given, one row each."""
        held = {name: as_tensor(value, f"input {name!r}") for name, value in others.items()}
        return TensorFlowEngine(self.function.holding(held, of))

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output."""
        with explained(self.function.name, batch), self._in_its_precision():
            return self._calculus.forward(self._inputs(batch), ())

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the sum of scores with respect to the batch."""
        with explained(self.function.name, batch), self._in_its_precision():
            return self._calculus.gradient(self._inputs(batch), target)[1]

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """Not to be had."""
        raise InvalidArgument(f"{self.function.name!r} shows no layer inside")

    def with_random_head(self, seed: int) -> Engine | None:
        """Not to be had: nobody knows which of its variables come last."""
        return None

    def _inputs(self, batch: Tensor) -> list[Tensor]:
        spec = self.function.spec
        if spec is not None and not spec.shape.is_compatible_with(tuple(batch.shape)):
            raise InvalidArgument(
                f"{self.function.name!r} takes {tuple(spec.shape)} in its own order of axes, got "
                f"{tuple(batch.shape)}"
            )
        if self._whole is not None:
            batch = in_whole_numbers(batch, self._whole)
        held = (value.expand(len(batch), *value.shape[1:]) for value in self.function.held.values())
        return [batch, *held]

    @contextmanager
    def _in_its_precision(self) -> Iterator[None]:
        try:
            yield
        except (HeatlensError, MemoryError):
            raise
        except Exception as error:
            words = str(error)
            if self.function.spec is None and ("float64" in words or "double" in words):
                raise InvalidArgument(
                    f"{self.function.name!r} computes in float64 and was given float32, as it does "
                    "not say what it takes: cast its argument inside, or say so with tf.function("
                    "function, input_signature=[tf.TensorSpec([None, ...], tf.float64)])"
                ) from error
            raise


_known: weakref.WeakKeyDictionary[Any, dict[Any, TensorFlowCalculus]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def _calculus_on(function: TensorFlowFunction) -> TensorFlowCalculus:
    """What differentiates a function; one for all who wrap the same compiled function."""
    if not function.is_compiled:
        return TensorFlowCalculus(function.run, "eager")
    spec = function.spec
    is_open = spec is not None and bool(spec.shape.rank) and spec.shape[0] is None
    rows: Rows = "any" if is_open else "each"
    twin = copy.copy(function)
    twin.held = dict.fromkeys(function.held)
    try:
        twin.call = weakref.proxy(function.call)  # else what is kept for it would keep it
        with _lock:
            known = _known.setdefault(function.call, {})
            key = (function.output, function.of, tuple(function.held))
            return known.setdefault(key, TensorFlowCalculus(twin.run, rows))
    except TypeError:  # an object that cannot be held weakly, or has no hash
        return TensorFlowCalculus(function.run, rows)


def _row_limit(function: TensorFlowFunction) -> int | None:
    spec = function.spec
    rows = None if spec is None or not spec.shape.rank else spec.shape[0]
    if rows is not None and rows > 1:
        raise InvalidArgument(
            f"{function.name!r} takes batches of exactly {rows} rows; trace it with a TensorSpec "
            "whose first axis is None"
        )
    return rows


def _types(function: TensorFlowFunction) -> tuple[torch.dtype, torch.dtype | None]:
    """What a batch should be, and what it is rounded to for a function of whole numbers."""
    if function.spec is None:
        return torch.float32, None
    name = function.spec.dtype.name
    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype) or dtype.is_complex:
        raise InvalidArgument(
            f"{function.name!r} takes tensors of {name} in {function.of!r} (serialised examples?); "
            "heatlens explains functions of real numbers: choose another signature"
        )
    return (dtype, None) if dtype.is_floating_point else (torch.float32, dtype)
