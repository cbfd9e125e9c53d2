"""The files that `heatlens compare --out` writes: what moves, as pictures, and matrices as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatlens.cli.comparison import Matrix, Question
from heatlens.distributions import Comparison, Distribution
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.files import save_figure
from heatlens.render.flow import colour_flow, histogram_flow, place_flow
from heatlens.render.typography import number
from heatlens.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_flow", "write_matrix"]

_MOST_AT_PLACES = 20
"""Swatches of colours at places, whose ribbons cross more often."""


def write_flow(
    found: Comparison,
    kind: str,
    names: tuple[str, str],
    things: tuple[Any, Any],
    question: Question,
    out: Path,
) -> list[Path]:
    """Draw what moves, one PNG for each part of a signed map.

    Returns:
        The files; none for a kind whose points are neither places, colours nor grey levels.
    """
    stem = "-".join(_slug(Path(name).stem) for name in names)
    written = []
    for part, one in (found.parts or {"": found}).items():
        shown = tuple(_part(thing, part) for thing in things)
        figure = _drawn(one, kind, names, shown, question)
        if figure is not None:
            path = out / f"{stem}.{kind}{f'-{part}' if part else ''}.png"
            save_figure(figure, path, _made(one, kind, names, question, part))
            written.append(path)
    return written


def write_matrix(matrix: Matrix, names: Sequence[str], out: Path) -> Path:
    """Write all pairwise distances as CSV, with the names in the first row and column."""
    path = out / f"distances.{matrix.kind}.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"{matrix.kind} ({matrix.unit})", *names])
        for name, row in zip(names, matrix.values, strict=True):
            writer.writerow([name, *("" if x is None else repr(float(x)) for x in row)])
    return path


def _drawn(
    one: Comparison, kind: str, names: tuple[str, str], things: tuple[Any, ...], question: Question
) -> Figure | None:
    words: dict[str, Any] = {
        "names": names,
        "title": f"W{question.p:g} = {number(one.distance)} {one.unit}",
    }
    a, b = one.first, one.second
    if kind == "histogram" and question.mass in ("normalise", "equal"):
        levels = [side.points[:, 0] for side in (a, b)]
        return histogram_flow(levels[0], a.weights, levels[1], b.weights, unit=a.unit, **words)
    if one.transport is None:
        return None
    words["notes"] = [". ".join(note[:1].upper() + note[1:] for note in one.notes) + "."]
    if kind == "mass" and a.grid is not None and b.grid is not None:
        return place_flow(
            things[0],
            things[1],
            one.transport.plan,
            a.grid,
            second_grid=b.grid,
            frame=_frame(a),
            second_frame=_frame(b),
            unit=a.unit,
            **words,
        )
    if kind in ("signature", "signature-position"):
        weights = [side.weights for side in (a, b)]
        if question.mass == "normalise":  # as the plan is
            weights = [mass / mass.sum() for mass in weights]
        return colour_flow(
            a.points,
            weights[0],
            b.points,
            weights[1],
            one.transport.plan,
            pictures=(things[0], things[1]),
            most=40 if kind == "signature" else _MOST_AT_PLACES,
            **words,
        )
    return None


def _frame(side: Distribution) -> tuple[float, float]:
    """Height and width of the grid: the first and last centre lie half a cell from its ends."""
    height, width = (side.points[0] + side.points[-1]).tolist()
    return height, width


def _part(thing: Any, part: str) -> Any:
    """The map whose positive values are what was compared."""
    if isinstance(thing, Image) or part != "negative":
        return thing
    assert isinstance(thing, Heatmap)
    return thing.with_(values=-thing.values)


def _made(
    one: Comparison, kind: str, names: tuple[str, str], question: Question, part: str
) -> Provenance:
    parameters = {"on": kind, **question.terms(), **question.parameters(kind)}
    return Provenance(
        "wasserstein",
        parameters | ({"part": part} if part else {}),
        image=" and ".join(names),
        seed=question.seed,
        version=__version__,
        info={"distance": one.distance, "unit": one.unit},
        notes=one.notes,
    )


def _slug(words: str) -> str:
    return re.sub(r"[^\w.]+", "-", words).strip("-.")[:60] or "picture"
