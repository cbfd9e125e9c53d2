"""Rotate: the picture is turned about its centre."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.features.visualisation.transforms.draws import Chance, uniform
from heatlens.features.visualisation.transforms.transform import (
    Geometric,
    about_centre,
    checked_number,
    register,
)

__all__ = ["Rotate", "rotation"]


@register(paper="https://distill.pub/2017/feature-visualization")
@dataclass(frozen=True)
class Rotate(Geometric):
    """Turns about the centre by an angle drawn uniformly, either way.

    Attributes:
        degrees: the largest angle, 0 to 180.

    Raises:
        InvalidArgument: an angle outside, or no number.
    """

    degrees: float = 10

    def __post_init__(self) -> None:
        """Check the angle."""
        checked_number(self.degrees, "rotate's degrees", 0, 180)

    def matrix(self, chance: Chance, rows: int, size: tuple[int, int]) -> Tensor:
        """Where points go, (rows, 3, 3)."""
        return rotation(uniform(chance, rows, -self.degrees, self.degrees), size)


def rotation(degrees: Tensor, size: tuple[int, int]) -> Tensor:
    """Matrices (rows, 3, 3) that turn by angles (rows,), counterclockwise as seen on the screen.

    Example:
        >>> quarter = rotation(torch.tensor([90.0], dtype=torch.float64), (3, 3))
        >>> (quarter[0] @ torch.tensor([2.0, 1, 1]).double()).round().tolist()  # right goes up
        [1.0, 0.0, 1.0]
    """
    angle = torch.deg2rad(degrees)
    cos, sin = angle.cos(), angle.sin()
    linear = torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], -2)
    return about_centre(linear, size)
