"""How sources are compared: one rule for all of them, be they two or many."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heatlens.cli.comparison import Question, Source
from heatlens.cli.comparison_words import of_penalty
from heatlens.distributions import Comparison, Distribution, as_distribution, wasserstein
from heatlens.distributions.kinds.mass import LONGEST_SIDE, grid_for
from heatlens.distributions.pair import common_frame
from heatlens.distributions.parts import has_negative
from heatlens.heatmap import Heatmap
from heatlens.image import Image

__all__ = ["Rule", "distribution", "measured", "rule"]

_ALL_LEVELS = 256
"""Bins of a histogram: every level of 8 bits is one by itself."""


@dataclass(frozen=True)
class Rule:
    """How all sources are made into distributions.

    Attributes:
        kind: of distribution.
        parameters: of the kind, the same for all.
        part: of the maps; "" where they have one sign, None where both parts are compared.
        notes: why it is so, for the reader.
    """

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)
    part: str | None = ""
    notes: tuple[str, ...] = ()


def rule(sources: Sequence[Source], kind: str, question: Question) -> Rule:
    """What holds for all of these sources."""
    given = question.parameters(kind)
    if kind == "mass":
        return _of_mass(sources, given)
    ranges = {s.thing.value_range for s in sources if isinstance(s.thing, Image)}
    told = " and ".join(f"{low:g}..{high:g}" for low, high in sorted(ranges))
    if kind == "histogram":
        given.setdefault("bins", _ALL_LEVELS)
        if len(ranges) > 1:
            given["unit"] = "range"
            why = f"the ranges differ ({told}): grey levels count in fractions of them"
            return Rule(kind, given, notes=(why,))
    if kind == "colour-histogram" and len(ranges) > 1:
        given["space"] = "lab"
        why = f"the ranges differ ({told}): colours are counted in boxes of CIELAB"
        return Rule(kind, given, notes=(why,))
    return Rule(kind, given)


def _of_mass(sources: Sequence[Source], given: dict[str, Any]) -> Rule:
    part = given.pop("part", "")
    maps = [source for source in sources if isinstance(source.thing, Heatmap)]
    one_sign = [source.name for source in maps if not has_negative(source.thing)]
    notes: tuple[str, ...] = ()
    if maps and len(maps) < len(sources):
        part = part or "positive"
        notes = (f"a picture's light is compared with a map's {part} evidence",)
    elif not part and len(one_sign) < len(maps):
        part = "positive" if one_sign else None
        if one_sign:
            has = "has" if len(one_sign) == 1 else "have"
            notes = (
                f"only the evidence for is compared: {', '.join(one_sign)} {has} none against",
            )
    frame = _frame(sources, given)
    if frame and len(sources) > 2:
        height, width = frame["grid"]
        notes += (
            f"all are laid on one frame of {height} x {width} cells, {frame['aspect']:.3g} as high "
            "as wide; in a comparison of two the frame is theirs",
        )
    return Rule("mass", {**given, **frame}, part, notes)


def _frame(sources: Sequence[Source], given: dict[str, Any]) -> dict[str, Any]:
    """One grid and one shape, the geometric mean of all, where the sizes differ."""
    sizes = [source.thing.size for source in sources]
    if len(sizes) == 2:
        return common_frame(sources[0].thing, sources[1].thing, given)
    if len(set(sizes)) == 1:
        return {}
    aspect = float(np.exp(np.mean([np.log(height / width) for height, width in sizes])))
    longest = max(max(size) for size in sizes)
    shape = [max(1, round(longest * part)) for part in (min(aspect, 1), min(1 / aspect, 1))]
    grid = grid_for((shape[0], shape[1]), given.get("side", LONGEST_SIDE))
    return {"grid": grid, "aspect": aspect}


def distribution(source: Source, how: Rule) -> Distribution:
    """A source as a distribution that bears its name.

    Raises:
        InvalidArgument: one that has none of this kind.
    """
    part = how.part
    own = {}
    if isinstance(source.thing, Heatmap) and part != "":
        # Where both are compared, what has to be said of one holds for the other.
        own["part"] = part or ("positive" if (source.thing.values > 0).any() else "negative")
    return as_distribution(source.thing, how.kind, **how.parameters, **own).with_(name=source.name)


def measured(
    a: Source,
    b: Source,
    how: Rule,
    question: Question,
    made: tuple[Distribution, Distribution] | None = None,
) -> Comparison:
    """The comparison of two sources.

    Args:
        a: the first.
        b: the second.
        how: what holds for all.
        question: what was asked.
        made: both as `distribution` gives them, where they are known.

    Raises:
        InvalidArgument: two that cannot be compared.
    """
    found: Comparison
    if how.part is None:
        found = wasserstein(
            a.thing, b.thing, "mass", plan=True, **question.terms(), **how.parameters
        )
    else:
        first, second = made or (distribution(a, how), distribution(b, how))
        found = wasserstein(first, second, how.kind, plan=True, **question.terms())
    return dataclasses.replace(found, notes=found.notes + of_penalty(found, question))
