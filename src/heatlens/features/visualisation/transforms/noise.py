"""Noise: every value is changed a little."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from heatlens.features.visualisation.transforms.draws import Chance, normal_like
from heatlens.features.visualisation.transforms.transform import (
    Pixelwise,
    checked_number,
    register,
)

__all__ = ["Noise"]


@register(paper="arXiv:2306.06805")
@dataclass(frozen=True)
class Noise(Pixelwise):
    """Adds normal noise to every value; a pattern as weak as it does not pay.

    Attributes:
        deviation: its standard deviation, in units of the range 0..1 of the pixels. What comes
            out is not cut at 0 and 1.

    Raises:
        InvalidArgument: a negative deviation, or no number.
    """

    deviation: float = 0.02

    def __post_init__(self) -> None:
        """Check the deviation."""
        checked_number(self.deviation, "noise's deviation")

    def apply(self, pixels: Tensor, chance: Chance) -> Tensor:
        """The noisy pictures, (n, c, h, w)."""
        return pixels + self.deviation * normal_like(chance, pixels) if self.deviation else pixels
