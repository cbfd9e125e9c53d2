"""Modules of Equinox, which take one input without a batch axis and are mapped over the rows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from heatlens.models.jax.network import evaluation_flags, input_names
from heatlens.models.jax.parts import watched_class, watching
from heatlens.models.jax.watch import Watch

__all__ = ["EquinoxNetwork"]


class EquinoxNetwork:
    """An Equinox module, alone or with its state, in inference mode.

    One that turns out not to take a single row is given whole batches.
    """

    layered = True

    def __init__(self, module: Any, state: Any = None) -> None:
        """Take a module that stays as it is, and the state of a stateful one (batch norm)."""
        import equinox

        self.name = type(module).__name__
        self.inputs = input_names(module.__call__)
        quiet = equinox.nn.inference_mode(module)
        self._weights, self._static = equinox.partition((quiet, state), equinox.is_array)
        self._stateful = state is not None
        self._flags: dict[str, Any] = dict(evaluation_flags(module.__call__))
        if "key" in inspect.signature(module.__call__).parameters:
            self._flags["key"] = None

    def weights(self) -> Any:
        """All arrays of the module and its state."""
        return self._weights

    def run(
        self,
        weights: Any,
        given: tuple[tuple[Any, ...], dict[str, Any]],
        wanted: Sequence[str] | None,
        shifts: Mapping[str, Any],
    ) -> tuple[Any, dict[str, Any], list[str]]:
        """See `Network.run`."""
        import equinox
        import jax

        order: list[str] = []

        def row(given: Any, shifts: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
            module, state = equinox.combine(weights, self._static)
            watch = Watch(wanted, shifts)
            result = self._call(module, state, given, watch)
            order[:] = watch.order
            return result, watch.seen

        try:
            result, seen = jax.vmap(row)(given, dict(shifts))
        except Exception as error:
            # Whatever a module raises that is given a row and wants a batch.
            try:
                result, seen = row(given, dict(shifts))
            except Exception:
                raise error from None
        return result, seen, order

    def _call(self, module: Any, state: Any, given: Any, watch: Watch) -> Any:
        names: dict[int, str] = {}
        kept: list[Any] = []
        watched = _with_watched_parts(module, "", names, kept)
        arguments, named = given
        with watching(names, watch):
            if self._stateful:
                return watched(*arguments, state, **named, **self._flags)[0]
            return watched(*arguments, **named, **self._flags)


def _with_watched_parts(node: Any, path: str, names: dict[int, str], kept: list[Any]) -> Any:
    """A copy of a tree of modules whose parts show their output to the watch of the moment."""
    import equinox

    def inner(value: Any, step: Any) -> Any:
        return _with_watched_parts(value, f"{path}.{step}" if path else str(step), names, kept)

    if isinstance(node, list | tuple) and not hasattr(node, "_fields"):
        return type(node)(inner(value, place) for place, value in enumerate(node))
    if isinstance(node, dict):
        return {key: inner(value, key) for key, value in node.items()}
    if not isinstance(node, equinox.Module):
        return node
    kind = type(node)
    if path and callable(node):
        kind = watched_class(kind)
    copy = object.__new__(kind)
    for name, value in vars(node).items():
        object.__setattr__(copy, name, inner(value, name))
    names[id(copy)] = path
    kept.append(copy)  # alive, so that no other part gets its id
    return copy
