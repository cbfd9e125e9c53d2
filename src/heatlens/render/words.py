"""What stands around a picture: titles, what is shown, notes and the first checks of trust."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.render.colour import Scale
from heatlens.render.hotspots import Hotspot
from heatlens.render.typography import NO_BREAK, number

__all__ = [
    "headings",
    "message",
    "notes",
    "part_shown",
    "scales_line",
    "spots_line",
    "subtitle",
    "title",
    "treatment",
    "unit",
]


def title(made: Provenance) -> str:
    """Method and target ("gradcam: white stork")."""
    return f"{made.method}: {made.target}" if made.target else made.method


def subtitle(made: Provenance, place: str = "") -> str:
    """Score, model, picture and which part of it, as far as they are known."""
    parts = [
        "" if made.score is None else f"score {number(made.score)}",
        made.model,
        made.image,
        place,
    ]
    return " · ".join(part for part in parts if part)


def unit(made: Sequence[Provenance]) -> str:
    """What the numbers on a colour bar are."""
    methods = {one.method for one in made}
    units = {one.info.get("unit") for one in made}
    if len(methods) == len(units) == 1 and isinstance(known := units.pop(), str):
        return f"{methods.pop()}, {known}"
    return f"{methods.pop()}, unnormalised" if len(methods) == 1 else "unnormalised values"


def message(heatmap: Heatmap, scale: Scale, place: str = "") -> str:
    """What to write across a picture that shows nothing; empty if it shows something.

    Args:
        heatmap: what is drawn.
        scale: which evidence is shown.
        place: "slice" or "frame" where others of the same map show something.
    """
    if scale.strength(heatmap.values).any():
        return ""
    where = f" in this {place}" if place else ""
    if heatmap.empty or scale.symmetric:
        return f"no evidence{where}"
    side = "against" if scale.low < 0 else "for"
    return f"no evidence {side} the target{where}"


def part_shown(heatmaps: Sequence[Heatmap], scale: Scale) -> str:
    """A sentence on what a scale of one sign leaves out; empty if nothing."""
    low = min(float(heat.values.min()) for heat in heatmaps)
    high = max(float(heat.values.max()) for heat in heatmaps)
    of_a_target = any(heat.provenance.target for heat in heatmaps)
    if low < 0 <= scale.low and not scale.symmetric:
        what = "evidence for the target is" if of_a_target else "values above 0 are"
        return f"Only {what} shown; values reach down to {number(low)}."
    if scale.high <= 0 < high and scale.low < 0:
        what = "evidence against the target is" if of_a_target else "values below 0 are"
        return f"Only {what} shown; values reach up to {number(high)}."
    return ""


def treatment(percentile: float | None, smooth: float, unit: str = "pixels") -> str:
    """What was done to the values before they were drawn."""
    parts = []
    if smooth:
        parts.append(
            f"Averaged with a Gaussian of {number(smooth)} {unit[: -1 if smooth == 1 else None]}."
        )
    if percentile is not None and percentile < 100:
        parts.append(f"The scale ends at percentile {number(percentile)} of what is shown.")
    return " ".join(parts)


def scales_line(made: Sequence[Provenance], common: bool) -> str:
    """A sentence on what may be compared between several maps."""
    if len(made) < 2:
        return ""
    if not common:
        return "Each map has its own scale: compare places between pictures, not colours."
    if len({one.method for one in made}) > 1:
        return (
            "All maps share one scale, but methods have different units: a paler map does not "
            "mean less evidence."
        )
    return "All maps share one scale."


def spots_line(spots: Sequence[Hotspot] | None) -> str:
    """The numbered boxes' shares of the positive mass."""
    if spots is None:
        return ""
    shares = ", ".join(f"({k}) {100 * spot.share:.0f} %" for k, spot in enumerate(spots, 1))
    return f"Share of the positive mass: {shares}." if shares else "No hot region."


def notes(made: Sequence[Provenance]) -> list[str]:
    """The notes, each once, and the first checks of trust where there is one map only."""
    lines = list(dict.fromkeys(note for one in made for note in one.notes))
    if len(made) == 1:
        checks = [f"{name.replace('_', ' ')} {value}" for name, value in _flat(made[0].trust)]
        if checks:
            lines.append(f"{NO_BREAK}· ".join(check.replace(" ", NO_BREAK) for check in checks))
    return lines


def headings(made: Sequence[Provenance]) -> list[str]:
    """A heading for each of several maps: what tells them apart, and the scores."""
    same_method = len({one.method for one in made}) == 1
    same_target = len({one.target for one in made}) == 1
    result = []
    for one in made:
        if same_method and not same_target:
            name = one.target
        elif same_target and not same_method:
            name = one.method
        else:
            name = title(one)
        score = "" if one.score is None or same_target else f" ({number(one.score)})"
        result.append(f"{name or one.method}{score}")
    return result


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        elif isinstance(value, (bool, np.bool_)):
            yield f"{prefix}{name}", "yes" if value else "no"
        elif isinstance(value, (int, float, np.number)):
            yield f"{prefix}{name}", number(float(value)) if np.isfinite(value) else str(value)
        elif isinstance(value, str):
            yield f"{prefix}{name}", value
