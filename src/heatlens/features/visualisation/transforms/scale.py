"""Scale: the picture is made larger or smaller about its centre."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.transforms.draws import Chance, uniform
from heatlens.features.visualisation.transforms.transform import (
    Geometric,
    about_centre,
    checked_number,
    register,
)

__all__ = ["Scale"]


@register(paper="https://distill.pub/2017/feature-visualization")
@dataclass(frozen=True)
class Scale(Geometric):
    """Scales about the centre by a factor drawn uniformly.

    Attributes:
        low: the smallest factor; below 1 the surroundings come into view.
        high: the largest.

    Raises:
        InvalidArgument: factors that are not above 0, or low above high.
    """

    low: float = 0.9
    high: float = 1.1

    def __post_init__(self) -> None:
        """Check the factors."""
        low = checked_number(self.low, "scale's low", 0.01, 100)
        if checked_number(self.high, "scale's high", 0.01, 100) < low:
            raise InvalidArgument(f"scale's low {self.low:g} is above its high {self.high:g}")

    def matrix(self, chance: Chance, rows: int, size: tuple[int, int]) -> Tensor:
        """Where points go, (rows, 3, 3)."""
        factor = uniform(chance, rows, self.low, self.high)
        return about_centre(factor[:, None, None] * torch.eye(2).to(factor), size)
