"""What `heatlens search` prints: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from heatlens.provenance import plain
from heatlens.render.typography import number
from heatlens.search.sheet import Answer, facts, ranks

if TYPE_CHECKING:
    from heatlens.cli.searching import Wanted

__all__ = ["K", "tell"]

K = 10
"""Neighbours, where nobody says how many."""


def tell(
    console: Console,
    answer: Answer,
    wanted: Wanted,
    notes: Sequence[str],
    files: Sequence[Path],
    *,
    as_json: bool,
) -> None:
    """The hits with rank and distance, and whether they are proved to be the nearest."""
    told = ranks([hit.distance for hit in answer.hits])
    if as_json:
        _print_json(answer, wanted, told, notes, files)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("distance", justify="right", no_wrap=True)
    table.add_column("picture", overflow="fold")
    for rank, hit in zip(told, answer.hits, strict=True):
        where = hit.path or hit.id
        name = escape(where if where.endswith(hit.name) else f"{hit.name} ({where})")
        table.add_row(
            rank.ljust(3) if "=" in "".join(told) else rank, number(hit.distance, 4), name
        )
    if answer.hits:
        console.print(table, highlight=False)
        console.print()
    for sentence in facts(answer):
        console.print(escape(sentence), highlight=False, soft_wrap=True)
    for note in notes:
        console.print(escape(note), style="dim", highlight=False, soft_wrap=True)
    for file in files:
        console.print(f"-> {escape(str(file))}", highlight=False, soft_wrap=True)


def _print_json(
    answer: Answer,
    wanted: Wanted,
    told: Sequence[str],
    notes: Sequence[str],
    files: Sequence[Path],
) -> None:
    hits = [
        {
            "rank": int(rank.rstrip("=")),
            "id": hit.id,
            "name": hit.name,
            "path": hit.path,
            "distance": plain(hit.distance),
        }
        for rank, hit in zip(told, answer.hits, strict=True)
    ]
    found = {
        "query": wanted.source,
        "index": wanted.index,
        "images": answer.images,
        "on": answer.kind,
        "parameters": plain(dict(answer.parameters)),
        "unit": answer.unit,
        "k": None if wanted.radius is not None else wanted.k or K,
        "radius": plain(wanted.radius),
        "where": wanted.where,
        "hits": hits,
        "certified": answer.certified,
        "tied": answer.tied,
        "recall": plain(answer.recall),
        "bounds": answer.bounds,
        "solves": answer.solves,
        "seconds": answer.seconds,
        "notes": list(notes),
        "files": [str(file) for file in files],
    }
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
