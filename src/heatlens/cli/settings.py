"""`--set NAME=VALUE`: parameters of methods, as they were typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from heatlens.errors import InvalidArgument

__all__ = ["settings_of", "taken_by"]


def settings_of(pairs: Sequence[str] | None) -> dict[str, Any]:
    """NAME=VALUE pairs, with values as numbers or booleans where they look like such.

    Example:
        >>> settings_of(["steps=20", "centred=false", "baseline=blur"])
        {'steps': 20, 'centred': False, 'baseline': 'blur'}
    """
    settings: dict[str, Any] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InvalidArgument(f"--set {pair!r}: write NAME=VALUE, such as steps=20")
        settings[name.replace("-", "_")] = _value(value)
    return settings


def taken_by(settings: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that a method takes; "a,b" is a list where its default is one.

    Example:
        >>> taken_by({"members": "gbvs,aim", "steps": 3}, {"members": ("gbvs",)})
        {'members': ('gbvs', 'aim')}
    """
    found = {name: value for name, value in settings.items() if name in known}
    for name, value in found.items():
        if isinstance(known[name], tuple) and isinstance(value, str):
            found[name] = tuple(_value(part.strip()) for part in value.split(","))
    return found


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
