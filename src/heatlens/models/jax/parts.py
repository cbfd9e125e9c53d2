"""Parts of a copied network that show their output to a watch while the network is traced."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from heatlens.models.jax.watch import Watch

__all__ = ["watched_class", "watching"]

_watched: ContextVar[tuple[Mapping[int, str], Watch] | None] = ContextVar("watched", default=None)
_classes: dict[type, type] = {}
_lock = threading.Lock()


@contextmanager
def watching(names: Mapping[int, str], watch: Watch) -> Iterator[None]:
    """Show the outputs of parts, named by their `id`, to `watch` inside the block."""
    token = _watched.set((names, watch))
    try:
        yield
    finally:
        _watched.reset(token)


def watched_class(kind: Any) -> type:
    """The subclass of `kind` whose instances show their output; one for each `kind`.

    Only copies that heatlens made become instances of it: the user's classes stay as they are.
    """
    with _lock:
        if kind not in _classes:

            def call(self: Any, *arguments: Any, **named: Any) -> Any:
                output = kind.__call__(self, *arguments, **named)
                watched = _watched.get()
                if watched is None or id(self) not in watched[0]:
                    return output
                names, watch = watched
                return watch(names[id(self)], output)

            body = {"__call__": call, "__module__": kind.__module__, "__doc__": kind.__doc__}
            _classes[kind] = type(kind)(kind.__name__, (kind,), body)
        return _classes[kind]
