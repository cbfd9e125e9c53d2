"""The cells along an axis in which points are counted, aligned to the lattice they lie on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Cells"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Cells of one width.

    Attributes:
        first: middle of the first, pixels.
        width: pixels.
        number: how many.
        finest: whether narrower ones would part the points' own lattice.
    """

    first: float
    width: float
    number: int
    finest: bool

    @classmethod
    def over(
        cls, low: float, high: float, wanted: int, lattice: tuple[float, float] | None
    ) -> Cells:
        """About `wanted` cells from `low` to `high`.

        On a lattice (step, start) they are as wide as a whole number of steps, and their middles
        lie on it.

        Example:
            >>> Cells.over(-0.5, 7.5, 512, (1.0, 3.0))
            Cells(first=0.0, width=1.0, number=8, finest=True)
        """
        if lattice is None:
            width = (high - low) / wanted
            return cls(low + width / 2, width, wanted, False)
        step, start = lattice
        steps = max(1, int((high - low) / (step * wanted)))
        width = step * steps
        first = start + width * math.ceil((low - start) / width - 1e-9)
        return cls(first, width, math.floor((high - first) / width + 1e-9) + 1, steps == 1)

    @property
    def length(self) -> float:
        """Of all cells together, pixels."""
        return self.width * self.number

    def places(self, points: Floats) -> Floats:
        """Points (n,) in units of the cells, 0 the middle of the first; those beyond at the end."""
        return np.clip((points - self.first) / self.width, -0.5, self.number - 0.5)
