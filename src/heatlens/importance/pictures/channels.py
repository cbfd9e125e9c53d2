"""What the channels of a layer say of a picture: their mean or their maximum over its places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument, NoSpatialLayer, UnknownName
from heatlens.image import Image
from heatlens.importance.pictures.stream import PictureStream
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model

__all__ = ["POOLINGS", "Pooling", "batch_of", "pooled_channels", "pooled_pictures"]

Pooling = Literal["mean", "max"]
_CHUNK = 32

POOLINGS: tuple[Pooling, ...] = ("mean", "max")


def pooled_channels(
    model: Model, batch: Tensor, layers: Sequence[str], pooling: Pooling = "mean"
) -> dict[str, Tensor]:
    """Of each layer one number per channel, (N, C) float64.

    Args:
        model: shows its layers.
        batch: (N, ...) as the model takes it.
        layers: names. One without a grid gives its output as it is, flattened.
        pooling: over the places of the grid; tokens that stand for no place are left out.

    Raises:
        UnknownName: no such layer or pooling.

    Example:
        >>> from heatlens.models.load import as_model
        >>> net = as_model(torch.nn.Sequential(torch.nn.AvgPool2d(2), torch.nn.Flatten()))
        >>> pooled_channels(net, torch.ones(1, 3, 8, 8), ["0"])["0"].tolist()
        [[1.0, 1.0, 1.0]]
    """
    if pooling not in POOLINGS:
        raise UnknownName("pooling", str(pooling), POOLINGS)
    found = {}
    for layer, output in model.activations(batch, list(layers)).items():
        values = output.detach().cpu().double()
        if values.ndim > 2:
            try:
                values = model.spatial_layer(batch, layer).to_grid(values).flatten(2)
            except NoSpatialLayer:
                values = values.flatten(1)
            else:
                values = values.mean(dim=2) if pooling == "mean" else values.amax(dim=2)
        values = values if values.ndim == 2 else values[:, None]
        if not bool(torch.isfinite(values).all()):
            raise InvalidArgument(f"layer {layer!r} of {model.name} puts out NaN or infinity")
        found[layer] = values
    return found


def batch_of(model: Model, image: Image, fit: str | None = None) -> Tensor:
    """A picture as one row, (1, C, H, W), as the model takes it.

    Raises:
        InvalidArgument: the model takes no such picture, or `fit` makes several rows of it.
    """
    if fit == "tile":
        raise InvalidArgument("fit='tile' makes several rows of a picture; crop, squash or pad")
    return prepared(model, image, fit).batch


def pooled_pictures(
    model: Model,
    stream: PictureStream,
    layer: str,
    pooling: Pooling,
    fit: str | None,
    tick: Callable[[int], None],
) -> list[npt.NDArray[np.float64]]:
    """Pooled activations (C,) of each picture of a stream, a chunk at a time.

    Pictures that cannot be used are added to `stream.skipped`; `tick` is told how many were looked
    at since it was called last.
    """
    rows: list[npt.NDArray[np.float64]] = []
    entries = iter(stream)
    failed: list[tuple[str, str]] = []
    read = 0
    while chunk := list(islice(entries, _CHUNK)):
        inputs = []
        for name, image in chunk:
            try:
                inputs.append(batch_of(model, image, fit))
            except HeatlensError as error:
                failed.append((name, str(error)))
            read += 1
            tick(1)
        for shape in dict.fromkeys(item.shape for item in inputs):
            batch = torch.cat([item for item in inputs if item.shape == shape])
            rows += list(pooled_channels(model, batch, [layer], pooling)[layer].numpy())
    tick(stream.count - read)  # those that could not be read
    stream.skipped += failed
    return rows
