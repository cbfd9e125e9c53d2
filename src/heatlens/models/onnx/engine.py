"""A model of ONNX as an engine: forward passes of onnxruntime, and tensors inside the graph."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, NeedsGradient, UnknownName
from heatlens.models.arrays import as_tensor
from heatlens.models.onnx.program import Program
from heatlens.models.onnx.session import FLOATING, said_by
from heatlens.models.targets import Target

__all__ = ["OnnxEngine"]

_USUAL_OUTPUTS = ("logits", "scores", "output", "probabilities", "last_hidden_state")
_BYTES = "tensor(uint8)"
_TYPES: dict[str, Any] = {
    "tensor(float16)": np.float16,
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


class OnnxEngine:
    """A model of ONNX; see `heatlens.models.engine.Engine` for what it offers.

    A model exported for a fixed number of rows is given that many: a smaller batch is filled up
    with copies of its last row, whose results are cut off. An input of bytes takes pixels in
    0..255, rounded to whole numbers.

    Attributes:
        program: the graph and its sessions.
        row_limit: the number of rows the model was exported for, if it is fixed.
    """

    def __init__(self, program: Program, output: str | int | None = None) -> None:
        """Take a program.

        Args:
            program: the graph and its sessions.
            output: which of its outputs, by name or place; None is the one that matters by its
                name, or the first that is floating.

        Raises:
            InvalidArgument: the model takes or gives nothing that is floating.
            UnknownName: it has no such output.
        """
        self.program, self.device = program, torch.device("cpu")
        self.capabilities = frozenset(
            {"predict", "activations"} if program.readable else {"predict"}
        )
        self._inputs = {item.name: item for item in program.session.get_inputs()}
        self._of = _main_input(self._inputs, program.name)
        self._output = _wanted_output(program.session.get_outputs(), output, program.name)
        self._held: dict[str, np.ndarray[Any, Any]] = {}

    @property
    def shape(self) -> tuple[Any, ...]:
        """Of the input that the batch goes to: numbers where fixed, else names or None."""
        return tuple(self._inputs[self._of].shape)

    @property
    def takes_bytes(self) -> bool:
        """Whether pixels go in as bytes."""
        return bool(self._inputs[self._of].type == _BYTES)

    @property
    def dtype(self) -> torch.dtype:
        """Type of the input; float32 for one of bytes."""
        return FLOATING.get(self._inputs[self._of].type, torch.float32)

    useful_rows = 36
    """Rows at once: onnxruntime's threads and torch's are in each other's way where they take turns,
    so they should take few (`python -m benchmarks onnx-rise`)."""

    @property
    def row_limit(self) -> int | None:
        """The number of rows the model was exported for, if it is fixed."""
        first = self.shape[0] if self.shape else None
        return first if isinstance(first, int) and first > 0 else None

    def inputs(self) -> tuple[str, ...]:
        """Names of the model's inputs."""
        return tuple(self._inputs)

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> OnnxEngine:
        """The same model with all inputs but one held.

        Args:
            others: arrays of one row (1, ...) by input, repeated for each row of a batch.
            of: the input that the batch goes to; None is the one that is left.

        Raises:
            UnknownName: there is no such input.
            InvalidArgument: the batch would go to an input of whole numbers.
        """
        for name in (*others, *([] if of is None else [of])):
            if name not in self._inputs:
                raise UnknownName("input", name, self._inputs)
        held = {**self._held, **{name: self._array(value, name) for name, value in others.items()}}
        left = {name: item for name, item in self._inputs.items() if name not in held}
        chosen = _main_input(left if of is None else {of: self._inputs[of]}, self.program.name)
        held.pop(chosen, None)
        twin = copy.copy(self)
        twin._held, twin._of = held, chosen
        return twin

    def layers(self) -> tuple[str, ...]:
        """Names of the tensors inside that are computed for each row, in their order."""
        return self.program.layers(self._of)

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output, and the named tensors inside, of one forward pass."""
        feed = self._feed(batch.numpy())
        session = self.program.showing(layers)
        try:
            results = session.run([self._output, *layers], feed)
        except Exception as error:
            raise self._in_words(error, tuple(batch.shape)) from error
        fed, named = len(feed[self._of]), zip((self._output, *layers), results, strict=True)
        output, *seen = (self._of_rows(np.asarray(item), name, fed) for name, item in named)
        # What was added to fill the model's own number of rows goes again.
        return output[: len(batch)], {
            name: item[: len(batch)] for name, item in zip(layers, seen, strict=True)
        }

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Not to be had."""
        raise NeedsGradient(f"{self.program.name}: onnxruntime gives scores and no gradients")

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """Not to be had."""
        raise NeedsGradient(f"{self.program.name}: onnxruntime gives scores and no gradients")

    def with_random_head(self, seed: int) -> OnnxEngine | None:
        """The same model with the last matrix of weights drawn anew."""
        program = self.program.with_random_head(seed)
        if program is None:
            return None
        twin = copy.copy(self)
        twin.program = program
        return twin

    def _feed(self, array: np.ndarray[Any, Any]) -> dict[str, Any]:
        """All inputs by name, of as many rows as the model takes."""
        missing = [name for name in self._inputs if name != self._of and name not in self._held]
        if missing:
            raise InvalidArgument(
                f"{self.program.name} takes {', '.join(self._inputs)}, and only {self._of!r} is "
                "given; give attribute() a mapping with all of them, or explain() the others in "
                "given="
            )
        if self.takes_bytes:
            array = np.clip(np.rint(array), 0, 255).astype(np.uint8)
        limit = self.row_limit
        if limit is not None and len(array) < limit:
            array = np.concatenate([array, np.repeat(array[-1:], limit - len(array), axis=0)])
        return {self._of: array, **{key: self._rows(key, len(array)) for key in self._held}}

    def _of_rows(self, array: np.ndarray[Any, Any], name: str, rows: int) -> Tensor:
        """What the model returned, if it has a row for each that was fed."""
        if array.ndim == 0 or len(array) != rows:
            raise InvalidArgument(
                f"{self.program.name} returned {name!r} of shape {array.shape} for a batch of "
                f"{rows}; the first axis must be the batch. Export it so, or name another output "
                "with output="
            )
        return torch.from_numpy(array)

    def _rows(self, name: str, rows: int) -> np.ndarray[Any, Any]:
        """A held input for so many rows; one that the model wants once stays as it is."""
        array, declared = self._held[name], self._inputs[name].shape
        if not declared or array.ndim == 0 or declared[0] == len(array) != rows:
            return array
        return np.repeat(array, rows, axis=0) if len(array) == 1 else array

    def _array(self, value: Any, name: str) -> np.ndarray[Any, Any]:
        kind = self._inputs[name].type
        if kind not in _TYPES:
            raise InvalidArgument(
                f"input {name!r} of {self.program.name} is a {kind}, which heatlens cannot give"
            )
        return np.ascontiguousarray(as_tensor(value, f"input {name!r}").cpu().numpy(), _TYPES[kind])

    def _in_words(self, error: Exception, shape: tuple[int, ...]) -> Exception:
        if "bad_alloc" in str(error) or "Failed to allocate memory" in str(error):
            return torch.OutOfMemoryError(str(error))
        wants = ", ".join(str(side) for side in self.shape)
        return InvalidArgument(
            f"{self.program.name} takes {self._of!r} of shape ({wants}) and cannot be run with "
            f"{shape}: {said_by(error)}"
        )


def _main_input(inputs: Mapping[str, Any], name: str) -> str:
    """The input that the batch goes to: the first floating one with the axes of a picture."""
    usable = [key for key, item in inputs.items() if item.type in FLOATING or item.type == _BYTES]
    usable = [key for key in usable if len(inputs[key].shape) >= 2]
    if not usable:
        said = ", ".join(f"{key} ({item.type})" for key, item in inputs.items()) or "nothing"
        raise InvalidArgument(
            f"{name} takes {said}; heatlens explains inputs of floating numbers or bytes with an "
            "axis of rows (for words: export the network from its embeddings on)"
        )
    return next((key for key in usable if len(inputs[key].shape) >= 3), usable[0])


def _wanted_output(outputs: Sequence[Any], wanted: str | int | None, name: str) -> str:
    names = [item.name for item in outputs]
    if isinstance(wanted, int):
        if not -len(names) <= wanted < len(names):
            raise InvalidArgument(f"output={wanted}: {name} has {len(names)} outputs")
        return names[wanted]
    if wanted is not None:
        if wanted not in names:
            raise UnknownName("output", wanted, names)
        return wanted
    floating = [item.name for item in outputs if item.type in FLOATING]
    if not floating:
        said = ", ".join(f"{item.name} ({item.type})" for item in outputs)
        raise InvalidArgument(
            f"{name} returns {said}; heatlens needs scores that are floating, so export the "
            "network without what picks the class"
        )
    usual = [known for known in _USUAL_OUTPUTS if known in floating]
    return (usual or floating)[0]
