"""What is computed with a JAX network: forward, and back to its input or a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heatlens.errors import InvalidType
from heatlens.models.jax.arguments import given
from heatlens.models.jax.network import Network
from heatlens.models.jax.watch import primary
from heatlens.models.pytorch.port import one_output

__all__ = ["Compiled"]


class Compiled:
    """A network's functions; those of a network with layers compiled once for each shape, and kept.

    A plain function is not compiled: that would freeze all that it reads from outside, such as the
    weights of a closure. It is differentiated as it runs, and compiled where its owner says
    `jax.jit`.

    All take the weights, a batch and the inputs that are held, and then names, which are part of
    what is compiled: of layers, and of the input that the batch goes to.

    Attributes:
        forward: (weights, batch, held, names, of) to the output and the named layers' outputs.
        pullback: (weights, batch, held, layer, of) to the output, or the layer's, and the function
            that takes a cotangent of it back to the batch.
        from_layer: (weights, batch, held, layer, end, of) to the output, or that of the layer
            `end`, the function that takes a cotangent of it back to `layer`, and that layer's
            output.
        pull: a pullback and a cotangent to the gradient.
    """

    def __init__(self, network: Network, output: str | int | None) -> None:
        """Compile nothing yet.

        Args:
            network: as a pure function.
            output: which of several outputs, by name or place.
        """
        import jax

        self._network, self._output = network, output
        self.forward: Any = self.outcome
        self.pullback: Any = self._with_pullback
        self.from_layer: Any = self._with_pullback_to
        self.pull: Any = lambda pullback, slope: pullback(slope)[0]
        if network.layered:
            self.forward = jax.jit(self.forward, static_argnames=("names", "of"))
            self.pullback = jax.jit(self.pullback, static_argnames=("layer", "of"))
            self.from_layer = jax.jit(self.from_layer, static_argnames=("layer", "end", "of"))
            self.pull = jax.jit(self.pull)

    def layers(self, weights: Any, like: Any, held: Any, of: str | None) -> tuple[str, ...]:
        """The layers whose outputs have a row for each of a batch `like` this; nothing is run."""
        import jax

        order: list[str] = []

        def look(weights: Any, batch: Any, held: Any) -> Any:
            arguments = given(batch, held, of, self._network.inputs)
            _, seen, order[:] = self._network.run(weights, arguments, None, {})
            return seen

        seen = jax.eval_shape(look, weights, like, held)
        return tuple(
            name
            for name in order
            if len(seen[name].shape) > 1
            and seen[name].shape[0] == like.shape[0]
            and jax.numpy.issubdtype(seen[name].dtype, jax.numpy.floating)
        )

    def outcome(
        self,
        weights: Any,
        batch: Any,
        held: Any,
        names: tuple[str, ...],
        of: str | None,
        shifts: Mapping[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """The wanted output, and the named layers'; what all others go through."""
        arguments = given(batch, held, of, self._network.inputs)
        result, seen, _ = self._network.run(weights, arguments, names, shifts or {})
        output = primary(result if self._output is None else one_output(result, self._output))
        if output is None:
            raise InvalidType(
                f"{self._network.name} returned {type(result).__name__} without an array inside"
            )
        return output, seen

    def value(self, weights: Any, batch: Any, held: Any, layer: str | None, of: str | None) -> Any:
        """The output, or that of a layer."""
        output, seen = self.outcome(weights, batch, held, () if layer is None else (layer,), of)
        return output if layer is None else seen[layer]

    def shifted(
        self,
        weights: Any,
        batch: Any,
        held: Any,
        shift: Any,
        layer: str,
        end: str | None,
        of: str | None,
    ) -> tuple[Any, Any]:
        """The output, or that of the layer `end`, with `layer` shifted, and that layer's own."""
        names = (layer,) if end is None else (layer, end)
        output, seen = self.outcome(weights, batch, held, names, of, {layer: shift})
        return (output if end is None else seen[end]), seen[layer]

    def _with_pullback(
        self, weights: Any, batch: Any, held: Any, layer: str | None, of: str | None
    ) -> Any:
        import jax

        return jax.vjp(lambda batch: self.value(weights, batch, held, layer, of), batch)

    def _with_pullback_to(
        self, weights: Any, batch: Any, held: Any, layer: str, end: str | None, of: str | None
    ) -> Any:
        import jax

        like = jax.eval_shape(lambda: self.value(weights, batch, held, layer, of))
        # Only the shift is differentiated, so nothing below the layer is.
        return jax.vjp(
            lambda shift: self.shifted(weights, batch, held, shift, layer, end, of),
            jax.numpy.zeros(like.shape, like.dtype),
            has_aux=True,
        )
