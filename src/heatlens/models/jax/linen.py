"""Modules of `flax.linen` with their variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heatlens.models.jax.network import evaluation_flags, input_names
from heatlens.models.jax.watch import Watch

__all__ = ["LinenNetwork"]


class LinenNetwork:
    """A linen module and its variables, told by its own argument that it is not being trained."""

    layered = True

    def __init__(self, module: Any, variables: Mapping[str, Any]) -> None:
        """Take an unbound `module`; the `variables` are read anew at each call."""
        self.module, self.variables = module, variables
        self.name = module.name or type(module).__name__
        self.inputs = input_names(module.__call__)
        self._flags = evaluation_flags(module.__call__)

    def weights(self) -> Any:
        """The variables of all collections."""
        return self.variables

    def run(
        self,
        weights: Any,
        given: tuple[tuple[Any, ...], dict[str, Any]],
        wanted: Sequence[str] | None,
        shifts: Mapping[str, Any],
    ) -> tuple[Any, dict[str, Any], list[str]]:
        """See `Network.run`."""
        from flax import linen

        watch = Watch(wanted, shifts)

        def intercept(call: Any, arguments: Any, named: Any, context: Any) -> Any:
            output = call(*arguments, **named)
            if context.method_name != "__call__":
                return output
            return watch(".".join(map(str, context.module.path)), output)

        arguments, named = given
        with linen.intercept_methods(intercept):
            result = self.module.apply(weights, *arguments, **named, **self._flags)
        return result, watch.seen, watch.order
