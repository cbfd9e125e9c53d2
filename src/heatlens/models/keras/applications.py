"""Networks of keras.applications by name, with what each does to pixels before it sees them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import random
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, UnknownName, WeightsUnavailable
from heatlens.models.contract import Contract
from heatlens.models.hub import require_reachable
from heatlens.models.keras.importing import home
from heatlens.models.keras.labels import imagenet_labels
from heatlens.models.source import Wish

__all__ = ["application", "names", "preprocessing"]

_drawing = threading.Lock()


def names() -> list[str]:
    """All networks of keras.applications, read from its source: importing Keras takes seconds."""
    spec = importlib.util.find_spec("keras")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / "applications" / "__init__.py"
        if path.is_file():
            imports = [
                alias.asname or alias.name
                for node in ast.parse(path.read_text()).body
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            ]
            return sorted({name for name in imports if name[:1].isupper()})
    return []


def application(keras: Any, wish: Wish) -> tuple[Any, Contract]:
    """The network and its contract.

    Raises:
        UnknownName: keras.applications has no such network.
        WeightsUnavailable: its weights are not here and cannot be downloaded.
        InvalidArgument: another size or number of classes than the weights were trained for.
    """
    if wish.name not in names():
        raise UnknownName("network of keras.applications", wish.name, names())
    builder = getattr(keras.applications, wish.name)
    module = importlib.import_module(builder.__module__)
    first = keras.config.image_data_format() == "channels_first"
    settings: dict[str, Any] = {"weights": "imagenet" if wish.pretrained else None}
    if wish.input_size is not None:
        settings["input_shape"] = (3, *wish.input_size) if first else (*wish.input_size, 3)
    if wish.classes is not None:
        settings["classes"] = wish.classes
    try:
        if wish.pretrained:
            model = _checking(keras, module, wish.name)[wish.name](**settings)
        else:
            with _drawn_apart():
                model = builder(**settings)
    except ValueError as error:
        if isinstance(error, WeightsUnavailable):
            raise
        raise InvalidArgument(
            f"keras:{wish.name} cannot be built so ({_first_line(error)}); its own weights go with "
            "its own size and classes, weights=False with any"
        ) from error
    return model, _contract(keras, module, model, first)


def preprocessing(keras: Any, module: Any) -> dict[str, Any]:
    """Mean, standard deviation and channel order that `preprocess_input` amounts to.

    It is asked what it makes of a black, a white and a red pixel of 0..255.

    Raises:
        InvalidArgument: it is not the same straight line for every pixel of a channel.
    """
    import numpy as np

    pixels = np.zeros((1, 1, 4, 3), np.float32)
    pixels[0, 0, 1], pixels[0, 0, 2, 0], pixels[0, 0, 3] = 255.0, 255.0, 51.0
    made = module.preprocess_input(pixels.copy(), data_format="channels_last")
    black, white, red, grey = np.asarray(keras.ops.convert_to_numpy(made), np.float64)[0, 0]
    slope = (white - black) / 255.0
    if not np.allclose(grey, black + 51.0 * slope, atol=1e-4) or slope.min() <= 0:
        raise InvalidArgument(
            f"{module.__name__}.preprocess_input is no straight line in the pixels; load the "
            "network yourself and give mean=, std= and value_range="
        )
    return {
        "mean": tuple((-black / slope + 0.0).round(4).tolist()),
        "std": tuple((1.0 / slope).round(4).tolist()),
        "value_range": (0.0, 255.0),
        "channel_order": "RGB" if int(np.argmax(red - black)) == 0 else "BGR",
    }


def _contract(keras: Any, module: Any, model: Any, first: bool) -> Contract:
    shape = tuple(model.inputs[0].shape)
    height, width = shape[2:] if first else shape[1:3]
    classes = int(model.outputs[0].shape[-1])
    labels = imagenet_labels(home()) if classes == 1000 else ()
    assumed = (
        ()
        if labels or classes != 1000
        else (
            "the classes are ImageNet's, whose names are on this machine nowhere (install torchvision, "
            "or call keras.applications.imagenet_utils.decode_predictions once)",
        )
    )
    return Contract(
        input_size=None if height is None or width is None else (height, width),
        **preprocessing(keras, module),
        # As keras.utils.load_img(target_size=...) in Keras's own examples.
        fit="squash",
        labels=labels,
        layout="NCHW" if first else "NHWC",
        assumed=assumed,
    )


def _checking(keras: Any, module: Any, name: str) -> dict[str, Any]:
    """The module's functions on a copy of its names, in which a download is asked for first.

    `get_file` tries for minutes where there is no network, and does not say where a file belongs.
    """

    def get_file(fname: str, origin: str, **settings: Any) -> Any:
        place = home() / settings.get("cache_subdir", "datasets") / fname
        advice = f"Download {origin} and put it at {place}"
        if not place.is_file():
            try:
                require_reachable(origin, f"keras:{name}", advice)
            except WeightsUnavailable as error:
                raise _unavailable(name, str(error.__cause__), advice) from error
        try:
            return keras.utils.get_file(fname, origin, cache_dir=str(home()), **settings)
        except Exception as error:  # Keras raises a bare Exception where the server refuses
            raise _unavailable(name, _first_line(error), advice) from error

    copied: dict[str, Any] = dict(vars(module))
    if "file_utils" in copied:
        own = copied["file_utils"]
        copied["file_utils"] = types.SimpleNamespace(**{**vars(own), "get_file": get_file})
    for key, item in list(copied.items()):
        if isinstance(item, types.FunctionType) and item.__globals__ is vars(module):
            twin = types.FunctionType(
                item.__code__, copied, item.__name__, item.__defaults__, item.__closure__
            )
            twin.__kwdefaults__ = item.__kwdefaults__
            copied[key] = twin
        elif isinstance(item, types.ModuleType) and hasattr(item, "file_utils"):
            copied[key] = types.SimpleNamespace(**_checking(keras, item, name))
    return copied


def _unavailable(name: str, reason: str, advice: str) -> WeightsUnavailable:
    return WeightsUnavailable(
        f"the weights of keras:{name} are not on this machine and cannot be downloaded ({reason}). "
        f"{advice}. Or else: keras:FILE.keras takes a saved model, weights=False random weights"
    )


@contextmanager
def _drawn_apart() -> Iterator[None]:
    """Seed Python's random numbers, from which Keras seeds new weights, and leave them as before.

    The seed is the one that torch's generator was given by `load_model(seed=)`.
    """
    import torch

    with _drawing:
        before = random.getstate()
        random.seed(torch.default_generator.initial_seed())
        try:
            yield
        finally:
            random.setstate(before)


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0]
