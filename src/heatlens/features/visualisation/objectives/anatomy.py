"""What a network's layers look like for canvases of one size."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument
from heatlens.features.activations.reading import Reading, reading_of
from heatlens.features.activations.unknown import unknown_layer
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model

__all__ = ["Anatomy"]


class Anatomy:
    """Layers of a model, read for canvases of one size.

    Attributes:
        model: that is looked into.
        canvas: a grey canvas, (1, C, h, w), as the model takes it.
    """

    def __init__(self, model: Model, channels: int, size: tuple[int, int]) -> None:
        """No pass is made before a layer is asked for."""
        self.model = model
        grey = torch.full((1, channels, *size), 0.5)
        self.canvas = model.contract.normalise(grey)
        self._readings: dict[str, Reading] = {}
        self._outputs: dict[str, Tensor] = {}

    def reading(self, layer: str) -> Reading:
        """How a layer is read.

        Raises:
            UnknownLayer: there is none of that name.
            NoSpatialLayer: its output is neither on a grid nor one number a channel.
        """
        if layer not in self._readings:
            self._readings[layer] = reading_of(self.model, self.canvas, layer)
        return self._readings[layer]

    def check(self, layer: str) -> None:
        """Refuse the name of no layer.

        Raises:
            UnknownLayer: with the nearest names, and the part of the tree where it was meant.
        """
        if layer not in self.model.layers():
            raise unknown_layer(self.model, self.canvas, layer)

    def units(self, layer: str) -> Tensor:
        """A layer's answer to the grey canvas, (1, channels, *grid)."""
        reading = self.reading(layer)
        if layer not in self._outputs:
            seen = self.model.activations(self.canvas, [layer])[layer]
            self._outputs[layer] = reading.units(seen)
        return self._outputs[layer]

    def seen(self, picture: Any, layer: str) -> Tensor:
        """A layer's answer to a picture brought to the canvas's size, (1, channels, *grid)."""
        reading = self.reading(layer)
        rows = self.rows([picture])
        return reading.units(self.model.activations(rows, [layer])[layer])

    def rows(self, pictures: Any) -> Tensor:
        """Pictures brought to the canvas's size, (n, C, h, w), as the model takes them."""
        return self.model.contract.normalise(self.pixels(pictures))

    def pixels(self, pictures: Any) -> Tensor:
        """Pictures brought to the canvas's size, (n, C, h, w) in 0..1."""
        return torch.cat([self._pixels(picture) for picture in pictures])

    def _pixels(self, picture: Any) -> Tensor:
        """As the model's contract fits pictures; on another canvas, its middle in the same shape."""
        image = picture if isinstance(picture, Image) else read_image(picture)
        if image.axes not in ("YX", "YXC"):
            raise InvalidArgument(f"a picture is needed, not one with axes {image.axes!r}")
        contract = self.model.contract
        if contract.input_size == tuple(self.canvas.shape[2:]):
            return contract.denormalise(prepared(self.model, image).batch).clamp(0, 1)
        levels = np.clip(image.unit(), 0, 1)
        levels = levels[..., None] if levels.ndim == 2 else levels
        if levels.shape[-1] < 3:  # grey, perhaps with opacity beside it
            levels = np.repeat(levels[..., :1], 3, axis=-1)
        pixels = torch.from_numpy(levels[..., :3].copy()).permute(2, 0, 1)[None]
        if self.canvas.shape[1] == 1:
            luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
            pixels = (pixels * luma).sum(1, keepdim=True)
        height, width = (int(side) for side in self.canvas.shape[2:])
        pixels = _middle(pixels, height / width)
        if pixels.shape[2:] == (height, width):
            return pixels
        return F.interpolate(pixels, (height, width), mode="bilinear", antialias=True).clamp(0, 1)


def _middle(pixels: Tensor, shape: float) -> Tensor:
    """The largest part around the middle whose height is `shape` times its width."""
    height, width = pixels.shape[2:]
    rows = min(height, max(1, round(width * shape)))
    columns = min(width, max(1, round(height / shape)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return pixels[:, :, top : top + rows, left : left + columns]
