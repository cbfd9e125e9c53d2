"""What a pixel-by-pixel measure is: a function of two grids of values, with a name and a unit."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.registry import Registry

__all__ = ["MEASURES", "Grids", "Measure", "register"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grids:
    """Two sources on one grid.

    Attributes:
        a: values (H, W) in units of the range; signed maps keep their sign. Not valid is 0.
        b: likewise.
        span: the difference between the lowest and the highest value there can be.
    """

    a: Floats
    b: Floats
    span: float

    @property
    def shares(self) -> tuple[Floats, Floats]:
        """Both as shares of their total (n,); the two signs of a map count as places apart.

        Raises:
            InvalidArgument: one of them is 0 everywhere.
        """
        signed = min(self.a.min(), self.b.min()) < 0
        found = []
        for name, values in (("first", self.a), ("second", self.b)):
            flat = values.ravel()
            parts = np.concatenate([np.maximum(flat, 0), np.maximum(-flat, 0)]) if signed else flat
            total = parts.sum()
            if not total > 0:
                raise InvalidArgument(f"the {name} one is 0 everywhere: it has no mass to compare")
            found.append(parts / total)
        return found[0], found[1]


@dataclass(frozen=True)
class Measure:
    """A registered measure.

    Attributes:
        name: what users call it.
        function: from `Grids` to a number.
        unit: what the number is measured in.
        equal: its value where both are the same.
        highest: the largest value it can have; infinity where there is none.
        meaning: one line for readers of a table.
    """

    name: str
    function: Callable[[Grids], float]
    unit: str
    equal: float
    highest: float
    meaning: str


MEASURES: Registry[Measure] = Registry("measure", ("heatlens.distributions.measures",))
"""All pixel-by-pixel measures by name."""


def register(
    name: str, *, unit: str, equal: float = 0.0, highest: float = float("inf")
) -> Callable[[Callable[[Grids], float]], Callable[[Grids], float]]:
    """Register a measure under `name`; its meaning is the first line of its docstring."""

    def decorate(function: Callable[[Grids], float]) -> Callable[[Grids], float]:
        meaning = (inspect.getdoc(function) or "").split("\n")[0]
        MEASURES.add(name, Measure(name, function, unit, equal, highest, meaning))
        return function

    return decorate
