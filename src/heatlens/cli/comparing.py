"""The work of `heatlens compare`: open, measure, and leave the telling to `compared`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from heatlens.cli import compared
from heatlens.cli.comparison import USUAL, Found, Question, Source
from heatlens.cli.comparison_files import write_flow
from heatlens.cli.comparison_matrix import matrices
from heatlens.cli.comparison_measure import measured, rule
from heatlens.cli.comparison_words import carries, in_options, meaning
from heatlens.cli.exits import Exit, report
from heatlens.cli.folders import check_folder
from heatlens.cli.sources import pictures
from heatlens.distributions import distances
from heatlens.distributions.measure import MEASURES
from heatlens.distributions.pictures import holds_a_heatmap
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image

__all__ = ["run"]


def run(typed: Sequence[str], question: Question, out: Path | None, *, as_json: bool) -> Exit:
    """Compare the files that were typed, and print it.

    Returns:
        `DONE`; `SOME_FAILED` where a file or a distance that was asked for by name failed.

    Raises:
        HeatlensError: what cannot be compared at all.
    """
    question.check()
    sources, failed = _opened(typed)
    maps = sum(isinstance(source.thing, Heatmap) for source in sources)
    usual = USUAL if len(sources) == 2 else ("mass" if maps else "signature",)
    kinds = question.kinds or usual
    question.check_used(kinds, maps, len(sources) - maps)
    if out is not None:
        check_folder(out)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    reasons: list[tuple[str, str]] = []
    with console.status("comparing"):
        if len(sources) == 2:
            rows = [_carried(sources[0], sources[1], kind, question, out) for kind in kinds]
            rows += _pixel_by_pixel(sources[0], sources[1])
            nothing = all(row.value is None for row in rows)
            reasons = [
                (row.name, row.reason)
                for row in rows
                if row.reason and (nothing or row.name in question.kinds)
            ]
        else:
            found, reasons = matrices(sources, kinds, question, out)
    told = [*failed, *reasons]
    if len(sources) == 2:
        compared.tell_pair(console, sources, rows, question, told, as_json=as_json)
    else:
        compared.tell_matrices(console, sources, found, question, told, as_json=as_json)
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
    return Heatmap.load(file) if holds_a_heatmap(file) else read_image(file)


def _carried(a: Source, b: Source, kind: str, question: Question, out: Path | None) -> Found:
    said = meaning(kind, question)
    try:
        how = rule((a, b), kind, question)
        found = measured(a, b, how, question)
    except HeatlensError as error:
        return Found(kind, None, meaning=said, reason=in_options(str(error)))
    row = Found(kind, found.distance, found.unit, said, how.notes + found.notes)
    if out is None:
        return row
    try:
        files = write_flow(found, how, (a, b), question, out)
    except HeatlensError as error:  # the number stands without its picture
        return dataclasses.replace(row, notes=(*row.notes, f"not drawn: {error}"))
    row.files.extend(files)
    if not files and carries(found):
        return dataclasses.replace(row, notes=(*row.notes, "what moves cannot be drawn"))
    return row


def _pixel_by_pixel(a: Source, b: Source) -> list[Found]:
    """The usual measures, each by itself: where one is not possible the others still are."""
    rows = []
    for name in _in_order(MEASURES):
        try:
            [one] = distances(a.thing, b.thing, [name])
        except HeatlensError as error:
            why = in_options(str(error))
            rows.append(Found(name, None, meaning=MEASURES[name].meaning, reason=why))
        else:
            rows.append(Found(name, one.value, one.unit, one.meaning, one.notes))
    return rows


def _in_order(names: Any) -> list[str]:
    first = ("euclidean", "cosine", "kl", "js", "chi-square", "ssim")
    return [*(n for n in first if n in names), *(n for n in names if n not in first)]
