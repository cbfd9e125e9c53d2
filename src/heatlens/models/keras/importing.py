"""Import Keras, or say which package is missing and what KERAS_BACKEND has to do with it."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, MissingDependency
from heatlens.optional import needed

__all__ = ["BACKENDS", "home", "imported", "state"]

BACKENDS = ("tensorflow", "jax", "torch")
"""Backends of Keras that can give gradients; each is also the name of its package."""


def imported(purpose: str) -> Any:
    """The package `keras`, on whichever backend the user chose.

    Raises:
        MissingDependency: Keras, or the backend it is told to use, is not installed.
        InvalidArgument: KERAS_BACKEND names no backend with gradients, or this is Keras 2.
    """
    if importlib.util.find_spec("keras") is None:
        raise MissingDependency("keras", "keras", purpose)
    if "keras" not in sys.modules:
        chosen, where = _chosen()
        if chosen not in BACKENDS:
            raise InvalidArgument(
                f"{where} names the backend {chosen!r}; heatlens explains networks of Keras on "
                f"{', '.join(BACKENDS)}. Installed here: {_here()}"
            )
        if importlib.util.find_spec(chosen) is None:
            raise MissingDependency(
                chosen, chosen, f"{purpose} with {where} (KERAS_BACKEND can be {_here()} here)"
            )
    keras = needed("keras", purpose, "keras")
    if not hasattr(keras, "StatelessScope"):
        raise InvalidArgument(
            f"this is Keras {getattr(keras, '__version__', '2')}; heatlens explains networks of "
            "Keras 3: pip install 'heatlens[keras]'"
        )
    return keras


def state() -> str:
    """Which backend is at work or would be, and whether it is installed; nothing is imported.

    Example:
        >>> state().startswith("KERAS_BACKEND=")
        True
    """
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "backend"):
        return f"KERAS_BACKEND={keras.backend.backend()}"
    chosen, _ = _chosen()
    if chosen in BACKENDS and importlib.util.find_spec(chosen) is not None:
        return f"KERAS_BACKEND={chosen}"
    return f"KERAS_BACKEND={chosen}, which is not installed; it can be {_here()} here"


def home() -> Path:
    """The folder in which Keras keeps weights and its settings."""
    given = os.environ.get("KERAS_HOME")
    return Path(given) if given else Path.home() / ".keras"


def _chosen() -> tuple[str, str]:
    """The backend that an import of Keras would take, and who says so."""
    if given := os.environ.get("KERAS_BACKEND"):
        return given, f"KERAS_BACKEND={given}"
    path = home() / "keras.json"
    try:
        written = json.loads(path.read_text()).get("backend", "tensorflow")
    except (OSError, ValueError, AttributeError):
        return "tensorflow", "KERAS_BACKEND=tensorflow, which is Keras's own choice"
    return str(written), f"{path}"


def _here() -> str:
    found = [name for name in BACKENDS if importlib.util.find_spec(name) is not None]
    return " or ".join(found)
