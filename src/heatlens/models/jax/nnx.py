"""Modules of `flax.nnx`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heatlens.models.jax.network import evaluation_flags, input_names
from heatlens.models.jax.parts import watched_class, watching
from heatlens.models.jax.watch import Watch

__all__ = ["NnxNetwork"]


class NnxNetwork:
    """An nnx module; a copy in evaluation mode does the work, made of the module as it is now."""

    layered = True

    def __init__(self, module: Any) -> None:
        """Take a module that keeps its mode, its weights and its random state."""
        self.module = module
        self.name = type(module).__name__
        self.inputs = input_names(module.__call__)
        self._flags = evaluation_flags(module.__call__)

    def weights(self) -> Any:
        """The module's parts and settings, which hold no arrays, and what its variables hold."""
        from flax import nnx

        return nnx.split(self.module)

    def run(
        self,
        weights: Any,
        given: tuple[tuple[Any, ...], dict[str, Any]],
        wanted: Sequence[str] | None,
        shifts: Mapping[str, Any],
    ) -> tuple[Any, dict[str, Any], list[str]]:
        """See `Network.run`."""
        from flax import nnx

        watch = Watch(wanted, shifts)
        module = nnx.merge(*weights)
        module.eval()
        parts = nnx.iter_modules(module) if hasattr(nnx, "iter_modules") else module.iter_modules()
        names = {}
        for path, part in list(parts):
            if path and callable(part):
                names[id(part)] = ".".join(map(str, path))
                object.__setattr__(part, "__class__", watched_class(type(part)))
        arguments, named = given
        with watching(names, watch):
            result = module(*arguments, **named, **self._flags)
        return result, watch.seen, watch.order
