"""Reading and replacing what goes through a layer of Keras while it runs, in this thread only.

Keras has no hooks. A tap shadows a function of one layer object (`call`, `activation`) for as long
as somebody listens, calls the layer's own, and shows what it took or gave to the listeners of the
thread it runs in. Other threads that use the same network meanwhile get what they always got.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Spot", "listening", "with_first"]

Listener = Callable[[str, Any], Any]
_MISSING = object()


@dataclass(frozen=True, eq=False)
class Spot:
    """A place in a network.

    Attributes:
        owner: a layer or an operation.
        function: its attribute that is called there.
        takes: look at the first argument rather than at the result.
    """

    owner: Any
    function: str = "call"
    takes: bool = False


@dataclass
class _Tap:
    own: Any
    users: int


_lock = threading.Lock()
_taps: dict[tuple[int, str], _Tap] = {}
_thread = threading.local()


@contextmanager
def listening(spots: Mapping[str, Spot], listener: Listener) -> Iterator[None]:
    """Call `listener(name, tensor)` whenever something passes one of the spots in this thread.

    The tensor is the first one inside; what the listener returns takes its place unless it is
    None. The taps are gone when the block ends, however it ends.
    """
    heard = {(id(spot.owner), spot.function): (name, spot) for name, spot in spots.items()}
    stack: list[Any] = _thread.__dict__.setdefault("stack", [])
    put: list[Spot] = []
    try:
        for _, spot in heard.values():
            _put(spot)
            put.append(spot)
        stack.append((heard, listener))
        try:
            yield
        finally:
            stack.pop()
    finally:
        for spot in put:
            _take(spot)


def with_first(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure with its first tensor put through `change`, unless that gives None.

    Example:
        >>> with_first((1, 2), lambda first: 10 * first)
        (10, 2)
    """
    if isinstance(value, Mapping):
        rest = dict(value)
        for key in rest:
            rest[key] = with_first(rest[key], change)
            break
        return rest
    if isinstance(value, list | tuple) and value:
        parts = [with_first(value[0], change), *value[1:]]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    changed = change(value)
    return value if changed is None else changed


def _put(spot: Spot) -> None:
    key = id(spot.owner), spot.function
    with _lock:
        if key in _taps:
            _taps[key].users += 1
            return
        attributes = vars(spot.owner)
        # Written past __setattr__, which would track it and, for a built layer, refuse it.
        _taps[key] = _Tap(attributes.get(spot.function, _MISSING), 1)
        attributes[spot.function] = _tapped(getattr(spot.owner, spot.function), key)


def _take(spot: Spot) -> None:
    key = id(spot.owner), spot.function
    with _lock:
        tap = _taps[key]
        tap.users -= 1
        if tap.users:
            return
        del _taps[key]
        attributes = vars(spot.owner)
        if tap.own is _MISSING:
            del attributes[spot.function]
        else:
            attributes[spot.function] = tap.own


def _tapped(function: Callable[..., Any], key: tuple[int, str]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        heard = [
            (*spots[key], listener)
            for spots, listener in _thread.__dict__.get("stack", ())
            if key in spots
        ]
        for name, spot, listener in heard:
            if spot.takes and arguments:
                first = with_first(arguments[0], functools.partial(listener, name))
                arguments = (first, *arguments[1:])
        result = function(*arguments, **named)
        for name, spot, listener in heard:
            if not spot.takes:
                result = with_first(result, functools.partial(listener, name))
        return result

    return call
