"""A distribution: weights at points, and what the points mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.frozen import frozen

__all__ = ["Distribution"]


@dataclass(frozen=True, eq=False)
class Distribution:
    """Mass at points of a space with a unit.

    Attributes:
        weights: read-only float64 (n,), none negative; not normalised.
        points: read-only float64 (n, d).
        unit: what a distance of 1 between two points means ("CIELAB units", "grey levels").
        kind: registered name of the constructor ("signature").
        name: of the picture it was made from.
        grid: height and width, where the points are the cells of a grid, row by row.
        info: numbers a reader may want (number of clusters, reduction, seed).
        notes: sentences a reader has to know ("4000 x 3000 pixels were reduced to 64 x 48").
    """

    weights: npt.NDArray[np.float64]
    points: npt.NDArray[np.float64]
    unit: str
    kind: str
    name: str = ""
    grid: tuple[int, int] | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and values; arrays become read-only."""
        weights, points = frozen(self.weights, np.float64), frozen(self.points, np.float64)
        if weights.ndim != 1 or points.ndim != 2 or len(points) != len(weights) or not len(points):
            raise InvalidArgument(
                f"weights {weights.shape} and points {points.shape} are no distribution; expected "
                "(n,) and (n, d)"
            )
        if not (np.isfinite(weights).all() and np.isfinite(points).all() and weights.min() >= 0):
            raise InvalidArgument("weights and points are finite, and no weight is negative")
        if self.grid is not None and self.grid[0] * self.grid[1] != len(weights):
            raise InvalidArgument(f"a grid of {self.grid} has not {len(weights)} cells")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "points", points)

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())

    def with_(self, **changes: Any) -> Distribution:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)

    def __len__(self) -> int:
        """Number of points."""
        return len(self.weights)

    def __repr__(self) -> str:
        """Kind, size, unit and total in one line."""
        n, d = self.points.shape
        return f"Distribution({self.kind!r}, {n} points in {d} dimensions, {self.unit}, total {self.total:.4g})"
