"""Any callable from a batch to scores, an estimator, or an endpoint as a model.

load_model(lambda batch: scores, ...)               arrays of NumPy, (N, H, W, C) of float32
load_model(function, framework="torch", ...)        tensors (N, C, H, W), with gradients
load_model(forest, ...), load_model(forest.predict_proba, ...)
load_model(Endpoint("https://..."), ...)
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

from heatlens.errors import InvalidType, UnknownName
from heatlens.models.backend import Backend
from heatlens.models.contract import Contract
from heatlens.models.function.endpoint import Endpoint
from heatlens.models.function.engine import FunctionEngine, NumpyFunction, TorchFunction
from heatlens.models.function.signature import name_of
from heatlens.models.layout import grid_axes
from heatlens.models.protocol import Model
from heatlens.models.source import Wish
from heatlens.optional import needed

__all__ = ["adopt"]

_ARRAYS = {"numpy": "NHWC", "torch": "NCHW"}
"""The order of axes that functions on arrays of a framework mostly want."""

_FLAT = "the rows of a picture one after the other, its channels last"

_FOLLOWED = (
    "if the function takes tensors of PyTorch or arrays of JAX, load_model(function, "
    "framework='torch') or framework='jax' gives its gradient"
)

_ELSEWHERE = {"tensorflow": "tensorflow", "jax": "jax"}
"""Frameworks whose own room takes their functions, and the extra that installs each."""


def adopt(network: Any, wish: Wish) -> Model:
    """A callable, an estimator or an endpoint as a model.

    Raises:
        UnknownName: `framework` is none that heatlens knows.
        MissingDependency: it is not installed.
        InvalidType: the object is no function of that framework.

    Example:
        >>> model = adopt(lambda batch: batch.mean((1, 2)), Wish(name=""))
        >>> model.contract.layout, sorted(model.capabilities)
        ('NHWC', ['predict'])
    """
    framework = "numpy" if isinstance(network, Endpoint) else wish.framework or "numpy"
    if framework in _ELSEWHERE:
        return _in_its_room(network, wish, framework)
    if framework not in _ARRAYS:
        raise UnknownName("framework", framework, [*_ARRAYS, *_ELSEWHERE])
    function = network if callable(network) else network.predict_proba
    engine: FunctionEngine
    if isinstance(network, Endpoint):
        engine = NumpyFunction(network, network.name, output=wish.output, row_limit=network.rows)
    elif framework == "torch":
        engine = TorchFunction(function, name_of(function), output=wish.output)
    else:
        engine = NumpyFunction(function, name_of(function), output=wish.output)
    contract = _contract(function, engine, wish, _ARRAYS[framework])
    plain = framework == "numpy" and not isinstance(network, Endpoint) and not _features(function)
    hints = {"gradient": _FOLLOWED} if plain else {}
    return Backend(engine, contract, name=engine.name, origin=network, hints=hints)


def _contract(
    function: Callable[..., Any], engine: FunctionEngine, wish: Wish, usual: str
) -> Contract:
    """What the caller says of the input; of all else a function tells nothing."""
    layout = wish.layout or usual
    assumed: list[str] = []
    if "HW" in grid_axes(layout):
        assumed.append("pixels in 0..1 go in as they are (mean 0, std 1)")
    if grid_axes(layout) == "HW":
        assumed.append("pictures of any size go in")
    if wish.layout is None:
        features = _features(function) if isinstance(engine, NumpyFunction) else None
        takes = layout if features is None else f"rows of {features} numbers, {_FLAT}"
        assumed.append(f"{engine.name} takes {takes} (layout= says otherwise)")
    channels = _channels(function, wish, layout)
    return Contract(
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        labels=_labels(function),
        layout=layout,
        assumed=tuple(assumed),
    )


def _features(function: Callable[..., Any]) -> int | None:
    """How many numbers a row has that the function's estimator was fitted on."""
    found = getattr(getattr(function, "__self__", None), "n_features_in_", None)
    return None if found is None else int(found)


def _channels(function: Callable[..., Any], wish: Wish, layout: str) -> int:
    """Three for pictures, unless an estimator's number of features says otherwise."""
    if "C" not in layout:
        return 1
    features = _features(function)
    if features is not None and wish.input_size is not None:
        channels, rest = divmod(features, math.prod(wish.input_size))
        if channels and not rest:
            return channels
    return 3 if "HW" in grid_axes(layout) else 1


def _labels(function: Callable[..., Any]) -> tuple[str, ...]:
    """The classes that an estimator was fitted on, in the order of its columns."""
    if getattr(function, "__name__", "") not in ("predict_proba", "predict_log_proba"):
        return ()
    classes: Any = getattr(getattr(function, "__self__", None), "classes_", None)
    return tuple(map(str, classes)) if getattr(classes, "ndim", None) == 1 else ()


def _in_its_room(network: Any, wish: Wish, framework: str) -> Model:
    needed(framework, f"framework={framework!r}", _ELSEWHERE[framework])
    room = importlib.import_module(f"heatlens.models.{framework}.adopt")
    found: Model | None = room.adopt(network, wish)
    if found is None:
        raise InvalidType(
            f"framework={framework!r}, but {name_of(network)} ({type(network).__name__}) is no "
            f"function of {framework}"
        )
    return found
