"""A network of JAX as an engine, differentiated by `jax.vjp`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, NeedsGradient, UnknownName
from heatlens.models.arrays import as_tensor, to_jax
from heatlens.models.engine import cotangent
from heatlens.models.jax.arguments import held_row
from heatlens.models.jax.compiled import Compiled
from heatlens.models.jax.dependence import is_differentiable
from heatlens.models.jax.network import Network
from heatlens.models.jax.trouble import explained
from heatlens.models.jax.weights import common_dtype, place_of, torch_device, with_random_head
from heatlens.models.targets import Target

__all__ = ["JaxEngine"]


class JaxEngine:
    """A network of JAX; see `heatlens.models.engine.Engine` for what it offers.

    A module of Flax or Equinox is compiled once for each shape. Its weights are arguments of what
    is compiled, so a change of them is seen at the next call and compiles nothing anew; a change of
    its parts or settings (Flax NNX) compiles anew. A plain function runs as its owner would run it,
    one operation after the other where it is not the owner's `jax.jit`; weights that it closes over
    are read in each call, but those in a function of the owner's `jax.jit` stay what they were when
    JAX first traced it.

    Attributes:
        network: as a pure function.
        row_limit: None, any number of rows.
        dtype: the weights' own type; float32 for a function that shows none.
        device: where the weights are, if torch can use it; else the CPU, and JAX moves the input.
    """

    row_limit: int | None = None

    def __init__(
        self,
        network: Network,
        output: str | int | None = None,
        shapes: Sequence[tuple[int, ...]] = (),
    ) -> None:
        """Take a network.

        Args:
            network: as a pure function.
            output: which of several outputs, by name or place.
            shapes: likely shapes of a row, tried in this order when layers are asked for before
                any batch has come.
        """
        self.network = network
        self.capabilities = frozenset(
            {"predict", "gradient", "activations", "layer-gradient"}
            if network.layered
            else {"predict", "gradient"}
        )
        self._compiled = Compiled(network, output)
        self._shapes = tuple(shapes)
        self._weights: Any = None
        self.dtype = common_dtype(self.weights())
        self._place = place_of(self.weights())
        shared = torch_device(self._place)
        self.device, self._shared = shared or torch.device("cpu"), shared is not None
        self._held: dict[str, Any] = {}
        self._of: str | None = None
        self._shape: tuple[int, ...] | None = None
        self._order: dict[Any, tuple[str, ...]] = {}

    def weights(self) -> Any:
        """The arrays that the network computes with."""
        return self.network.weights() if self._weights is None else self._weights

    def inputs(self) -> tuple[str, ...]:
        """Names of the network's inputs, as far as its signature tells."""
        return self.network.inputs

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> JaxEngine:
        """The same network with all inputs but one held.

        Args:
            others: arrays of one row (1, ...) by input, repeated for each row of a batch.
            of: the input that the batch goes to; None is the only one that is left. A network of
                one argument is given a dictionary.

        Raises:
            UnknownName: there is no such input.
            InvalidArgument: `of` is not given and several are left.
        """
        names = self.network.inputs
        if len(names) > 1:
            for name in (*others, *([] if of is None else [of])):
                if name not in names:
                    raise UnknownName("input", name, names)
        left = [name for name in names if name not in others and name not in self._held]
        if of is None and (len(left) != 1 or len(names) < 2):
            raise InvalidArgument(
                f"{self.network.name} takes {', '.join(names) or 'inputs without names'}; name the "
                "input that the batch goes to"
            )
        twin = copy.copy(self)
        held = {name: self._placed(held_row(value, name)) for name, value in others.items()}
        twin._held = {**self._held, **held}
        twin._held.pop(of or left[0], None)
        twin._of, twin._order = of or left[0], {}
        return twin

    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in the order in which they finish.

        They are known from a trace of the last shape that came, else of a likely one.
        """
        if not self.network.layered:
            return ()
        import jax

        structure = jax.tree_util.tree_structure(self.weights())
        for shape in self._shapes if self._shape is None else (self._shape,):
            if (structure, shape) not in self._order:
                try:
                    self._order[structure, shape] = self._traced(
                        torch.zeros(1, *shape, dtype=self.dtype, device="cpu")
                    )
                except InvalidArgument:
                    if self._shape is not None:
                        raise
                    continue
            return self._order[structure, shape]
        return ()

    def forward(
        self, batch: Tensor, layers: Sequence[str] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The output, and the named layers' outputs, of one forward pass."""
        self._shape = tuple(batch.shape[1:])
        with self._explained(batch):
            output, seen = self._compiled.forward(
                *self._arguments(batch), names=tuple(layers), of=self._of
            )
            return self._tensor(output), {name: self._tensor(seen[name]) for name in layers}

    def gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the sum of `target.scores(output)` with respect to the batch."""
        self._shape = tuple(batch.shape[1:])
        layer = None if target.layer is None else self._known(target.layer)
        weights, array, held = self._arguments(batch)
        with self._explained(batch):
            value, pullback = self._compiled.pullback(
                weights, array, held, layer=layer, of=self._of
            )
        slope = self._pulled(value, pullback, target, batch)
        if not bool(slope.any()):
            self._require_path(
                lambda array: self._compiled.value(weights, array, held, layer, self._of),
                array,
                "input",
            )
        return slope

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """A layer's output and the gradient of the sum of scores with respect to it."""
        import jax

        self._shape = tuple(batch.shape[1:])
        order = self.layers()
        end = None if target.layer is None else self._known(target.layer)
        if end is not None and order.index(end) < order.index(self._known(layer)):
            raise NeedsGradient(
                f"the target's layer {target.layer!r} runs before layer {layer!r}, so its score "
                "does not depend on it"
            )
        arguments = self._arguments(batch)
        with self._explained(batch):
            value, pullback, output = self._compiled.from_layer(
                *arguments, layer=layer, end=end, of=self._of
            )
        slope = self._pulled(value, pullback, target, batch)
        if not bool(slope.any()):
            self._require_path(
                lambda shift: self._compiled.shifted(*arguments, shift, layer, end, self._of)[0],
                jax.numpy.zeros_like(output),
                f"layer {layer!r}",
            )
        return self._tensor(output), slope

    def with_random_head(self, seed: int) -> JaxEngine | None:
        """The same network with the weights of the layer that runs last drawn anew."""
        weights = with_random_head(self.weights(), self.layers(), seed)
        if weights is None:
            return None
        twin = copy.copy(self)
        twin._weights = weights
        return twin

    def _arguments(self, batch: Tensor) -> tuple[Any, Any, Any]:
        return self.weights(), self._placed(batch), self._held

    def _placed(self, tensor: Tensor) -> Any:
        """JAX's array where the weights are, in the tensor's own memory if that is the place."""
        import jax

        array = to_jax(tensor)
        return array if self._shared else jax.device_put(array, self._place)

    def _tensor(self, array: Any) -> Tensor:
        """The array's own memory, or a copy of it that torch can reach."""
        import jax

        return as_tensor(array if self._shared else jax.device_put(array, jax.devices("cpu")[0]))

    def _require_path(self, function: Callable[[Any], Any], point: Any, place: str) -> None:
        """Refuse zeros that say nothing about the network."""
        if not is_differentiable(function, point):
            raise NeedsGradient(
                f"gradients cannot follow {self.network.name} from its output back to its {place} "
                "(a stop_gradient or a rounding between them, or no way at all?)"
            )

    def _pulled(self, value: Any, pullback: Any, target: Target, batch: Tensor) -> Tensor:
        """The gradient of the target's scores of an output, taken back."""
        with self._explained(batch):
            output = self._tensor(value)
        if not output.is_floating_point():
            raise NeedsGradient(
                f"{self.network.name} returns {value.dtype}; gradients need scores that are "
                "floating, not the index of the class"
            )
        slope = self._placed(cotangent(output.float(), target, len(batch)).to(output.dtype))
        with self._explained(batch):
            return self._tensor(self._compiled.pull(pullback, slope))

    def _explained(self, batch: Tensor) -> AbstractContextManager[None]:
        return explained(self.network.name, tuple(batch.shape))

    def _known(self, layer: str) -> str:
        if layer not in self.layers():
            raise UnknownName("layer", layer, self.layers())
        return layer

    def _traced(self, row: Tensor) -> tuple[str, ...]:
        import jax

        # Three rows: no other axis is likely to be as long by chance in every layer.
        like = jax.ShapeDtypeStruct((3, *row.shape[1:]), to_jax(row).dtype)
        with self._explained(row):
            return self._compiled.layers(self.weights(), like, self._held, self._of)
