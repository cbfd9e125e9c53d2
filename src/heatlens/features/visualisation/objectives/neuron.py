"""A neuron: one channel at one cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, NoSpatialLayer
from heatlens.features.activations.channels import checked_channel
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Neuron"]


@register(
    paper="https://www.iro.umontreal.ca/~lisa/publications2/index.php/publications/show/247",
    words="layer4:12@3,5",
)
@dataclass(frozen=True, eq=False)
class Neuron(Read):
    """One channel of a layer at one cell; while it is silent, the channel's mean.

        c(x) = a_k(p), or 1 / |cells| sum_q a_k(q) where a_k(p) = 0

    Behind a ReLU a cell is silent on most pictures, noise among them, and has no slope there; the
    mean of its channel has one as soon as any cell speaks.

    Erhan, Bengio, Courville, Vincent: Visualizing Higher-Layer Features of a Deep Network, 2009.

    Attributes:
        layer: its name.
        channel: its number, from 0.
        cell: (row, column) in the layer's grid; None is the middle.
    """

    channel: int
    cell: tuple[int, ...] | None = None

    def bound(self, anatomy: Anatomy) -> Neuron:
        """With its numbers checked and the middle found."""
        channel = checked_channel(self.channel, anatomy.units(self.layer).shape[1], self.layer)
        reading = anatomy.reading(self.layer)
        if not reading.grid:
            raise NoSpatialLayer(
                f"{self.layer!r} has no cells, only channels: write '{self.layer}:{self.channel}'"
            )
        cell = self.cell if self.cell is not None else tuple(side // 2 for side in reading.grid)
        inside = len(cell) == len(reading.grid) and all(
            0 <= place < side for place, side in zip(cell, reading.grid, strict=True)
        )
        if not inside:
            grid = " x ".join(map(str, reading.grid))
            raise InvalidArgument(f"cell {cell} is not in the grid of {self.layer!r}, {grid}")
        return replace(self, channel=channel, cell=cell, reading=reading)

    def values(self, outputs: Outputs) -> Tensor:
        """The activations there, or their stand-ins, (n,)."""
        units = self.units(outputs)[:, self.channel]
        mean = units.flatten(1).mean(1)
        for place in self.cell or ():
            units = units[:, place]
        return torch.where(units == 0, mean, units)

    def __str__(self) -> str:
        cell = "centre" if self.cell is None else ",".join(map(str, self.cell))
        return f"{self.layer}:{self.channel}@{cell}"
