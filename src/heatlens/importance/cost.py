"""What a measure costs, before it runs: how often the model is asked about a row.

| measure | evaluations, of n rows and f features |
|---|---|
| permutation importance | n (f repeats + 1); "all" repeats are n - 1 |
| ablation importance | n (f + 1) |
| Shapley values | n b (2^f - 2) + n (b + 1) by all coalitions of f features, b rows of background |
| ... sampled | n (orders (f - 1) b + b + 1) |
| partial dependence | n g, or n g h of two features, with g and h values along each |
| interaction | n^2 (f + pairs + 1), less where nothing is replaced |

A class that is to be found first ("predicted"), and a handful of rows to see what the model gives,
come on top; what was counted in the end is the result's `evaluations`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from heatlens.errors import InvalidArgument, UnknownName

__all__ = ["check_cost", "evaluations_of"]

MOST_ROWS, MOST_PICTURES = 10_000_000, 200_000
"""Evaluations above which all coalitions are not tried unless that is asked for."""

Measure = Literal[
    "ablation", "interaction", "partial dependence", "permutation", "shapley", "sampled shapley"
]
_MEASURES = (
    "ablation",
    "interaction",
    "partial dependence",
    "permutation",
    "sampled shapley",
    "shapley",
)


def evaluations_of(
    measure: Measure,
    rows: int,
    features: int,
    *,
    repeats: int | Literal["all"] = 10,
    background: int = 100,
    samples: int = 64,
    grid: Sequence[int] = (50,),
    pairs: int | None = None,
) -> int:
    """How often the model will be asked about a row.

    Args:
        measure: "permutation", "ablation", "shapley" (all coalitions), "sampled shapley",
            "partial dependence" or "interaction".
        rows: that are explained; of interactions, those that are drawn.
        features: how many.
        repeats: of permutations.
        background: rows that absent features are taken from; 1 for the mean.
        samples: orders.
        grid: values along each of one or two features.
        pairs: of interactions; all of them by default.

    Raises:
        UnknownName: no such measure.
        InvalidArgument: no row, or no feature.

    Example:
        >>> evaluations_of("shapley", 100, 12), evaluations_of("sampled shapley", 100, 12)
        (40950100, 7050100)
    """
    if measure not in _MEASURES:
        raise UnknownName("measure", str(measure), _MEASURES)
    if rows < 1 or features < 1:
        raise InvalidArgument(f"{rows} rows and {features} features; at least one of each")
    if measure == "ablation":
        return rows * (features + 1)
    if measure == "permutation":
        return rows * (features * (rows - 1 if repeats == "all" else repeats) + 1)
    if measure == "partial dependence":
        return rows * math.prod(grid)
    if measure == "interaction":
        both = math.comb(features, 2) if pairs is None else pairs
        return rows * rows * (features + both + 1)
    ends = rows * (background + 1)  # of nobody, and of everybody
    if measure == "shapley":
        return rows * background * ((1 << features) - 2) + ends
    return rows * background * samples * (features - 1) + ends


def check_cost(rows: int, features: int, background: int, what: str, samples: int) -> None:
    """Refuse to try all coalitions where nobody would wait for it.

    Raises:
        InvalidArgument: which says what it would cost, and what helps.
    """
    exact = evaluations_of("shapley", rows, features, background=background)
    if exact <= (MOST_PICTURES if what == "picture" else MOST_ROWS):
        return
    fewer = evaluations_of(
        "sampled shapley", rows, features, background=background, samples=samples
    )
    raise InvalidArgument(
        f"all coalitions of {features} features, for {rows} {what}s against a background of "
        f"{background}, take {exact:,} evaluations of the model; samples={samples} takes "
        f"{fewer:,}, fewer rows= or a smaller background= also help, and samples='all' does it "
        "all the same"
    )
