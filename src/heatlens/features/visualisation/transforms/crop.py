"""Crop: a random part of the picture, enlarged to the whole canvas."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.transforms.draws import Chance, uniform
from heatlens.features.visualisation.transforms.transform import (
    Geometric,
    checked_number,
    register,
)

__all__ = ["Crop"]


@register(paper="arXiv:2306.06805")
@dataclass(frozen=True)
class Crop(Geometric):
    """A random part with the canvas's aspect, anywhere in the picture, enlarged to the canvas.

    Fel et al., NeurIPS 2023, see only crops: what is optimised is a large picture of many
    instances. Theirs lie about the middle and may reach outside; these lie inside, all places
    equally likely.

    Attributes:
        low: smallest side of the part, as a share of the picture's.
        high: largest side.

    Raises:
        InvalidArgument: shares outside 0.01..1, or low above high.
    """

    low: float = 0.5
    high: float = 0.9

    def __post_init__(self) -> None:
        """Check the shares."""
        low = checked_number(self.low, "crop's low", 0.01, 1)
        if checked_number(self.high, "crop's high", 0.01, 1) < low:
            raise InvalidArgument(f"crop's low {self.low:g} is above its high {self.high:g}")

    def matrix(self, chance: Chance, rows: int, size: tuple[int, int]) -> Tensor:
        """Where points go, (rows, 3, 3)."""
        share, across, down = uniform(chance, rows, 0, 1, 3).T
        side = self.low + (self.high - self.low) * share
        matrix = torch.zeros(rows, 3, 3).to(side)
        matrix[:, 0, 0] = matrix[:, 1, 1] = 1 / side
        for axis, (length, place) in enumerate(((size[1], across), (size[0], down))):
            corner = place * (1 - side) * length - 0.5  # of the first pixel, not its centre
            matrix[:, axis, 2] = -0.5 - corner / side
        matrix[:, 2, 2] = 1
        return matrix
