"""Saliency that was learned: a network whose output is a map."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.models.load import as_model
from heatlens.models.prepare import prepared
from heatlens.parameters import checked_parameters
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["OUTPUTS", "check_learned", "learned_saliency"]

OUTPUTS = ("map", "log-density", "logits")
"""What a network's numbers may be: saliency itself, or what becomes it by exp or by a sigmoid."""

_DEFAULTS: dict[str, Any] = {"output": "map", "channel": 0, "fit": None}


def learned_saliency(image: Image, network: Any, parameters: Mapping[str, Any]) -> Heatmap:
    """The map that a network of saliency gives of a picture, on the picture's grid.

    Args:
        image: a flat picture.
        network: a loaded model or a bare network; its output is (N, h, w) or (N, C, h, w), or a
            mapping whose first map counts.
        parameters: `output`, one of `OUTPUTS` ("log-density" is what DeepGaze gives); `channel`,
            which map of several; `fit`, how the picture is brought to the network's input.

    Raises:
        InvalidArgument: an output that is no map, has no such channel, or has negative values
            without `output` saying what they are.

    Example:
        >>> from heatlens.models.load import load_model
        >>> network = torch.nn.Sequential(torch.nn.AvgPool2d(4), torch.nn.Conv2d(3, 1, 1))
        >>> model = load_model(network, mean=0, std=1, input_size=(16, 24))
        >>> photo = Image(np.full((16, 24, 3), 128, np.uint8))
        >>> learned_saliency(photo, model, {"output": "logits"}).size
        (16, 24)
    """
    full = check_learned(parameters)
    model = as_model(network, warn=True)
    started = time.perf_counter()
    ready = prepared(model, image, full["fit"])
    with model.counting() as passes:
        maps = _maps(model.predict(ready.batch), full["channel"], model.name)
    values, valid = ready.back(_positive(maps, full["output"], model.name))
    return Heatmap(
        np.maximum(values, 0),
        Provenance(
            method="learned saliency",
            parameters=plain(full),
            model=model.name,
            image=image.name,
            version=__version__,
            forward_passes=passes.forward / len(ready.batch),
            seconds=time.perf_counter() - started,
            notes=(*model.contract.notes, *model.contract.assumed, *ready.notes),
        ),
        signed=False,
        valid=None if valid.all() else valid,
    )


def check_learned(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The full parameters of `learned_saliency`, as far as they can be checked without a network.

    Raises:
        InvalidArgument: an unknown parameter, one of another kind, or an unknown `output`.

    Example:
        >>> check_learned({"channel": 1})
        {'output': 'map', 'channel': 1, 'fit': None}
    """
    full = checked_parameters("learned saliency", parameters, _DEFAULTS)
    if full["output"] not in OUTPUTS:
        raise InvalidArgument(f"output is {full['output']!r}; it can be {', '.join(OUTPUTS)}")
    return full


def _maps(output: Tensor, channel: int, name: str) -> Tensor:
    """(N, h, w) of what a network gave."""
    if output.ndim == 3:
        output = output[:, None]
    if output.ndim != 4 or min(output.shape[2:]) < 2:
        raise InvalidArgument(
            f"{name} gives {tuple(output.shape)}, which is no map; a model of saliency gives "
            "(N, h, w) or (N, C, h, w). What a classifier looks at shows heatlens.explain"
        )
    if not -output.shape[1] <= channel < output.shape[1]:
        raise InvalidArgument(f"{name} gives {output.shape[1]} maps; there is no channel {channel}")
    return output[:, channel].float()


def _positive(maps: Tensor, kind: str, name: str) -> Tensor:
    if kind == "log-density":
        return torch.exp(maps - maps.amax())
    if kind == "logits":
        return torch.sigmoid(maps)
    lowest = float(maps.min())
    if lowest < 0:
        raise InvalidArgument(
            f"{name} gives values down to {lowest:.3g}; saliency is not negative. Say what they "
            "are: output='log-density' or output='logits'"
        )
    return maps
