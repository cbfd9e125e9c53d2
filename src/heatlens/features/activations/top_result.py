"""What `top_pictures` found: values, pictures and cells for each channel; crops and a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.activations.channels import checked_channel
from heatlens.features.activations.crops import Crop, cut_crops
from heatlens.features.activations.layer import By
from heatlens.features.activations.streaming import Picture, Skipped
from heatlens.models.protocol import Model
from heatlens.render.sheet import sheet
from heatlens.render.typography import number

__all__ = ["TopPicture", "TopPictures"]


@dataclass(frozen=True)
class TopPicture:
    """One of the pictures that drive a channel most.

    Attributes:
        value: largest cell or mean of the channel on it.
        name: its path or name.
        index: its place in the collection, from 0.
        cell: (row, column) of the channel's largest cell; () for a layer without a grid.
    """

    value: float
    name: str
    index: int
    cell: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class TopPictures:
    """The strongest pictures for each channel of a layer, strongest first, ties by order.

    Attributes:
        layer: the layer's name.
        by: what pictures are ranked by, "max" (the largest cell) or "mean".
        values: (channels, top) float32.
        indices: (channels, top) int64, places in the collection.
        cells: (channels, top, axes of the grid) int64, where the channel is largest.
        pictures: the pictures in the table, by their places.
        seen: how many pictures went through the network.
        skipped: the others, and why.
        complete: False if stopped by Ctrl-C: then it holds for the pictures seen.
        model: the model.
        fit: how pictures were brought to its input.
    """

    layer: str
    by: By
    values: Tensor
    indices: Tensor
    cells: Tensor
    pictures: Mapping[int, Picture] = field(repr=False)
    seen: int
    skipped: tuple[Skipped, ...]
    complete: bool
    model: Model = field(repr=False)
    fit: str | None = None

    @property
    def channels(self) -> int:
        """How many channels the layer has."""
        return len(self.values)

    def of(self, channel: int) -> list[TopPicture]:
        """The pictures that drive `channel` most, strongest first."""
        k = checked_channel(channel, self.channels, self.layer)
        return [
            TopPicture(float(value), self.pictures[index].name, index, tuple(cell))
            for value, index, cell in zip(
                self.values[k].tolist(),
                self.indices[k].tolist(),
                self.cells[k].tolist(),
                strict=True,
            )
        ]

    def strongest(self, count: int = 10) -> list[int]:
        """The channels with the highest value on any picture, strongest first."""
        if count < 1:
            raise InvalidArgument(f"count is {count}; at least one channel is asked for")
        order = torch.sort(self.values[:, 0], descending=True, stable=True).indices
        return [int(k) for k in order[:count]]

    def crops(self, channel: int, *, field: str = "auto") -> list[Crop]:
        """What the channel's largest cell saw of each of its top pictures, cut from the original.

        Only these pictures are read again.

        Args:
            channel: number of the channel.
            field: "architecture" cuts all that can reach the cell, "measured" the box that holds
                95 % of its gradient on that picture, "auto" the second where the first is most of
                the input.

        Raises:
            InvalidArgument: the pictures came as a stream and cannot be read again.
        """
        k = checked_channel(channel, self.channels, self.layer)
        wanted = [(self.pictures[item.index], item.cell) for item in self.of(k)]
        return cut_crops(self.model, self.layer, k, wanted, self.fit, field)

    def sheet(
        self,
        path: str | PathLike[str],
        channels: Sequence[int] | npt.NDArray[np.integer] | int = 8,
        *,
        crops: bool = True,
        field: str = "auto",
        cell: int = 120,
    ) -> Path:
        """Write a contact sheet: a row of top crops for each channel.

        Args:
            path: .png, .jpg or .webp.
            channels: numbers of channels, or how many of the strongest.
            crops: False shows the whole pictures.
            field: see `crops`.
            cell: largest side of a picture, in pixels of the sheet.
        """
        if isinstance(channels, int | np.integer):
            chosen = self.strongest(int(channels))
        else:
            chosen = [checked_channel(k, self.channels, self.layer) for k in channels]
        if not chosen:
            raise InvalidArgument("no channel was given")
        rows = []
        for k in chosen:
            tops = self.of(k)
            cut = self.crops(k, field=field)
            shown = [
                (f"{number(top.value)}  {Path(top.name).name}", crop.image if crops else crop.whole)
                for top, crop in zip(tops, cut, strict=True)
            ]
            rows.append((f"channel {k}", shown))
        of = "crops" if crops else "pictures"
        return sheet(rows, path, title=f"{self.layer}: top {of} of {self.seen} pictures", cell=cell)
