"""What a model expects of its input: the contract that travels with its weights."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.layout import check_layout, grid_axes

__all__ = ["Contract"]


@dataclass(frozen=True)
class Contract:
    """Size, colour and labels that a model was trained with.

    Pixels arrive in 0..1; the model takes `(low + pixel * (high - low) - mean) / std` with
    `value_range = (low, high)`, in `channel_order`.

    Attributes:
        input_size: one number per axis of the grid, so height and width for pictures; None if the
            model takes any size.
        mean: one number per channel, in the units of `value_range`.
        std: one number per channel, in the units of `value_range`.
        value_range: what black and white are before `mean` and `std`.
        channel_order: "RGB" or "BGR".
        fit: how a photograph is brought to `input_size` unless the caller says otherwise.
        resize: shorter side before the centre crop, or the exact (height, width); None means
            the input size itself.
        interpolation: the filter of that resizing.
        multiple_of: sides must be multiples of this where `input_size` is None.
        labels: name of each class, in order; empty if unknown.
        layout: the network's own order of axes (see `heatlens.models.layout`).
        assumed: sentences on what was not known and had to be assumed.
        notes: sentences on the network that a reader of its maps has to know ("random weights").

    Example:
        >>> contract = Contract(mean=(0.5,) * 3, std=(0.25,) * 3)
        >>> contract.normalise(torch.ones(1, 3, 1, 1)).flatten().tolist()
        [2.0, 2.0, 2.0]
    """

    input_size: tuple[int, ...] | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    value_range: tuple[float, float] = (0.0, 1.0)
    channel_order: str = "RGB"
    fit: str = "crop"
    resize: int | tuple[int, int] | None = None
    interpolation: str = "bilinear"
    multiple_of: int | None = None
    labels: tuple[str, ...] = ()
    layout: str = "NCHW"
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the numbers can be divided by and belong together."""
        if len(self.mean) != len(self.std) or not self.mean:
            raise InvalidArgument(
                f"mean has {len(self.mean)} and std {len(self.std)} numbers; both need one per "
                "channel"
            )
        if min(self.std) <= 0:
            raise InvalidArgument(f"std must be positive, got {self.std}")
        axes = grid_axes(check_layout(self.layout))
        if self.input_size is not None and len(self.input_size) != len(axes):
            raise InvalidArgument(
                f"input_size is {self.input_size}; layout {self.layout!r} needs one number for "
                f"each of {', '.join(axes)}"
            )
        if self.channel_order not in ("RGB", "BGR"):
            raise InvalidArgument(f"channel_order is {self.channel_order!r}; RGB or BGR")

    @property
    def axes(self) -> str:
        """Axes of the grid in canonical order, "HW" for pictures."""
        return grid_axes(self.layout)

    @property
    def channels(self) -> int:
        """Number of input channels."""
        return len(self.mean)

    def normalise(self, pixels: Tensor) -> Tensor:
        """From pixels in 0..1, canonical (N, C, *grid), to what the model takes."""
        low, high = self.value_range
        mean, std = self._statistics(pixels)
        return (self._ordered(pixels) * (high - low) + low - mean) / std

    def denormalise(self, batch: Tensor) -> Tensor:
        """The inverse of `normalise`: pixels in 0..1."""
        low, high = self.value_range
        mean, std = self._statistics(batch)
        return self._ordered((batch * std + mean - low) / (high - low))

    def with_(self, **changes: Any) -> Contract:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)

    def _ordered(self, batch: Tensor) -> Tensor:
        return batch.flip(self._channel_axis) if self.channel_order == "BGR" else batch

    @property
    def _channel_axis(self) -> int:
        return -1 - len(self.axes)

    def _statistics(self, like: Tensor) -> tuple[Tensor, Tensor]:
        alike = len(set(self.mean)) == 1 and len(set(self.std)) == 1
        given = like.shape[self._channel_axis]
        if given != self.channels and not alike:
            raise InvalidArgument(
                f"the model takes {self.channels} channels, the batch has {given}"
            )
        # One number for all channels fits any number of them.
        count = 1 if alike else self.channels
        shape = (count, *(1 for _ in self.axes))
        mean = torch.tensor(self.mean[:count], dtype=like.dtype, device=like.device).view(shape)
        std = torch.tensor(self.std[:count], dtype=like.dtype, device=like.device).view(shape)
        return mean, std
