"""The work of `heatlens compare`: open, measure, and leave the telling to `compared`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from heatlens.cli import compared
from heatlens.cli.comparison import USUAL, Found, Matrix, Question, Source
from heatlens.cli.comparison_files import write_flow, write_matrix
from heatlens.cli.exits import Exit, report
from heatlens.cli.job import check_folder
from heatlens.cli.sources import pictures
from heatlens.distributions import (
    Comparison,
    Distribution,
    as_distribution,
    distances,
    wasserstein,
)
from heatlens.distributions.constructor import KINDS
from heatlens.distributions.measure import MEASURES
from heatlens.distributions.parts import has_negative
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image

__all__ = ["run"]

_MEANINGS = {
    "mass": "How far light or evidence has to be carried on average.",
    "signature": "How much the colours change on average, wherever they are.",
    "signature-position": "The same for colours at places: how they change and how far they move.",
    "histogram": "How much the grey levels change on average, wherever they are.",
    "colour-histogram": "How much the colours change, counted in boxes.",
    "orientation": "How far the directions of the edges turn on average.",
    "patches": "How much the small patterns change, wherever they are.",
}


def run(typed: Sequence[str], question: Question, out: Path | None, *, as_json: bool) -> Exit:
    """Compare the files that were typed, and print it.

    Returns:
        `DONE`; `SOME_FAILED` where a file or a distance that was asked for by name failed.

    Raises:
        HeatlensError: what cannot be compared at all.
    """
    question.check()
    sources, failed = _opened(typed)
    if out is not None:
        check_folder(out)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    reasons: list[tuple[str, str]] = []
    with console.status("comparing"):
        if len(sources) == 2:
            rows = _pair(sources[0], sources[1], question, out)
            nothing = all(row.value is None for row in rows)
            reasons = [
                (row.name, row.reason)
                for row in rows
                if row.reason and (nothing or row.name in question.kinds)
            ]
        else:
            matrices, reasons = _matrices(sources, question, out)
    told = [*failed, *reasons]
    if len(sources) == 2:
        compared.tell_pair(console, sources, rows, question, told, as_json=as_json)
    else:
        compared.tell_matrices(console, sources, matrices, question, told, as_json=as_json)
    for source, reason in told:
        report(reason if source in reason else f"{source}: {reason}")
    return Exit.SOME_FAILED if told else Exit.DONE


def _opened(typed: Sequence[str]) -> tuple[list[Source], list[tuple[str, str]]]:
    """The sources, and of more than two those that could not be read, with the reason."""
    files, failed = pictures(typed)
    if len(files) == 1 and len(typed) == 2 and not failed:
        files *= 2  # twice the same file: every distance is 0
    sources: list[Source] = []
    for file, name in zip(files, _names(files), strict=True):
        try:
            sources.append(Source(file, name, _open(file)))
        except (HeatlensError, OSError) as error:
            if len(files) <= 2:
                raise
            failed.append((str(file), str(error)))
    if len(sources) < 2:
        told = "; ".join(f"{source}: {reason}" for source, reason in failed)
        raise InvalidArgument(
            f"two pictures or heatmaps are compared, and there is {len(sources) or 'none'}"
            + (f" ({told})" if told else "")
        )
    return sources, failed


def _names(files: Sequence[Path]) -> list[str]:
    """The files' names; their paths where two names are the same."""
    names = [file.name for file in files]
    found = [str(f) if names.count(f.name) > 1 else f.name for f in files]
    if len(found) == 2 and found[0] == found[1]:
        return [found[0], f"{found[1]} (again)"]
    return found


def _open(file: Path) -> Image | Heatmap:
    suffix = file.suffix.lower()
    if suffix == ".npz" or (suffix in (".tif", ".tiff") and _holds_a_heatmap(file)):
        return Heatmap.load(file)
    return read_image(file)


def _holds_a_heatmap(file: Path) -> bool:
    """Whether a TIFF has the header of a heatmap; one that cannot be read is left to the reader."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(file, formats=["TIFF"]) as picture:
            tags: Any = getattr(picture, "tag_v2", {})
            return str(tags.get(270, "")).startswith('{"heatlens"')
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return False


def _pair(a: Source, b: Source, question: Question, out: Path | None) -> list[Found]:
    """All distances of two."""
    rows = [_carried(a, b, kind, question, out) for kind in question.kinds or USUAL]
    return rows + _pixel_by_pixel(a, b)


def _carried(a: Source, b: Source, kind: str, question: Question, out: Path | None) -> Found:
    meaning = _MEANINGS.get(kind) or KINDS[kind].summary
    try:
        found, first, second = _measured(a.thing, b.thing, kind, question)
    except InvalidArgument as error:
        return Found(kind, None, meaning=meaning, reason=str(error))
    row = Found(kind, found.distance, found.unit, meaning, found.notes)
    if out is not None:
        names = a.name, b.name
        row.files.extend(write_flow(found, kind, names, (first, second), question, out))
        if not row.files:
            return dataclasses.replace(row, notes=(*row.notes, "what moves cannot be drawn"))
    return row


def _measured(a: Any, b: Any, kind: str, question: Question) -> tuple[Comparison, Any, Any]:
    """The comparison, and both things as they were compared."""
    given = {} if isinstance(a, Distribution) else question.parameters(kind)
    notes: tuple[str, ...] = ()
    if kind == "mass" and isinstance(a, Image) != isinstance(b, Image):
        part = given.pop("part", "positive")
        a, b = (x if isinstance(x, Image) else _one_sign(x, part) for x in (a, b))
        notes = (f"the picture's light is compared with the map's {part} evidence",)
    elif kind == "mass" and "part" not in given and has_negative(a) != has_negative(b):
        given["part"] = "positive"
        notes = ("only the evidence for is compared: one of the maps has none against",)
    found: Comparison = wasserstein(a, b, kind, plan=True, **question.terms(), **given)
    return dataclasses.replace(found, notes=notes + found.notes), a, b


def _one_sign(heat: Heatmap, part: str) -> Heatmap:
    if part == "positive":
        return heat.positive()
    return heat.with_(values=-heat.values, error=None).positive()


def _pixel_by_pixel(a: Source, b: Source) -> list[Found]:
    """The usual measures, each by itself: where one is not possible the others still are."""
    rows = []
    for name in _in_order(MEASURES):
        try:
            [one] = distances(a.thing, b.thing, [name])
        except InvalidArgument as error:
            rows.append(Found(name, None, meaning=MEASURES[name].meaning, reason=str(error)))
        else:
            rows.append(Found(name, one.value, one.unit, one.meaning, one.notes))
    return rows


def _in_order(names: Any) -> list[str]:
    first = ("euclidean", "cosine", "kl", "js", "chi-square", "ssim")
    return [*(n for n in first if n in names), *(n for n in names if n not in first)]


def _matrices(
    sources: Sequence[Source], question: Question, out: Path | None
) -> tuple[list[Matrix], list[tuple[str, str]]]:
    """One matrix per kind; by default the one that all of them have."""
    maps = any(isinstance(source.thing, Heatmap) for source in sources)
    found, reasons = [], []
    for kind in question.kinds or ("mass" if maps else "signature",):
        matrix, why = _matrix(sources, kind, question)
        reasons += why
        if any(x is not None for i, row in enumerate(matrix.values) for x in row[:i]):
            if out is not None:
                matrix.files.append(write_matrix(matrix, [s.name for s in sources], out))
            found.append(matrix)
    return found, reasons


def _matrix(
    sources: Sequence[Source], kind: str, question: Question
) -> tuple[Matrix, list[tuple[str, str]]]:
    things: list[Any] = [source.thing for source in sources]
    given = question.parameters(kind)
    reasons: list[tuple[str, str]] = []
    if kind != "mass":  # made once for all pairs; masses depend on the frame that two share
        for i, source in enumerate(sources):
            try:
                things[i] = as_distribution(source.thing, kind, **given)
            except InvalidArgument as error:
                things[i] = None
                reasons.append((source.name, f"{kind}: {error}"))
    count = len(sources)
    values: list[list[float | None]] = [
        [0.0 if i == j else None for j in range(count)] for i in range(count)
    ]
    unit, notes = "", {}
    for i in range(count):
        for j in range(i):
            if things[i] is None or things[j] is None:
                continue
            try:
                one, _, _ = _measured(things[j], things[i], kind, question)
            except InvalidArgument as error:
                reasons.append((f"{sources[j].name} and {sources[i].name}", f"{kind}: {error}"))
                continue
            values[i][j] = values[j][i] = one.distance
            unit = one.unit
            own = (*one.first.notes, *one.second.notes)  # of one source, not of the pair
            notes.update(dict.fromkeys(note for note in one.notes if note not in own))
    return Matrix(kind, unit, values, tuple(notes)), reasons
