"""Where the points of an index lie, and what follows for bounds and exact distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatlens.search.bounds.dual import LEAST, SINGLE
from heatlens.search.bounds.quantile import AXES, embedding
from heatlens.search.engine.exact import CIRCLE, LINE, SPACE
from heatlens.search.signatures import Signatures, Singles

__all__ = ["Ground"]


@dataclass(frozen=True)
class Ground:
    """Euclidean space, or a circle.

    Attributes:
        dimensions: coordinates of a point.
        period: length of the circle; None for Euclidean distances.
    """

    dimensions: int
    period: float | None = None

    @property
    def where(self) -> int:
        """The code of the exact solver: `SPACE`, `LINE` or `CIRCLE`."""
        if self.period is not None:
            return CIRCLE
        return LINE if self.dimensions == 1 else SPACE

    @property
    def axes(self) -> int:
        """Axes of the embedding."""
        return 2 if self.period is not None else min(self.dimensions, AXES)

    def embedded(self, signatures: Signatures, threads: int | None = None) -> Singles:
        """Block quantiles (N, A Q) float32."""
        return embedding(signatures, self.period, threads)

    def rounding(self, reach: float) -> float:
        """How far the bound between two embeddings in single precision may be off.

        Args:
            reach: no coordinate is larger.
        """
        radius = max(reach, self.period or 0.0, LEAST)
        return 4 * (self.dimensions + 8) * SINGLE * float(np.sqrt(self.axes)) * radius
