"""Reading layers of a JAX network, and shifting their output, while the network is traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Watch", "primary", "with_primary"]

_USUAL_NAMES = ("logits", "out", "last_hidden_state")


class Watch:
    """Sees each layer's output as it is traced and keeps the wanted ones.

    A layer that runs again gets a name of its own, "relu", "relu#2", "relu#3". What runs inside a
    loop or a compiled part of the network (`scan`, `remat`, `jit`) cannot be handed out of it and
    is passed over.

    Attributes:
        seen: the wanted layers' outputs, by name.
        order: names of all layers, in the order in which they finished.
    """

    def __init__(
        self, wanted: Sequence[str] | None = (), shifts: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the `wanted` layers' outputs (None: all), each with its shift added."""
        self._wanted = None if wanted is None else frozenset(wanted)
        self._shifts = {} if shifts is None else shifts
        self._level = _trace_level()
        self.seen: dict[str, Any] = {}
        self.order: list[str] = []

    def __call__(self, layer: str, output: Any) -> Any:
        """What takes the place of the layer's output."""
        array = primary(output)
        if array is None or not layer or self._level != _trace_level():
            return output
        name, times = layer, 1
        while name in self.order:
            times += 1
            name = f"{layer}#{times}"
        self.order.append(name)
        if self._wanted is not None and name not in self._wanted:
            return output
        if name in self._shifts:
            shifted = array + self._shifts[name]
            output, array = with_primary(output, array, shifted), shifted
        self.seen[name] = array
        return output


def primary(output: Any) -> Any:
    """The array that matters in what a network or a layer returned; None if there is none.

    An array itself; the `logits`, `out` or `last_hidden_state` of a mapping or record; else the
    first floating array inside.

    Example:
        >>> import numpy as np
        >>> import jax.numpy as jnp
        >>> primary({"aux": jnp.ones(2), "logits": jnp.ones(3)}).shape
        (3,)
    """
    import jax

    if isinstance(output, jax.Array):
        return output
    for key in _USUAL_NAMES:
        found = output.get(key) if isinstance(output, Mapping) else getattr(output, key, None)
        if isinstance(found, jax.Array):
            return found
    arrays = [leaf for leaf in jax.tree_util.tree_leaves(output) if isinstance(leaf, jax.Array)]
    floating = [leaf for leaf in arrays if jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating)]
    return next(iter(floating or arrays), None)


def with_primary(output: Any, old: Any, new: Any) -> Any:
    """The same structure with `old` (by identity) replaced by `new`."""
    import jax

    return jax.tree_util.tree_map(lambda leaf: new if leaf is old else leaf, output)


def _trace_level() -> Any:
    """What is being traced now; arrays of an inner level must not leave it."""
    from jax.extend import core

    if not hasattr(core, "get_opaque_trace_state"):  # before JAX 0.8 it stood in jax.core
        from jax import core
    return core.get_opaque_trace_state(convention="flax")
