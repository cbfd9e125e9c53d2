"""How a layer's output is read: channels on a grid of cells, or channels alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import NoSpatialLayer, UnknownName
from heatlens.features.activations.unknown import unknown_layer
from heatlens.models.protocol import Model, SpatialLayer

__all__ = ["Reading", "reading_of"]


@dataclass(frozen=True)
class Reading:
    """A layer's output for inputs of one size.

    Attributes:
        layer: its name in the model.
        place: how its cells lie over the input; None for a layer with one number per channel (a
            linear head, a pooling to a single cell).
    """

    layer: str
    place: SpatialLayer | None

    @property
    def grid(self) -> tuple[int, ...]:
        """Cells along each axis, rows and columns of a picture; empty where there is no grid."""
        return () if self.place is None else self.place.grid

    def units(self, output: Tensor) -> Tensor:
        """The layer's output as (N, channels, *grid); prefix tokens are left out."""
        if self.place is None:
            return output.flatten(1)
        return self.place.to_grid(output)

    def prefix(self, output: Tensor) -> Tensor | None:
        """The tokens before the grid's (class, register), (N, tokens, channels); None if none."""
        if self.place is None or not self.place.prefix:
            return None
        return output[:, : self.place.prefix]


def reading_of(model: Model, batch: Tensor, layer: str) -> Reading:
    """How `layer` is read for inputs shaped like a row of `batch`.

    Args:
        model: can give activations.
        batch: (N, C, *grid); only the shape of a row counts.
        layer: name of any layer: convolution, pooling, attention, MLP, a whole block.

    Raises:
        UnknownLayer: no such layer; the message shows the tree around what was probably meant.
        NoSpatialLayer: several axes that are neither channels nor a grid over the input
            (attention weights, tokens of an unknown order).
        UnsupportedMethod: the model shows no layers.
    """
    try:
        return Reading(layer, model.spatial_layer(batch[:1], layer))
    except UnknownName as error:
        raise unknown_layer(model, batch, layer) from error
    except NoSpatialLayer as error:
        shape = _shape(model, batch[:1], layer)
        if sum(size > 1 for size in shape[1:]) > 1:
            raise NoSpatialLayer(
                f"{error}. Nor is it one number per channel: a layer before or behind it may do"
            ) from error
        return Reading(layer, None)


def _shape(model: Model, row: Tensor, layer: str) -> tuple[int, ...]:
    with torch.no_grad():
        return tuple(model.activations(row, [layer])[layer].shape)
