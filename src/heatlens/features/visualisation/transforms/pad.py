"""Pad: the picture gets a border."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.features.visualisation.transforms.draws import Chance
from heatlens.features.visualisation.transforms.transform import (
    LARGEST,
    Geometric,
    about_centre,
    checked_number,
    register,
)

__all__ = ["Pad"]


@register(paper="https://distill.pub/2017/feature-visualization")
@dataclass(frozen=True)
class Pad(Geometric):
    """A border all around; picture and border are reduced to the size of the canvas.

    It keeps the edges of the canvas from being where the network sees its own padding: without
    it, strong patterns gather there. The border is what lies outside (see `composed`).

    Attributes:
        amount: width of the border in pixels of the picture, before the reduction.

    Raises:
        InvalidArgument: a negative amount, or no number.
    """

    amount: float = 12

    def __post_init__(self) -> None:
        """Check the amount."""
        checked_number(self.amount, "pad's amount", high=LARGEST)

    def matrix(self, chance: Chance, rows: int, size: tuple[int, int]) -> Tensor:
        """Where points go, (rows, 3, 3); nothing is drawn."""
        height, width = (side / (side + 2 * self.amount) for side in size)
        linear = torch.diag(torch.tensor([width, height], dtype=torch.float64))
        return about_centre(linear.expand(rows, 2, 2), size)
