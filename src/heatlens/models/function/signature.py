"""What a callable is called, and by which names it takes its inputs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from heatlens.errors import UnknownName

__all__ = ["check_held", "input_names", "name_of"]

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def name_of(function: Callable[..., Any]) -> str:
    """What a person would call it.

    Example:
        >>> name_of(max), name_of([].append), name_of(functools.partial(print, end=""))
        ('max', 'list.append', 'print')
    """
    if isinstance(function, functools.partial):
        return name_of(function.func)
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return type(function).__name__
    owner = getattr(function, "__self__", None)
    if owner is None or inspect.ismodule(owner):
        return name
    return f"{owner.__name__ if isinstance(owner, type) else type(owner).__name__}.{name}"


def input_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of its parameters; empty where nobody can tell.

    Example:
        >>> input_names(lambda pixels, words: 0)
        ('pixels', 'words')
    """
    return tuple(name for name, item in _parameters(function).items() if item.kind in _NAMED)


def check_held(function: Callable[..., Any], names: Mapping[str, Any], of: str | None) -> None:
    """Refuse names of inputs that the function does not have.

    Raises:
        UnknownName: it has no parameter of that name; the message names the nearest.
    """
    parameters = _parameters(function)
    open_ended = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters.values())
    if open_ended or not parameters:
        return
    known = input_names(function)
    for name in (*names, *(() if of is None else (of,))):
        if name not in known:
            raise UnknownName(f"input of {name_of(function)}", name, known)


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # built in C, without a signature
        return {}
