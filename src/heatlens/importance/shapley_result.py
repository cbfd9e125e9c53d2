"""What each named feature adds to what a model says, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.frozen import frozen
from heatlens.importance.subject import Floats, Ints

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ShapleyValues"]


@dataclass(frozen=True, eq=False)
class ShapleyValues:
    """What each feature adds, in each row.

    Attributes:
        names: of the features.
        values: (n, f), in units of the output; a row's add up to `outputs - base`.
        error: (n, f), standard errors of the sampled orders; 0 where all coalitions were tried.
            That the background is a sample itself is not in them.
        base: (n,), what the model says where every feature is replaced: the background's mean.
        outputs: (n,), what it says of the rows as they are.
        rows: (n,), numbers of the rows in the data.
        aim: what is explained, "probability of digit 3".
        background: rows that features were taken from; 0 for the mean of the data set.
        orders: sampled orders; 0 where all coalitions were tried.
        notes: what a reader has to know.
        what: one row in words, "row" or "picture".
        evaluations: how many rows the model was asked about in all.
    """

    names: tuple[str, ...]
    values: Floats
    error: Floats
    base: Floats
    outputs: Floats
    rows: Ints
    aim: str
    background: int
    orders: int
    notes: tuple[str, ...] = ()
    what: str = "row"
    evaluations: int = 0

    def __post_init__(self) -> None:
        """Arrays become read-only."""
        for name in ("values", "error", "base", "outputs", "rows"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.values)

    def ranked(self, row: int = 0) -> list[tuple[str, float]]:
        """(name, value) of a row's features, the largest of either sign first."""
        order = np.argsort(-np.abs(self.values[row]), kind="stable")
        return [(self.names[k], float(self.values[row, k])) for k in order]

    def __repr__(self) -> str:
        """Size, and the mean size of the largest features' values."""
        sizes = np.abs(self.values).mean(0)
        order = np.argsort(-sizes, kind="stable")[:8]
        wide = max(len(self.names[k]) for k in order)
        head = (
            f"Shapley values of the {self.aim}; {len(self)} {self.what}"
            f"{'s' * (len(self) != 1)} x {len(self.names)} features, mean size"
        )
        lines = [f"  {self.names[k]:<{wide}}  {sizes[k]:.4f}" for k in order]
        more = len(self.names) - len(order)
        lines += [f"  and {more} smaller"] if more else []
        return "\n".join([head, *lines, *(f"  note: {note}" for note in self.notes)])

    def plot(self, row: int = 0, *, most: int = 20, title: str | None = None) -> Figure:
        """Bars of one row's features about zero."""
        from heatlens.importance.bars import shapley_figure

        return shapley_figure(self, row, most=most, title=title)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return {
            "aim": self.aim,
            "names": list(self.names),
            "rows": self.rows.tolist(),
            "values": self.values.tolist(),
            "error": self.error.tolist(),
            "base": self.base.tolist(),
            "outputs": self.outputs.tolist(),
            "background": self.background,
            "orders": self.orders,
            "evaluations": self.evaluations,
            "notes": list(self.notes),
        }
