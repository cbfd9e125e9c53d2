"""One picture of an evaluation: its figures, and how they would vary with other fixations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from heatlens.perception.metrics.density import blurred_pixels
from heatlens.perception.metrics.given import Floats, Map, Points, checked_map, pixels_of
from heatlens.perception.metrics.metric import Metric
from heatlens.perception.metrics.redrawn import (
    UNKNOWN,
    interval_of_density_metric,
    interval_of_each,
)

__all__ = ["Asked", "Figure", "Picture"]

Figure = tuple[float, tuple[float, float]]
"""A number, and the ends of its interval."""


@dataclass(frozen=True)
class Asked:
    """What holds for all pictures of an evaluation; see `evaluate`."""

    convention: str
    sigma: float | None
    confidence: float
    redraws: int
    density_redraws: int
    seed: int


class Picture:
    """A map, the fixations on its picture, and what they are compared with.

    Attributes:
        values: the map, (H, W).
        size: height and width.
        points: the fixations.
    """

    def __init__(
        self,
        index: int,
        heat: Map,
        points: Points,
        density: Map | None,
        baseline: str | Map,
        asked: Asked,
    ) -> None:
        """Check the map; the rest is looked at when a metric needs it."""
        self.index, self.points, self.asked = index, points, asked
        self.values: Floats = checked_map(heat)
        self.size = (self.values.shape[0], self.values.shape[1])
        self._density, self._baseline = density, baseline

    @cached_property
    def density(self) -> Map:
        """The density that was given, or the blurred fixations."""
        if self._density is not None:
            return self._density
        return blurred_pixels(self._cells(), self.size, self.asked.sigma, self.asked.convention)

    def figure(self, metric: Metric, others: Points | None = None) -> Figure:
        """The metric's number for this picture, and its interval over fixations drawn again.

        Args:
            metric: any registered one.
            others: fixations on other pictures in this one's pixels, for a metric that needs them.
        """
        asked = self.asked
        rng = np.random.default_rng((asked.seed, self.index, 1))
        given: dict[str, Any] = {"convention": asked.convention}
        if metric.density:
            value = metric.function(self.values, self.density, **given)
            if self._density is not None:
                return value, UNKNOWN
            return value, interval_of_density_metric(
                lambda density: metric.function(self.values, density, **given),
                self._cells(),
                self.size,
                asked.sigma,
                asked.convention,
                asked.density_redraws,
                asked.confidence,
                rng,
            )
        if "others" in metric.needs:
            given["others"] = others
        if "baseline" in metric.needs:
            given["baseline"] = self._baseline
        if "seed" in metric.parameters:
            given["seed"] = asked.seed
        if metric.each is None:
            return metric.function(self.values, self.points, **given), UNKNOWN
        each = metric.each(self.values, self.points, **given)
        return float(each.mean()), interval_of_each(each, asked.redraws, asked.confidence, rng)

    def _cells(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        return pixels_of(self.points, self.size, once=self.asked.convention == "mit")
