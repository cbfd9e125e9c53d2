"""How much a model loses without each feature, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.errors import UnknownName
from heatlens.frozen import frozen
from heatlens.importance.subject import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Importance"]


@dataclass(frozen=True, eq=False)
class Importance:
    """A number for each named feature, and how far it may be off.

    Attributes:
        names: of the features.
        values: (f,), the loss of the score, or whatever `unit` says; the larger the more.
        error: (f,), standard errors.
        low: (f,), lower ends of the intervals.
        high: (f,), upper ends.
        confidence: of the intervals, each by itself.
        measure: "permutation", "ablation" or "Shapley".
        unit: of the values.
        baseline: the score of the unchanged rows.
        n: rows.
        repeats: how often each feature was replaced.
        by_repeat: (repeats, f), the value of each repeat.
        notes: what a reader has to know.
        what: one row in words, "row" or "picture".
        evaluations: how many rows the model was asked about in all.
    """

    names: tuple[str, ...]
    values: Floats
    error: Floats
    low: Floats
    high: Floats
    confidence: float
    measure: str
    unit: str
    baseline: float
    n: int
    repeats: int
    by_repeat: Floats
    notes: tuple[str, ...] = ()
    what: str = "row"
    evaluations: int = 0

    def __post_init__(self) -> None:
        """Arrays become read-only."""
        for name in ("values", "error", "low", "high", "by_repeat"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def ranked(self) -> list[tuple[str, float, float, float]]:
        """(name, value, low, high) of each feature, the most important first."""
        order = np.argsort(-self.values, kind="stable")
        return [
            (self.names[k], float(self.values[k]), float(self.low[k]), float(self.high[k]))
            for k in order
        ]

    def __getitem__(self, name: str) -> tuple[float, float, float]:
        """(value, low, high) of one feature."""
        if name not in self.names:
            raise UnknownName("feature", str(name), self.names)
        k = self.names.index(name)
        return float(self.values[k]), float(self.low[k]), float(self.high[k])

    def plot(self, *, most: int = 20, title: str | None = None) -> Figure:
        """Bars with whiskers, the most important on top; at most `most` of them."""
        from heatlens.importance.bars import importance_figure

        return importance_figure(self, most=most, title=title)

    def to_dict(self) -> dict[str, Any]:
        """Everything but `by_repeat`, as JSON has it."""
        return {
            "measure": self.measure,
            "unit": self.unit,
            "baseline": self.baseline,
            f"{self.what}s": self.n,
            "repeats": self.repeats,
            "evaluations": self.evaluations,
            "confidence": self.confidence,
            "features": [
                {"name": name, "value": value, "low": low, "high": high}
                for name, value, low, high in self.ranked()
            ],
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        """A table, the most important first."""
        rows = self.ranked()
        wide = max(len(name) for name, *_ in rows)
        head = (
            f"{self.measure} importance, {self.unit} (of {self.baseline:.4g}); {self.n} {self.what}s, "
            f"{100 * self.confidence:.4g} % intervals"
        )
        lines = [
            f"  {name:<{wide}}  {value:8.4f}  {low:8.4f} .. {high:.4f}"
            for name, value, low, high in ((row[0], *np.round(row[1:], 4) + 0.0) for row in rows)
        ]
        return "\n".join([head, *lines, *(f"  note: {note}" for note in self.notes)])
