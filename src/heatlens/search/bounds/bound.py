"""What a lower bound is: a function of two signatures that never passes their W1, with a name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from heatlens.errors import InvalidArgument
from heatlens.registry import Registry
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import Floats, checked_masses

__all__ = ["BOUNDS", "Bound", "bounds", "register"]

Plain = Callable[[Floats, Floats, Floats, Floats], float]
Function = TypeVar("Function", bound=Plain)


@dataclass(frozen=True)
class Bound:
    """A registered lower bound of W1 under the Euclidean ground distance.

    Attributes:
        name: what it is called ("relaxed").
        function: `function(a, x, b, y)`: masses (n,) and (m,) that sum to 1 each, points (n, d)
            and (m, d), all float64.
        cost: the work of one pair, in words.
        paper: where it comes from.
    """

    name: str
    function: Plain
    cost: str
    paper: str

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")

    def __call__(self, a: Any, x: Any, b: Any, y: Any) -> float:
        """The bound of two signatures, each divided by its total: it holds for equal masses only.

        Args:
            a: masses (n,) of the one, none negative, not all 0.
            x: its points (n, d), or numbers (n,).
            b: masses (m,) of the other.
            y: its points (m, d).

        Raises:
            InvalidArgument: these are no signatures, or their points differ in dimension.

        Example:
            >>> BOUNDS["centroid"]([1, 1], [[0.0, 0.0], [6.0, 0.0]], [2], [[3.0, 4.0]])
            4.0
        """
        first, second = checked_masses(a, "a"), checked_masses(b, "b")
        places, others = checked_points(x, "x"), checked_points(y, "y")
        for mass, name, points, other in ((first, "a", places, "x"), (second, "b", others, "y")):
            if len(mass) != len(points):
                raise InvalidArgument(
                    f"{name} has {len(mass)} masses and {other} {len(points)} points; each mass "
                    "needs its point"
                )
        if places.shape[1] != others.shape[1]:
            raise InvalidArgument(
                f"points of {places.shape[1]} and of {others.shape[1]} coordinates have no distance"
            )
        return float(self.function(first / first.sum(), places, second / second.sum(), others))


BOUNDS: Registry[Bound] = Registry("bound", ("heatlens.search.bounds",))
"""All bounds by name."""


def register(name: str, *, cost: str, paper: str) -> Callable[[Function], Function]:
    """Register a bound under `name`; see `Bound` for the arguments."""

    def decorate(function: Function) -> Function:
        BOUNDS.add(name, Bound(name, function, cost, paper))
        return function

    return decorate


def bounds() -> list[Bound]:
    """All bounds, by name.

    Example:
        >>> {"centroid", "iterated", "relaxed"} <= {bound.name for bound in bounds()}
        True
    """
    return list(BOUNDS.values())
