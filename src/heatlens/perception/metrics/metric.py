"""What a metric of saliency is, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from heatlens.parameters import parameters_of, summary_of
from heatlens.perception.metrics.given import Floats
from heatlens.registry import Registry

__all__ = ["METRICS", "Metric", "register"]

Function = TypeVar("Function", bound=Callable[..., float])


@dataclass(frozen=True)
class Metric:
    """A registered metric of how well a map foretells fixations.

    Attributes:
        name: what users call it.
        function: `function(heat, fixations, *, convention=, **parameters) -> float`.
        higher_is_better: or lower, for a distance.
        low, high: what values it can take; may be infinite.
        chance: what a map that knows nothing (a constant one) gets; None where it has no one value.
        density: whether it compares with a density (points are blurred first), not with points.
        needs: "others" (fixations on other pictures), "baseline" (a density).
        each: of a metric of points, `each(heat, fixations, **same) -> (n,)`: one number for every
            fixation that counts, whose mean is the metric.
        paper: where it comes from.
    """

    name: str
    function: Callable[..., float]
    higher_is_better: bool
    low: float
    high: float
    chance: float | None
    density: bool
    needs: frozenset[str]
    each: Callable[..., Floats] | None
    paper: str

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return summary_of(self.function)

    @property
    def parameters(self) -> dict[str, Any]:
        """Names and defaults of the parameters it takes."""
        return parameters_of(self.function)


METRICS: Registry[Metric] = Registry("metric", ("heatlens.perception.metrics.kinds",))
"""All metrics of saliency, by name."""


def register(
    name: str,
    *,
    paper: str,
    low: float,
    high: float,
    chance: float | None,
    higher_is_better: bool = True,
    density: bool = False,
    needs: frozenset[str] = frozenset(),
    each: Callable[..., Floats] | None = None,
) -> Callable[[Function], Function]:
    """Register a metric under `name`; see `Metric` for the arguments."""

    def decorate(function: Function) -> Function:
        METRICS.add(
            name,
            Metric(
                name, function, higher_is_better, low, high, chance, density, needs, each, paper
            ),
        )
        return function

    return decorate
