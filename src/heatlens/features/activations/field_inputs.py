"""What a receptive field is measured on: pictures, or noise where none is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.geometry import Placement
from heatlens.images.read import read_image
from heatlens.models.inputs.picture import PreparedPicture
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model

__all__ = ["field_inputs"]

_NOISE = 4
"""Rows of noise that stand for pictures where none is given."""


def field_inputs(
    model: Model, image: Any, size: int | tuple[int, int] | None, fit: str | None, seed: int
) -> Iterator[tuple[Tensor, Image | None, Placement]]:
    """Batches, each with its picture and where it lies in the input."""
    if image is None:
        noise = _noise(model, size, seed)
        own = (int(noise.shape[2]), int(noise.shape[3]))
        yield noise, None, Placement(own, own)
        return
    several = list(image) if isinstance(image, list | tuple) else [image]
    if not several:
        raise InvalidArgument("no picture was given")
    for item in several:
        source = read_image(item)
        ready = prepared(model, source, fit)
        if not isinstance(ready, PreparedPicture):
            raise InvalidArgument(
                f"a receptive field is drawn on a picture, not on axes {source.axes!r}"
            )
        if len(ready.placements) > 1:
            raise InvalidArgument(
                f"fit={fit!r} makes {len(ready.placements)} windows of this picture: take 'crop', "
                "'squash' or 'pad'"
            )
        yield ready.batch, source, ready.placements[0]


def _noise(model: Model, size: int | tuple[int, int] | None, seed: int) -> Tensor:
    contract = model.contract
    if contract.axes != "HW":
        raise InvalidArgument(
            f"{model.name} takes a grid of {' x '.join(contract.axes)}; a receptive field is drawn "
            "on pictures"
        )
    if size is None:
        if contract.input_size is None:
            raise InvalidArgument(
                f"{model.name} takes pictures of any size: give image=, or size= (224, or "
                "(rows, columns))"
            )
        size = (contract.input_size[0], contract.input_size[1])
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise InvalidArgument(f"size is {size}; both sides have at least 1 pixel")
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(_NOISE, contract.channels, height, width, generator=generator)
    return model.prepare(noise)
