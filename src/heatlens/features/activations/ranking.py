"""The best few of a long stream, for every channel at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.activations.streaming import Picture

__all__ = ["Ranking"]


class Ranking:
    """Keeps the `top` highest values of each channel; of equal ones those that came first.

    Attributes:
        top: how many of each channel.
        seen: how many pictures were added.
    """

    def __init__(self, top: int) -> None:
        """Start with nothing."""
        self.top, self.seen = top, 0
        self._values = self._indices = self._cells = torch.empty(0)
        self._pictures: dict[int, Picture] = {}

    def add(
        self, values: Tensor, indices: Tensor, cells: Tensor, pictures: Sequence[Picture]
    ) -> None:
        """Merge some pictures.

        Args:
            values: (N, channels) float32.
            indices: (N,) int64, their places in the collection, rising.
            cells: (N, channels, axes) int64, where each channel is largest.
            pictures: N of them.

        Raises:
            InvalidArgument: another number of channels or axes than before.
        """
        if not len(values):
            return
        count, channels = values.shape
        if not self.seen:
            self._values = torch.full((self.top, channels), -torch.inf)
            self._indices = torch.full((self.top, channels), -1)
            self._cells = torch.zeros(self.top, channels, cells.shape[2], dtype=torch.int64)
        elif channels != self._values.shape[1]:
            raise InvalidArgument(
                f"the layer has {channels} channels on some pictures and {self._values.shape[1]} "
                "on others: fit them to one size"
            )
        elif cells.shape[2] != self._cells.shape[2]:
            raise InvalidArgument(
                "the layer has a grid of cells on some pictures and a single cell on others: fit "
                "them to one size"
            )
        self.seen += count
        self._pictures.update(zip(indices.tolist(), pictures, strict=True))
        # Few channels have a new entry once the table is full.
        better = torch.nonzero((values > self._values[-1]).any(0)).flatten()
        if not len(better):
            return
        joined = torch.cat([self._values[:, better], values[:, better]])
        several = indices[:, None].expand(count, len(better))
        places = torch.cat([self._indices[:, better], several])
        where = torch.cat([self._cells[:, better], cells[:, better]])
        best, order = torch.sort(joined, dim=0, descending=True, stable=True)
        order = order[: self.top]
        self._values[:, better] = best[: self.top]
        self._indices[:, better] = places.gather(0, order)
        deep = order[..., None].expand(*order.shape, where.shape[2])
        self._cells[:, better] = where.gather(0, deep)
        if len(self._pictures) > 2 * self._values.numel() + 1000:
            self._pictures = self.kept_pictures()

    def table(self) -> tuple[Tensor, Tensor, Tensor]:
        """Values and indices (channels, kept), cells (channels, kept, axes); best first."""
        kept = min(self.top, self.seen)
        return (
            self._values[:kept].T.contiguous(),
            self._indices[:kept].T.contiguous(),
            self._cells[:kept].transpose(0, 1).contiguous(),
        )

    def kept_pictures(self) -> dict[int, Picture]:
        """The pictures in the table, by their places."""
        return {int(k): self._pictures[int(k)] for k in self._indices.unique() if k >= 0}
