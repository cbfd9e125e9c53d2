"""Whose object is this? A network of a framework that is in use, or a callable of the user's own.

The object's own framework decides; none is imported to ask.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from heatlens.models.protocol import Model
from heatlens.models.source import Wish

__all__ = ["adopted"]

_ROOMS = {
    "keras": "keras",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "onnxruntime": "onnx",
    "onnx": "onnx",
}
"""Frameworks in the order they are asked, and the room of each, `heatlens.models.ROOM.adopt`."""


def adopted(network: Any, wish: Wish) -> Model | None:
    """The object as a model, or None if it is none of any framework here and not callable.

    Args:
        network: what the caller gave.
        wish: the caller's words on it (layout, output, framework).
    """
    # The bytes of a file can only be ONNX's.
    file = isinstance(network, bytes | bytearray | memoryview)
    for framework, place in _ROOMS.items():
        if framework in sys.modules or (file and framework == "onnx"):
            room = importlib.import_module(f"heatlens.models.{place}.adopt")
            found: Model | None = room.adopt(network, wish)
            if found is not None:
                return found
    estimator = callable(getattr(network, "predict_proba", None))  # as in scikit-learn
    if (callable(network) or estimator) and not isinstance(network, type):
        from heatlens.models.function.adopt import adopt

        return adopt(network, wish)
    return None
