"""A function of TensorFlow or a SavedModel that the user gave, as a model."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from heatlens.errors import InvalidArgument
from heatlens.models.backend import Backend
from heatlens.models.shapes import contract_of_shape
from heatlens.models.source import Wish
from heatlens.models.tensorflow.engine import TensorFlowEngine
from heatlens.models.tensorflow.function import TensorFlowFunction

__all__ = ["adopt"]

_SERVING = "serving_default"


def adopt(network: Any, wish: Wish) -> Backend | None:
    """A `tf.function`, a loaded SavedModel or a `tf.Module` with a call; None for anything else.

    With `framework="tensorflow"` any callable on tensors of TensorFlow is one.

    Raises:
        InvalidArgument: a SavedModel without anything that can be called, a function of text or
            of a fixed number of rows.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "types"):
        return None
    function = _function(tensorflow, network, wish)
    return None if function is None else _backend(function, wish, network)


def _function(tensorflow: Any, network: Any, wish: Wish) -> TensorFlowFunction | None:
    signatures = getattr(network, "signatures", None)
    if isinstance(signatures, Mapping) and not inspect.isclass(network):
        if signatures:
            return _of_signature(signatures, wish)
        if not callable(network):
            raise InvalidArgument(
                "the SavedModel has no signature and cannot be called; save it with "
                "signatures=, or give one of its functions"
            )
    kinds = (tensorflow.types.experimental.Callable, tensorflow.Module)
    known = isinstance(network, kinds) or isinstance(signatures, Mapping)
    if not callable(network) or not (known or wish.framework == "tensorflow"):
        return None
    name = getattr(network, "__name__", None) or type(network).__name__
    structured = getattr(network, "structured_input_signature", None)
    if structured is not None and structured[1] and not structured[0]:
        return TensorFlowFunction(network, name, structured[1], by_name=True, output=wish.output)
    return TensorFlowFunction(network, name, _specs(network), by_name=False, output=wish.output)


def _of_signature(signatures: Mapping[str, Any], wish: Wish) -> TensorFlowFunction:
    name = _SERVING if _SERVING in signatures else next(iter(signatures))
    call = signatures[name]
    specs = call.structured_input_signature[1]
    return TensorFlowFunction(call, name, specs, by_name=True, output=wish.output)


def _specs(call: Callable[..., Any]) -> dict[str, Any]:
    """The names of what is called with, and what `tf.function(input_signature=)` says of it."""
    function = getattr(call, "python_function", call)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = inspect.signature(lambda batch: batch).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [
        item.name for item in parameters if item.kind in kinds and item.name not in ("training",)
    ] or ["batch"]
    specs = getattr(call, "input_signature", None) or ()
    if not specs and (structured := getattr(call, "structured_input_signature", None)) is not None:
        specs = structured[0]
    return {**dict.fromkeys(names), **dict(zip(names, specs, strict=False))}


def _backend(function: TensorFlowFunction, wish: Wish, network: Any) -> Backend:
    spec = function.spec
    if spec is None or spec.shape.rank is None:
        layout = wish.layout or "NHWC"
        shape: tuple[int | None, ...] = (None,) * len(layout)
    else:
        layout, shape = wish.layout or "", tuple(spec.shape)
    first = len(shape) > 3 and shape[1] in (1, 3) and shape[-1] not in (None, 1, 3, 4)
    high = 255.0 if spec is not None and spec.dtype.name == "uint8" else 1.0
    contract = contract_of_shape(
        function.name, shape, layout or None, channels_first=first, high=high
    )
    return Backend(TensorFlowEngine(function), contract, name=function.name, origin=network)
