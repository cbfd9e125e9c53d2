"""From a picture to a batch that a model takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.image import Image
from heatlens.images.fit import fit as fit_image
from heatlens.images.geometry import Placement
from heatlens.models.protocol import Model

__all__ = ["LARGEST_FREE_INPUT", "Prepared", "prepared"]

LARGEST_FREE_INPUT = 1024 * 1024
"""Pixels above which a picture is made smaller for a model that takes any size."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as a model takes it.

    Attributes:
        batch: (T, C, h, w), normalised; T is 1, or the number of tiles.
        placements: where the picture's pixels lie in each row.
        notes: what a reader of the result has to know, what the picture's reader said included.
    """

    batch: Tensor
    placements: tuple[Placement, ...]
    notes: tuple[str, ...]


def prepared(model: Model, image: Image, fit: str | None = None) -> Prepared:
    """Resize, crop and normalise a picture as the model's contract says.

    Args:
        model: its contract holds size, filter, mean, std.
        image: axes `YX` or `YXC`.
        fit: "crop", "squash", "pad" or "tile"; None is the contract's own way.
    """
    contract = model.contract
    resize = contract.resize
    notes: tuple[str, ...] = ()
    if contract.input_size is None and resize is None:
        height, width = image.size
        if height * width > LARGEST_FREE_INPUT:
            resize = math.floor(min(height, width) * math.sqrt(LARGEST_FREE_INPUT / height / width))
            notes = (
                f"the model takes any size; the picture was made smaller, to a shorter side of "
                f"{resize} pixels (input_size= sets another)",
            )
    fitted = fit_image(
        image,
        size=contract.input_size,
        mode=fit or contract.fit,
        resize=resize,
        interpolation=contract.interpolation,
        channels=contract.channels,
        multiple_of=contract.multiple_of,
    )
    pixels = torch.stack([torch.from_numpy(item.pixels) for item in fitted])
    about = (note for item in fitted for note in item.notes)
    said = dict.fromkeys([*image.metadata.get("notes", ()), *notes, *about])
    return Prepared(
        model.prepare(contract.normalise(pixels)),
        tuple(item.placement for item in fitted),
        tuple(said),
    )
