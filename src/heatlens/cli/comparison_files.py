"""The files that `heatlens compare --out` writes: what moves, as pictures, and matrices as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatlens.cli.comparison import Matrix, Question, Source
from heatlens.cli.comparison_measure import Rule
from heatlens.distributions import Comparison, Distribution
from heatlens.errors import HeatlensError
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.files import read_provenance, save_figure
from heatlens.render.flow import colour_flow, histogram_flow, place_flow
from heatlens.render.flow_page import share_of
from heatlens.render.typography import number
from heatlens.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["stems", "write_flow", "write_matrix"]

_MOST_AT_PLACES = 20
"""Swatches of colours at places, whose ribbons cross more often."""


def write_flow(
    found: Comparison, how: Rule, sources: tuple[Source, Source], question: Question, out: Path
) -> list[Path]:
    """Draw what moves, one PNG for each part of a signed map.

    A file that is there already and shows something else is not overwritten: the new one has a
    number behind its name.

    Returns:
        The files; none for a kind whose points are neither places, colours nor grey levels, and
        none where nothing is carried.
    """
    names = sources[0].name, sources[1].name
    stem = "-".join(stems(names))
    written = []
    for part, one in (found.parts or {how.part or "": found}).items():
        figure = _drawn(one, found, how, part, sources, question)
        if figure is not None:
            made = _made(one, how, names, question, part)
            ending = f"-{part}" if found.parts else ""
            path = _free(out / f"{stem}.{how.kind}{ending}.png", partial(_shows, made=made))
            save_figure(figure, path, made)
            written.append(path)
    return written


def write_matrix(matrix: Matrix, names: Sequence[str], out: Path) -> Path:
    """Write all pairwise distances as CSV, with the names in the first row and column."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([f"{matrix.kind} ({matrix.unit})", *names])
    for name, row in zip(names, matrix.values, strict=True):
        writer.writerow([name, *("" if x is None else repr(float(x)) for x in row)])
    told = text.getvalue().encode()
    path = _free(out / f"distances.{matrix.kind}.csv", lambda file: file.read_bytes() == told)
    path.write_bytes(told)
    return path


def stems(names: tuple[str, str]) -> tuple[str, str]:
    """What files are called by, never twice the same.

    Example:
        >>> stems(("cat.png", "dog.png")), stems(("a/x.png", "b/x.png"))
        (('cat', 'dog'), ('a-x.png', 'b-x.png'))
    """
    first, second = (Path(name) for name in names)
    if _slug(first.stem) != _slug(second.stem):
        return _slug(first.stem), _slug(second.stem)
    for depth in range(1, max(len(first.parts), len(second.parts)) + 1):
        tails = [_slug("-".join(path.parts[-depth:])) for path in (first, second)]
        if tails[0] != tails[1]:
            return tails[0], tails[1]
    return _slug(first.stem), f"{_slug(second.stem)}-again"


def _free(path: Path, same: Callable[[Path], bool]) -> Path:
    """`path`, or with a number behind it if there is a file with another content."""
    free, count = path, 1
    while free.exists() and not same(free):
        count += 1
        free = path.with_name(f"{path.stem}-{count}{path.suffix}")
    return free


def _shows(path: Path, made: Provenance) -> bool:
    """Whether a picture that is there shows the same numbers of the same files."""
    try:
        there = read_provenance(path)
    except (HeatlensError, OSError):
        return False
    made = Provenance.from_json(made.to_json())
    return all(getattr(there, x) == getattr(made, x) for x in ("parameters", "image", "info"))


def _drawn(
    one: Comparison,
    found: Comparison,
    how: Rule,
    part: str,
    sources: tuple[Source, Source],
    question: Question,
) -> Figure | None:
    a, b = one.first, one.second
    names = (sources[0].name, sources[1].name)
    words: dict[str, Any] = {
        "names": names,
        "notes": _sentences((*how.notes, *one.notes), names),
    }
    if how.kind == "histogram" and question.mass in ("normalise", "equal"):
        levels = [side.points[:, 0] for side in (a, b)]
        words |= {"distance": one.distance, "p": question.p, "distance_unit": one.unit}
        return histogram_flow(levels[0], a.weights, levels[1], b.weights, unit=a.unit, **words)
    if one.transport is None or not one.transport.plan.sum() > 0:
        return None
    said = _distance(one, question)
    words["title"] = said
    things = [source.thing for source in sources]
    if how.kind == "mass" and a.grid is not None and b.grid is not None:
        if part:
            words |= _of_part(part, one, found, sources, said, question)
        left = question.mass in ("partial", "unbalanced")
        shown = [_part(thing, part) for thing in things]
        return place_flow(
            shown[0],
            shown[1],
            one.transport.plan,
            a.grid,
            second_grid=b.grid,
            frame=_frame(a),
            second_frame=_frame(b),
            unit=a.unit,
            totals=(a.total, b.total) if left else None,
            **words,
        )
    if how.kind in ("signature", "signature-position"):
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
            most=40 if how.kind == "signature" else _MOST_AT_PLACES,
            **words,
        )
    return None


def _distance(one: Comparison, question: Question) -> str:
    return f"W{question.p:g} = {number(one.distance)} {one.unit}"


def _sentences(notes: Sequence[str], names: Sequence[str]) -> list[str]:
    told = (  # a file's name stays as it is
        note if note.startswith(tuple(names)) else note[:1].upper() + note[1:] for note in notes
    )
    return [". ".join(told) + "."] if notes else []


def _of_part(
    part: str,
    one: Comparison,
    found: Comparison,
    sources: tuple[Source, Source],
    said: str,
    question: Question,
) -> dict[str, Any]:
    """Title and names that say which evidence is shown, and how much of all it is."""
    which = "evidence for" if part == "positive" else "evidence against"
    words: dict[str, Any] = {
        "title": f"{which}: {said}",
        "names": tuple(
            s.name if isinstance(s.thing, Image) else f"{s.name}, {which}" for s in sources
        ),
    }
    if found.parts:
        shares = [
            getattr(one, side).total / sum(getattr(x, side).total for x in found.parts.values())
            for side in ("first", "second")
        ]
        words["subtitle"] = (
            f"{share_of(shares[0])} and {share_of(shares[1])} of the maps' evidence; for and "
            f"against together {_distance(found, question)}"
        )
    return words


def _frame(side: Distribution) -> tuple[float, float]:
    """Height and width of the grid: the first and last centre lie half a cell from its ends."""
    height, width = (side.points[0] + side.points[-1]).tolist()
    return height, width


def _part(thing: Image | Heatmap, part: str) -> Image | Heatmap:
    """The map whose positive values are what was compared."""
    if isinstance(thing, Image) or part != "negative":
        return thing
    return thing.with_(values=-thing.values)


def _made(
    one: Comparison, how: Rule, names: tuple[str, str], question: Question, part: str
) -> Provenance:
    parameters = {"on": how.kind, **question.terms(), **how.parameters}
    return Provenance(
        "wasserstein",
        parameters | ({"part": part} if part else {}),
        image=" and ".join(names),
        seed=question.seed or 0,
        version=__version__,
        info={"distance": one.distance, "unit": one.unit},
        notes=(*how.notes, *one.notes),
    )


def _slug(words: str) -> str:
    return re.sub(r"[^\w.]+", "-", words).strip("-.")[:60] or "picture"
