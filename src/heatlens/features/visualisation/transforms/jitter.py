"""Jitter: the picture is shifted by whole pixels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from heatlens.features.visualisation.transforms.draws import Chance, uniform
from heatlens.features.visualisation.transforms.transform import (
    LARGEST,
    Geometric,
    checked_number,
    register,
    shift,
)

__all__ = ["Jitter"]


@register(paper="https://research.google/blog/inceptionism-going-deeper-into-neural-networks")
@dataclass(frozen=True)
class Jitter(Geometric):
    """Shifts by whole pixels, each way equally likely.

    Mordvintsev, Olah, Tyka: Inceptionism, 2015. Whole pixels, so that no interpolation blurs the
    picture.

    Attributes:
        amount: the longest shift along each axis, in pixels; its fraction is dropped.

    Raises:
        InvalidArgument: a negative amount, or no number.
    """

    amount: float = 8

    def __post_init__(self) -> None:
        """Check the amount."""
        checked_number(self.amount, "jitter's amount", high=LARGEST)

    def matrix(self, chance: Chance, rows: int, size: tuple[int, int]) -> Tensor:
        """Where points go, (rows, 3, 3)."""
        most = int(self.amount)
        x, y = (uniform(chance, rows, 0, 2 * most + 1, 2).floor() - most).clamp(max=most).T
        return shift(x, y)
