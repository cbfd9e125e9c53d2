"""Packages of an extra: imported where they are used, and missed in words."""

from __future__ import annotations

import importlib
from types import ModuleType

from heatlens.errors import MissingDependency

__all__ = ["cause_of", "needed"]


def needed(package: str, purpose: str, extra: str = "models") -> ModuleType:
    """The package of an extra, imported.

    Raises:
        MissingDependency: it is not installed, or its import fails; the message says which.
    """
    name = package.partition(".")[0]
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        reason = "" if error.name == name else cause_of(error)
        raise MissingDependency(name, extra, purpose, reason) from error
    except (ImportError, RuntimeError, OSError) as error:
        # A torchvision built for another torch: "operator torchvision::nms does not exist".
        raise MissingDependency(name, extra, purpose, cause_of(error)) from error


def cause_of(error: BaseException) -> str:
    """The first line of what lies at the bottom of an error.

    Example:
        >>> cause_of(RuntimeError("operator torchvision::nms does not exist"))
        'operator torchvision::nms does not exist'
    """
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).split("\n")[0]
