"""What `heatlens compare` prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from heatlens.cli.comparison import Found, Matrix, Question, Source
from heatlens.distributions.constructor import KINDS
from heatlens.image import Image
from heatlens.provenance import plain

__all__ = ["tell_matrices", "tell_pair"]

Failures = Sequence[tuple[str, str]]


def tell_pair(
    console: Console,
    sources: Sequence[Source],
    rows: Sequence[Found],
    question: Question,
    failed: Failures,
    *,
    as_json: bool,
) -> None:
    """All distances of two sources."""
    if as_json:
        _print_json(sources, question, failed, distances=[_row(row) for row in rows])
        return
    first, second = (f"[bold]{escape(s.name)}[/bold] ({_described(s)})" for s in sources)
    console.print(f"{first} and {second}\n", highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, shape in (
        ("distance", {"no_wrap": True}),
        ("value", {"no_wrap": True, "justify": "right"}),
        ("unit", {"max_width": 14}),
        ("what it says", {}),
    ):
        table.add_column(heading, **shape)
    for row in rows:
        if row.value is not None:
            table.add_row(_called(row.name, question), f"{row.value:.4g}", row.unit, row.meaning)
    if table.row_count:
        console.print(table, highlight=False)
    missing = [row for row in rows if row.value is None]
    if missing:
        above = "\n" if table.row_count else ""
        console.print(f"{above}not possible here:", highlight=False)
    for reason in dict.fromkeys(row.reason for row in missing):
        names = ", ".join(_called(r.name, question) for r in missing if r.reason == reason)
        console.print(f"  {names}: {escape(reason)}", highlight=False, soft_wrap=True)
    notes = dict.fromkeys(note for row in rows for note in row.notes)
    if notes:
        console.print()
    for note in notes:
        names = ", ".join(row.name for row in rows if note in row.notes)
        console.print(f"{names}: {escape(note)}", style="dim", highlight=False, soft_wrap=True)
    for file in (file for row in rows for file in row.files):
        console.print(f"-> {escape(str(file))}", highlight=False, soft_wrap=True)


def tell_matrices(
    console: Console,
    sources: Sequence[Source],
    matrices: Sequence[Matrix],
    question: Question,
    failed: Failures,
    *,
    as_json: bool,
) -> None:
    """The distances between all pairs of several sources."""
    if as_json:
        told = [
            {
                "on": one.kind,
                "unit": one.unit,
                "values": plain(one.values),
                "notes": list(one.notes),
                "files": [str(file) for file in one.files],
            }
            for one in matrices
        ]
        _print_json(sources, question, failed, matrices=told)
        return
    for number, source in enumerate(sources, 1):
        console.print(
            f"{number:>3}  {escape(source.name)} ({_described(source)})",
            highlight=False,
            soft_wrap=True,
        )
    for one in matrices:
        title = f"\n[bold]{_called(one.kind, question)}[/bold] in {escape(one.unit)}"
        console.print(title, highlight=False, soft_wrap=True)
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("", justify="right", no_wrap=True)
        for number in range(1, len(sources) + 1):
            table.add_column(str(number), justify="right", no_wrap=True)
        for number, row in enumerate(one.values, 1):
            table.add_row(str(number), *("-" if x is None else f"{x:.4g}" for x in row))
        console.print(table, highlight=False)
        for note in one.notes:
            console.print(escape(note), style="dim", highlight=False, soft_wrap=True)
        for file in one.files:
            console.print(f"-> {escape(str(file))}", highlight=False, soft_wrap=True)


def _called(name: str, question: Question) -> str:
    return f"W{question.p:g} on {name}" if name in KINDS else name


def _described(source: Source) -> str:
    height, width = source.thing.size
    if not isinstance(source.thing, Image):
        made = source.thing.provenance
        target = f" for {made.target}" if made.target else ""
        return escape(f"heatmap, {made.method}{target}, {height} x {width}")
    return f"{'colour' if source.thing.channels >= 3 else 'grey'}, {height} x {width}"


def _print_json(
    sources: Sequence[Source], question: Question, failed: Failures, **found: Any
) -> None:
    told = {
        "sources": [
            {
                "path": str(source.path),
                "kind": "picture" if isinstance(source.thing, Image) else "heatmap",
                "size": list(source.thing.size),
            }
            for source in sources
        ],
        "p": question.p,
        "mass": question.mass,
        **found,
        "errors": [{"source": source, "error": reason} for source, reason in failed],
    }
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False))


def _row(row: Found) -> dict[str, Any]:
    return {
        "name": f"wasserstein:{row.name}" if row.name in KINDS else row.name,
        "value": plain(row.value),
        "unit": row.unit,
        "meaning": row.meaning,
        "notes": list(row.notes),
        "error": row.reason,
        "files": [str(file) for file in row.files],
    }
