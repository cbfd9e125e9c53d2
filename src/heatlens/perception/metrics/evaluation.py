"""What metrics said of many pictures: a table with means and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from heatlens.frozen import frozen
from heatlens.perception.metrics.given import Floats
from heatlens.perception.metrics.metric import METRICS, Metric
from heatlens.perception.metrics.picture import Asked, Figure
from heatlens.statistics import Interval, bootstrap_interval, mean_interval

__all__ = ["Evaluation", "evaluation_of"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What metrics said of many pictures; nothing of it can be changed.

    Attributes:
        values: of each metric, one number per picture, (n,).
        image_intervals: of each metric, the lower and upper end of each picture's own interval,
            (n, 2): how its number would vary with other fixations of the same people. NaN where
            it is not known: one fixation alone, an infinite value, a density that was not drawn.
        names: of the pictures.
        convention: that they were computed in.
        means: of each metric.
        intervals: of each mean; None for a single picture, or where a value is infinite.
        confidence: of all intervals.
        notes: what was left out, in words.
    """

    values: Mapping[str, Floats]
    image_intervals: Mapping[str, Floats]
    names: tuple[str, ...]
    convention: str
    means: Mapping[str, float]
    intervals: Mapping[str, Interval | None]
    confidence: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make arrays and mappings read-only."""
        for name in ("values", "image_intervals"):
            arrays = {key: frozen(x, np.float64) for key, x in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(arrays))
        for name in ("means", "intervals"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[type[Evaluation], tuple[Any, ...]]:
        """Pickle by plain dictionaries."""
        plain = (self.values, self.image_intervals, self.means, self.intervals)
        values, of_images, means, intervals = (dict(one) for one in plain)
        rest = (self.confidence, self.notes)
        return type(self), (values, of_images, self.names, self.convention, means, intervals, *rest)

    def __len__(self) -> int:
        return len(self.names)

    def rows(self) -> list[dict[str, Any]]:
        """One row per picture, as a data frame takes them."""
        return [
            {"picture": name, **{key: float(found[i]) for key, found in self.values.items()}}
            for i, name in enumerate(self.names)
        ]

    def __str__(self) -> str:
        """One line per metric: its mean, the interval, and which way is good; then the notes."""
        width = max(len(name) for name in self.values)
        lines = [f"{len(self)} pictures, convention {self.convention!r}"]
        for name, mean in self.means.items():
            interval = self.intervals[name]
            # More digits than `Interval` prints: models differ in the third.
            span = "" if interval is None else f"  ({interval.low:.3f} to {interval.high:.3f})"
            good = "higher" if METRICS[name].higher_is_better else "lower"
            lines.append(f"{name:<{width}}  {mean:8.3f}{span}  {good} is better")
        return "\n".join([*lines, *self.notes])


def evaluation_of(
    rows: Mapping[int, Mapping[str, Figure]],
    chosen: Sequence[Metric],
    titles: tuple[str, ...],
    asked: Asked,
    interval: str,
    notes: tuple[str, ...],
) -> Evaluation:
    """The table of rows: of each picture, by its number, a figure of each metric."""
    names = [metric.name for metric in chosen]
    values = {name: np.array([row[name][0] for row in rows.values()]) for name in names}
    return Evaluation(
        values,
        {name: np.array([row[name][1] for row in rows.values()]) for name in names},
        tuple(titles[i] for i in rows),
        asked.convention,
        {name: float(x.mean()) for name, x in values.items()},
        {name: _interval(x, interval, asked.confidence, asked.seed) for name, x in values.items()},
        asked.confidence,
        notes,
    )


def _interval(values: Floats, kind: str, confidence: float, seed: int) -> Interval | None:
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    if kind == "t":
        return mean_interval(values, confidence)[1]
    return bootstrap_interval(values, np.mean, confidence=confidence, seed=seed)
