"""Brightness: the mean luma of a picture, shifted for all its pixels alike."""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.importance.interventions.intervention import KINDS, Kind, Property, reached
from heatlens.importance.interventions.luma import luma

__all__ = ["Brightness"]


class Brightness(Property):
    """Mean luma, 0 (black) to 1 (white).

    Example:
        >>> grey = torch.full((1, 3, 2, 2), 0.25)
        >>> Brightness().set_to(grey, torch.tensor([0.75])).unique().tolist()
        [0.75]
    """

    name = "brightness"
    unit = "mean luma, 0 to 1"

    def measure(self, given: Tensor) -> Tensor:
        """Mean luma of each picture, (n,)."""
        return luma(given).mean((1, 2, 3))

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """Pictures shifted until their mean luma is `value`; it is kept within 0..1."""
        wanted = value.to(given).clamp(0, 1)
        ends = torch.ones_like(wanted)
        return reached(
            lambda shift: (given + shift.view(-1, 1, 1, 1)).clamp(0, 1),
            self.measure,
            wanted,
            wanted - self.measure(given),
            -ends,
            ends,
        )


KINDS.add(
    "brightness",
    Kind(
        "mean luma",
        '`"brightness"`',
        "shifted to the other's",
        "the data set's mean",
        curve=True,
        make=lambda: (Brightness(),),
    ),
)
