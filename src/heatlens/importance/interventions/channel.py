"""A channel of a layer: its map, in a convolution, or its number in every token."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.importance.interventions.intervention import KINDS, Kind, LayerIntervention

__all__ = ["Channel", "channels"]


class Channel(LayerIntervention):
    """One channel of what a layer puts out.

    Example:
        >>> given, other = torch.zeros(1, 2, 1, 1), torch.ones(1, 2, 1, 1)
        >>> Channel("stage1", 1).permute(given, other, torch.arange(1)).flatten().tolist()
        [0.0, 1.0]
    """

    def __init__(
        self, layer: str, index: int, name: str | None = None, axis: int | None = None
    ) -> None:
        """Say which.

        Args:
            layer: dotted name.
            index: of the channel.
            name: of the feature; "stage3:12" by default.
            axis: of the channels, where the layer's output is neither (n, C, ...) nor
                (n, tokens, C).
        """
        self.layer, self.index, self.axis = layer, index, axis
        self.name = name or f"{layer}:{index}"
        self.unit = "mean activation"

    def measure(self, given: Tensor) -> Tensor:
        """Mean of the channel in each row, (n,)."""
        return (
            given.select(self._place(given), self.index).flatten(1).mean(1)
            if (given.ndim > 2)
            else given[:, self.index]
        )

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """The channel at `value` everywhere."""
        shape = [-1] + [1] * (given.ndim - 1)
        return self._put(given, value.to(given).view(shape).expand_as(given))

    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """The channel's mean map over the data set."""
        return self._put(given, self._known().to(given).unsqueeze(0).expand_as(given))

    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """The channel of other pictures."""
        return self._put(given, donors)

    def _put(self, given: Tensor, other: Tensor) -> Tensor:
        place = self._place(given)
        index = torch.tensor([self.index], device=given.device)
        return given.index_copy(place, index, other.select(place, self.index).unsqueeze(place))

    def _place(self, given: Tensor) -> int:
        place = self.channel_axis(given)
        if not 0 <= self.index < given.shape[place]:
            raise InvalidArgument(
                f"layer {self.layer!r} has {given.shape[place]} channels, 0 to "
                f"{given.shape[place] - 1}; there is no channel {self.index}"
            )
        return place


def channels(layer: str, indices: Iterable[int]) -> tuple[Channel, ...]:
    """Several channels of a layer, each a feature."""
    return tuple(Channel(layer, int(index)) for index in indices)


KINDS.add(
    "channel",
    Kind(
        "a channel of a layer",
        '`"stage3:12"`, `channels("stage3", range(8))`',
        "the other's map",
        "the mean map",
        curve=True,
    ),
)
