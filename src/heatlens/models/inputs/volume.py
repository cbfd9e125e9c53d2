"""A volume: resampled linearly to the model's grid along all three axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.resample import resized_axis
from heatlens.models.inputs.prepared import Floats, Prepared
from heatlens.models.protocol import Model

__all__ = ["PreparedVolume", "prepared_volume"]


@dataclass(frozen=True, eq=False)
class PreparedVolume(Prepared):
    """A volume as a model takes it, (1, C, d, h, w).

    Attributes:
        size: slices, rows and columns of the volume itself.
    """

    size: tuple[int, ...] = ()

    def back(self, maps: Tensor) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """A map (1, *cells) on the volume's own grid."""
        values = _resized(maps[0].cpu().numpy(), self.size)
        return values, np.ones(self.size, bool)


def prepared_volume(model: Model, volume: Image, fit: str | None = None) -> PreparedVolume:
    """A volume as a batch.

    Args:
        model: its contract says which grid.
        volume: axes `ZYX` or `ZYXC`.
        fit: "squash", or None.

    Raises:
        InvalidArgument: the model takes no volumes or other channels, or another `fit`.
    """
    contract = model.contract
    if contract.axes not in ("DHW", "THW"):
        raise InvalidArgument(
            f"{model.name} takes a grid of {' x '.join(contract.axes)} (layout {contract.layout}), "
            "not a volume; explain single slices, or load it with layout='NCDHW'"
        )
    if fit not in (None, "squash"):
        raise InvalidArgument(f"fit={fit!r} is for pictures; a volume is brought to the grid whole")
    pixels = volume.unit()
    channels = pixels[None] if volume.axes == "ZYX" else np.moveaxis(pixels, -1, 0)
    if len(channels) == 1 and contract.channels > 1:
        channels = np.repeat(channels, contract.channels, 0)
    if len(channels) != contract.channels:
        raise InvalidArgument(
            f"{volume.name or 'the volume'} has {len(channels)} channels, {model.name} takes "
            f"{contract.channels}"
        )
    size = channels.shape[1:]
    notes = tuple(volume.metadata.get("notes", ()))
    wanted = contract.input_size
    if wanted is not None and tuple(wanted) != size:
        channels = np.stack([_resized(channel, wanted) for channel in channels])
        sides = [" x ".join(map(str, item)) for item in (size, wanted)]
        notes = (*notes, f"the volume of {sides[0]} was resampled to the model's {sides[1]}")
    batch = torch.from_numpy(np.ascontiguousarray(channels, np.float32))[None]
    return PreparedVolume(
        model.prepare(contract.normalise(batch)), notes, axes="ZYX", size=tuple(size)
    )


def _resized(values: npt.NDArray[np.float32], size: tuple[int, ...]) -> npt.NDArray[np.float32]:
    for axis, length in enumerate(size):
        values = resized_axis(values, axis, length)
    return values.astype(np.float32, copy=False)
