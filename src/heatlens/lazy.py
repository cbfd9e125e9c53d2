"""Names of a package that are imported when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["lazily"]


def lazily(package: str, home: Mapping[str, str]) -> Callable[[str], Any]:
    """A `__getattr__` for a package whose names live in its modules.

    Args:
        package: dotted name of the package.
        home: of each name, the module below the package that defines it.

    Example:
        >>> lazily("heatlens", {"Provenance": "provenance"})("Provenance").__name__
        'Provenance'
    """

    def found(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return found
