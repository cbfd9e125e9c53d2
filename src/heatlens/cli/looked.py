"""What `heatlens saliency` says about a map, to a person and to a machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from heatlens.heatmap import Heatmap

__all__ = ["described", "print_film", "print_picture"]


def described(heat: Heatmap, files: Sequence[str]) -> dict[str, Any]:
    """A map as JSON: provenance, where it is hottest, its files."""
    spots = [] if heat.empty else heat.hotspots()[:5]
    return {
        **json.loads(heat.provenance.to_json()),
        "peak": list(heat.peak),
        "maximum": float(heat.values.max()),
        "empty": heat.empty,
        "hotspots": [
            {"box": list(spot.box), "peak": list(spot.peak), "share": float(spot.share)}
            for spot in spots
        ],
        "files": list(files),
    }


def print_picture(console: Console, result: Mapping[str, Any]) -> None:
    """One picture's maps on the console."""
    console.print(f"[bold]{escape(result['source'])}[/bold]", highlight=False)
    for heat in result["heatmaps"]:
        row, column = heat["peak"]
        where = (
            "nothing stands out" if heat["empty"] else f"first look at row {row}, column {column}"
        )
        console.print(f"  {heat['method']}: {where}", highlight=False)
        for file in heat["files"]:
            console.print(f"    -> {escape(file)}", highlight=False, soft_wrap=True)
    if result["comparison"]:
        console.print(f"  -> {escape(result['comparison'])}", highlight=False, soft_wrap=True)


def print_film(console: Console, result: Mapping[str, Any]) -> None:
    """One film on the console."""
    console.print(f"[bold]{escape(result['source'])}[/bold]", highlight=False)
    console.print(
        f"  {result['method']}: {result['frames']} frames, last colour at {result['top']:.3g}",
        highlight=False,
    )
    for note in result["notes"]:
        console.print(f"    {escape(note)}", style="dim", highlight=False, soft_wrap=True)
    console.print(f"    -> {escape(result['file'])}", highlight=False, soft_wrap=True)
