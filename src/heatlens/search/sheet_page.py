"""The result sheet as one HTML file that needs nothing else: no script, nothing to be fetched."""

from __future__ import annotations

import io
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from heatlens.errors import HeatlensError
from heatlens.render.files import encode
from heatlens.render.html import Section, page
from heatlens.render.typography import text
from heatlens.search.sheet import TILES, Answer, Shown, distance_of, facts, pixels, ranks
from heatlens.search.sheet_flow import flow

__all__ = ["FLOWS", "result_page", "save_result_page"]

FLOWS = 20
"""Hits whose flow is drawn; those beyond stand in the list and among the thumbnails."""

Progress = Callable[[int, int], object]

_SIDE = 160
_DPI = 130


def result_page(answer: Answer, *, flows: int = FLOWS, progress: Progress | None = None) -> str:
    """The page as text: all thumbnails, then what moves from the query to each hit.

    Args:
        answer: what was found.
        flows: hits whose flow is drawn.
        progress: called with the number of flows drawn and of all.

    Example:
        >>> there = Shown("a.jpg", np.ones(1), np.zeros((1, 3)))
        >>> made = result_page(Answer(there, [there], "signature", "CIELAB units", 1, True))
        >>> "<h2>1: a.jpg</h2>" in made, "<script" in made
        (True, False)
    """
    told = ranks([hit.distance for hit in answer.hits])
    first = answer.hits[:flows]
    sections = [_top(answer, told)]
    for k, (rank, hit) in enumerate(zip(told, first, strict=False), 1):
        sections.append(_moves(answer, rank, hit))
        if progress is not None:
            progress(k, len(first))
    if len(answer.hits) > len(first):
        rest = zip(told[flows:], answer.hits[flows:], strict=True)
        lines = {
            f"{rank}: {text(hit.name)}{' ' * k}": distance_of(answer, hit)  # names may repeat
            for k, (rank, hit) in enumerate(rest)
        }
        sections.append(Section("further hits", table=lines))
    name = f" in {answer.index}" if answer.index else ""
    return page(f"Nearest to {answer.query.name}{name}", sections, dpi=_DPI)


def save_result_page(
    answer: Answer,
    path: str | PathLike[str],
    *,
    flows: int = FLOWS,
    progress: Progress | None = None,
) -> Path:
    """Write `result_page` to a file and return its path."""
    target = Path(path)
    target.write_text(result_page(answer, flows=flows, progress=progress), encoding="utf-8")
    return target


def _top(answer: Answer, told: list[str]) -> Section:
    pictures = [_tile("query: {name}", answer.query)]
    for rank, hit in zip(told, answer.hits[:TILES], strict=False):
        pictures.append(_tile(f"{rank}: {distance_of(answer, hit)}, {{name}}", hit))
    given = {name: value for name, value in answer.parameters.items() if value is not None}
    table = {"kind": answer.kind, "distance in": answer.unit, **given}
    words = [" ".join(facts(answer))]
    if len(answer.hits) > TILES:
        words.append(f"The first {TILES} of {len(answer.hits):,} hits are shown; all are listed.")
    return Section("query and hits", words, pictures, table, tiles=True)


def _moves(answer: Answer, rank: str, hit: Shown) -> Section:
    words = [f"{distance_of(answer, hit)} from the query.", *([hit.path] if hit.path else [])]
    heading = f"{rank}: {hit.name}"
    try:
        figure = flow(answer, hit)
    except HeatlensError as error:  # the number stands without its picture
        return Section(heading, [*words, f"What moves is not drawn: {error}"])
    if figure is None:
        same = hit.distance == 0
        words.append("The signatures are equal: nothing moves." if same else "")
        return Section(heading, [word for word in words if word])
    return Section(heading, words, [("", _small(encode(figure, "png", dpi=_DPI)))])


def _tile(caption: str, shown: Shown) -> tuple[str, bytes]:
    """Caption and thumbnail."""
    there = pixels(shown)
    if there is None:
        caption += " (no thumbnail)"
        there = np.full((96, 128, 3), 150, np.uint8)
    picture = Pillow.fromarray(there)
    picture.thumbnail((_SIDE, _SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return caption.replace("{name}", shown.name), buffer.getvalue()


def _small(png: bytes) -> bytes:
    """The same picture in 256 colours: a third of the bytes."""
    buffer = io.BytesIO()
    with Pillow.open(io.BytesIO(png)) as opened:
        few = opened.convert("RGB").quantize(256, dither=Pillow.Dither.NONE)
    few.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
