"""How much features interact, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.errors import UnknownName
from heatlens.frozen import frozen
from heatlens.importance.subject import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Interaction"]


@dataclass(frozen=True, eq=False)
class Interaction:
    """Strengths of interaction, of pairs and of single features with all others.

    Attributes:
        names: of the features.
        pairs: (name, name) of each pair; or (name, "all others").
        squared: (p,), H^2: 0 where the two add up, 1 where neither does anything alone. NaN where
            together they do nothing.
        low: (p,), lower end of its bootstrap interval.
        high: (p,), upper end.
        strength: (p,), the root mean square of what only both do, in units of the output.
        strength_low: (p,), lower end of its interval.
        strength_high: (p,), upper end.
        spread: standard deviation of the output over the rows, to hold `strength` against.
        aim: what is explained.
        n: rows.
        confidence: of the intervals.
        notes: what a reader has to know.
        what: one row in words, "row" or "picture".
        evaluations: how many rows the model was asked about in all.
    """

    names: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    squared: Floats
    low: Floats
    high: Floats
    strength: Floats
    strength_low: Floats
    strength_high: Floats
    spread: float
    aim: str
    n: int
    confidence: float
    notes: tuple[str, ...] = ()
    what: str = "row"
    evaluations: int = 0

    def __post_init__(self) -> None:
        """Arrays become read-only."""
        for name in ("squared", "low", "high", "strength", "strength_low", "strength_high"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def ranked(self) -> list[tuple[tuple[str, str], float, float, float]]:
        """(pair, strength, low, high), the strongest first, in units of the output."""
        order = np.argsort(-self.strength, kind="stable")
        ends = zip(self.strength, self.strength_low, self.strength_high, strict=True)
        found = [(pair, *map(float, one)) for pair, one in zip(self.pairs, ends, strict=True)]
        return [found[k] for k in order]

    def __getitem__(self, pair: tuple[str, str]) -> tuple[float, float, float]:
        """(H^2, low, high) of a pair, in either order."""
        for known in (pair, pair[::-1]):
            if known in self.pairs:
                k = self.pairs.index(known)
                return float(self.squared[k]), float(self.low[k]), float(self.high[k])
        raise UnknownName("pair", " x ".join(pair), (" x ".join(one) for one in self.pairs))

    def __repr__(self) -> str:
        """A table, the strongest first."""
        order = np.argsort(-self.strength, kind="stable")
        names = [" x ".join(self.pairs[k]) for k in order]
        wide = max(map(len, names))
        head = (
            f"interaction in {self.aim}, which varies by {self.spread:.4g}; {self.n} {self.what}s, "
            f"{100 * self.confidence:.4g} % intervals"
        )
        lines = [
            f"  {name:<{wide}}  {self.strength[k]:8.4f}  {self.strength_low[k]:8.4f} .. "
            f"{self.strength_high[k]:.4f}  (H² {self.squared[k]:.3f})"
            for name, k in zip(names, order, strict=True)
        ]
        return "\n".join([head, *lines, *(f"  note: {note}" for note in self.notes)])

    def plot(self, *, squared: bool = False, most: int = 20, title: str | None = None) -> Figure:
        """Bars with whiskers: strengths in units of the output, or with `squared` H^2."""
        from heatlens.importance.bars import interaction_figure

        return interaction_figure(self, squared=squared, most=most, title=title)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it; None for NaN."""
        return {
            "aim": self.aim,
            f"{self.what}s": self.n,
            "confidence": self.confidence,
            "spread": self.spread,
            "evaluations": self.evaluations,
            "pairs": [
                {
                    "features": list(pair),
                    "squared": None if math.isnan(h) else float(h),
                    "low": None if math.isnan(a) else float(a),
                    "high": None if math.isnan(b) else float(b),
                    "strength": float(s),
                }
                for pair, h, a, b, s in zip(
                    self.pairs, self.squared, self.low, self.high, self.strength, strict=True
                )
            ],
            "notes": list(self.notes),
        }
