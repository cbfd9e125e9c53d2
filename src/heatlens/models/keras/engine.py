"""A network of Keras as an engine: reads layers and pulls gradients back on any of its backends."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.arrays import as_tensor
from heatlens.models.engine import Engine
from heatlens.models.failures import explained
from heatlens.models.keras.calculus import Calculus, calculus_of
from heatlens.models.keras.findings import findings_on
from heatlens.models.keras.layers import anatomy, named_layers
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.targets import Target
from heatlens.models.whole import in_whole_numbers

__all__ = ["KerasEngine"]


class KerasEngine:
    """A `keras.Model` that a `Backend` can ask.

    On TensorFlow and JAX calls are compiled: on TensorFlow once for each size of the input and each
    set of layers, on JAX also for some numbers of rows. New values of weights are seen at once;
    other layers, activations, weights or plain attributes of layers (numbers, words and tuples of
    them, such as `negative_slope`) at the next call. What a layer keeps in objects of its own
    (lists, dictionaries) is taken as it was at the first.

    Attributes:
        model: the user's own network.
        network: the model as a function.
        held: other inputs than the batch's, one row each.
        head: what its last weights are replaced with, if anything.
        findings: what was compiled already.
        capabilities: all, but without input gradients where the input is whole numbers.
        row_limit: 1 where the model was built for one row.
        device: where the weights are.
        dtype: float32, or what the input of the model says.
    """

    def __init__(
        self,
        model: Any,
        network: KerasNetwork,
        held: Mapping[str, Tensor] | None = None,
        head: Tensor | None = None,
    ) -> None:
        """Put a network behind the engine's protocol.

        Args:
            model: what `network` is a function of.
            network: which of its inputs and outputs count.
            held: its other inputs, one row each.
            head: what its last weights are replaced with.

        Raises:
            InvalidArgument: the model was built for a batch of exactly so many rows.
        """
        self.model, self.network, self.held = model, network, dict(held or {})
        self.head, self.findings = head, findings_on(model)
        self.row_limit = _row_limit(network)
        dtype = "" if network.input is None else str(network.input.dtype)
        self.capabilities = frozenset({"predict", "activations", "layer-gradient"}) | (
            frozenset() if "int" in dtype else {"gradient"}
        )
        self.dtype = torch.float64 if dtype == "float64" else torch.float32
        self._whole = dtype if "int" in dtype else None
        self.device = self._current().device

    def layers(self) -> tuple[str, ...]:
        """Names of the layers: "block1_conv1", "backbone/block1_conv1" inside another model."""
        return tuple(named_layers(self.model))

    def inputs(self) -> tuple[str, ...]:
        """Names of what the network takes."""
        return self.network.names

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> KerasEngine:
        """This network as one of the input `of` alone; the others stay as given, one row each."""
        held = {name: as_tensor(value, f"input {name!r}") for name, value in others.items()}
        for name, value in held.items():
            if value.ndim == 0 or len(value) != 1:
                raise InvalidArgument(
                    f"input {name!r} has shape {tuple(value.shape)}; give one row, (1, ...)"
                )
        network = self.network.holding(held, of)
        return KerasEngine(self.model, network, {**self.held, **held}, self.head)

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output, and the named layers' outputs."""
        with explained(self.network.name, batch):
            return self._current().forward(self._inputs(batch), tuple(layers))

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the sum of scores with respect to the batch."""
        with explained(self.network.name, batch):
            return self._current().gradient(self._inputs(batch), target)[1]

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """A layer's output and the gradient with respect to it; nothing below is differentiated."""
        with explained(self.network.name, batch):
            return self._current().gradient(self._inputs(batch), target, layer)

    def with_random_head(self, seed: int) -> Engine | None:
        """The same network with the weights nearest to its output drawn anew."""
        network = self.network.with_given_head()
        if network is None or network.head is None:
            return None
        import keras

        weights = keras.ops.convert_to_numpy(network.head.value).astype(np.float32)
        noise = np.random.default_rng(seed).standard_normal(weights.shape)
        drawn = (noise * weights.std() + weights.mean()).astype(np.float32)
        return KerasEngine(self.model, network, self.held, torch.from_numpy(drawn))

    def _current(self) -> Calculus:
        """What differentiates the network as it is now; made anew when its parts were replaced."""
        layers = named_layers(self.model)

        def make() -> Calculus:
            network = copy.copy(self.network)
            network.layers = layers
            return calculus_of(network)

        return self.findings.calculus(anatomy(self.model, layers), self.network.key, make)

    def _inputs(self, batch: Tensor) -> list[Tensor]:
        _check_shape(self.network, batch)
        if self._whole:
            own: torch.dtype = getattr(torch, str(self._whole))
            # Which Keras casts to the input's own type without wrapping anything around.
            narrow = own if own.itemsize < 4 else torch.int32
            batch = in_whole_numbers(batch, narrow).to(torch.int32)
        held = (self.held[name] for name in self.network.held)
        rows = [batch, *(value.expand(len(batch), *value.shape[1:]) for value in held)]
        return rows if self.head is None else [*rows, self.head.to(batch.device)]


def _row_limit(network: KerasNetwork) -> int | None:
    rows = None if network.input is None else network.input.shape[0]
    if rows is not None and rows > 1:
        raise InvalidArgument(
            f"{network.name!r} was built for batches of exactly {rows} rows; build it with "
            "keras.Input(shape=...) without a batch size"
        )
    return rows


def _check_shape(network: KerasNetwork, batch: Tensor) -> None:
    if network.input is None:
        return
    expected = tuple(network.input.shape)
    fits = len(expected) == batch.ndim and all(
        side in (None, given) for side, given in zip(expected[1:], batch.shape[1:], strict=True)
    )
    if not fits:
        words = ", ".join("any" if side is None else str(side) for side in expected)
        raise InvalidArgument(
            f"{network.name!r} takes ({words}) in its own order of axes, got {tuple(batch.shape)}"
        )
