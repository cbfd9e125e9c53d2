"""What `heatlens inspect` says to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

__all__ = ["print_photo", "print_top", "print_tree"]


def print_tree(console: Console, layers: Sequence[Mapping[str, Any]]) -> None:
    """The layers, those inside of others further in."""
    names = [f"{'  ' * line['name'].count('.')}{line['name']}" for line in layers]
    room = max((len(name) for name in names), default=0)
    for name, line in zip(names, layers, strict=True):
        said = escape(line.get("words", ""))
        console.print(
            f"{escape(name.ljust(room))}  [dim]{said}[/dim]", highlight=False, soft_wrap=True
        )


def print_photo(console: Console, result: Mapping[str, Any]) -> None:
    """What a layer says about one photo."""
    grid = " x ".join(map(str, result["grid"]))
    cells = f" on {grid} cells" if grid else ""
    prefix = result["prefix_tokens"]
    more = f" and {prefix} prefix token{'s' if prefix > 1 else ''}" if prefix else ""
    console.print(
        f"[bold]{escape(result['source'])}[/bold]  {escape(result['layer'])}: "
        f"{result['channels']} channels{cells}{more}, "
        f"{result['minimum']:.3g} to {result['maximum']:.3g}",
        highlight=False,
        soft_wrap=True,
    )
    tops = ", ".join(f"{item['channel']} ({item['value']:.3g})" for item in result["top_channels"])
    _line(console, f"strongest channels by {result['ranked_by']}: {tops}")
    _line(console, _field(result["receptive_field"]))
    for note in result["notes"]:
        console.print(f"    {escape(note)}", style="dim", highlight=False, soft_wrap=True)
    for file in result["files"]:
        _line(console, f"  -> {file}")


def print_top(console: Console, top: Mapping[str, Any]) -> None:
    """The pictures that drive channels most."""
    console.print(
        f"[bold]{escape(top['folder'])}[/bold]  {top['seen']} pictures, by {top['ranked_by']}",
        highlight=False,
        soft_wrap=True,
    )
    for channel, pictures in top["channels"].items():
        first = ", ".join(
            f"{Path(item['picture']).name} ({item['value']:.3g})" for item in pictures[:4]
        )
        _line(console, f"channel {channel}: {first}{', ...' if len(pictures) > 4 else ''}")
    for file in top["files"]:
        _line(console, f"  -> {file}")


def _field(field: Mapping[str, Any]) -> str:
    if "box" not in field:
        return f"receptive field: {field['reason'] or 'none'}"
    said = []
    if field["extent"] is not None:
        rows, columns = field["extent"]
        if not field["exact"]:
            said.append(f"at most {rows} x {columns} pixels of the input by architecture")
        elif field["extent"] == field["input"]:
            said.append("the whole input by architecture")
        else:
            cut = ", cut at the border" if field["clipped"] else ""
            said.append(f"{rows} x {columns} pixels of the input by architecture{cut}")
    if field["effective_box"] is not None:
        top, left, bottom, right = field["effective_box"]
        said.append(f"95 % of the gradient in {bottom - top} x {right - left}")
    if field["reason"]:
        said.append(field["reason"])
    return f"receptive field of {field['unit']}: {'; '.join(said)}"


def _line(console: Console, text: str) -> None:
    console.print(f"  {escape(text)}", highlight=False, soft_wrap=True)
