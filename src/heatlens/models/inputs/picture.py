"""A picture: resized, cropped and normalised as the model's contract says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.fit import fit as fit_image
from heatlens.images.geometry import Placement
from heatlens.images.tiles import blend
from heatlens.models.inputs.prepared import Floats, Prepared
from heatlens.models.protocol import Model

__all__ = ["LARGEST_FREE_INPUT", "PreparedPicture", "prepared_picture", "shown"]

LARGEST_FREE_INPUT = 1024 * 1024
"""Pixels above which a picture is made smaller for a model that takes any size."""


@dataclass(frozen=True, eq=False)
class PreparedPicture(Prepared):
    """A picture as a model takes it: (T, C, h, w); T is 1, or the number of tiles.

    Attributes:
        placements: where the picture's pixels lie in each row.
    """

    placements: tuple[Placement, ...] = ()

    @property
    def padded(self) -> float:
        """Share of the input that is border, of the tile with most of it."""
        return max(1.0 - shown(where) for where in self.placements)

    def back(self, maps: Tensor) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Maps (T, *cells) blended on the picture's own grid."""
        values, valid = blend(self.placements, [item.cpu().numpy() for item in maps])
        return values.astype(np.float32, copy=False), valid


def prepared_picture(model: Model, image: Image, fit: str | None = None) -> PreparedPicture:
    """A picture as a batch.

    Args:
        model: its contract holds size, filter, mean, std.
        image: axes `YX` or `YXC`.
        fit: "crop", "squash", "pad" or "tile"; None is the contract's own way.

    Raises:
        InvalidArgument: the model takes no pictures.
    """
    contract = model.contract
    if contract.axes != "HW":
        raise InvalidArgument(
            f"{model.name} takes a grid of {' x '.join(contract.axes)} (layout {contract.layout}), "
            f"not a picture {image.axes}; give what it takes, or its batch to attribute()"
        )
    resize = contract.resize
    size = None if contract.input_size is None else (contract.input_size[0], contract.input_size[1])
    notes: tuple[str, ...] = ()
    if size is None and resize is None:
        height, width = image.size
        if height * width > LARGEST_FREE_INPUT:
            resize = math.floor(min(height, width) * math.sqrt(LARGEST_FREE_INPUT / height / width))
            notes = (
                f"the model takes any size; the picture was made smaller, to a shorter side of "
                f"{resize} pixels (input_size= sets another)",
            )
    fitted = fit_image(
        image,
        size=size,
        mode=fit or contract.fit,
        resize=resize,
        interpolation=contract.interpolation,
        channels=contract.channels,
        multiple_of=contract.multiple_of,
    )
    pixels = torch.stack([torch.from_numpy(item.pixels) for item in fitted])
    about = (note for item in fitted for note in item.notes)
    said = dict.fromkeys([*image.metadata.get("notes", ()), *notes, *about])
    return PreparedPicture(
        model.prepare(contract.normalise(pixels)),
        tuple(said),
        placements=tuple(item.placement for item in fitted),
    )


def shown(where: Placement) -> float:
    """Share of the input that is the picture itself."""
    share = 1.0
    for axis in (0, 1):
        low = max(0.0, where.offset[axis])
        high = min(where.input[axis], where.offset[axis] + where.scale[axis] * where.original[axis])
        share *= max(0.0, high - low) / where.input[axis]
    return share
