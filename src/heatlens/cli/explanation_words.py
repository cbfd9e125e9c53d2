"""What `heatlens explain` says about a map, to a person and to a machine."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from rich.console import Console

from heatlens.attribution.explained_film import ExplainedFilm
from heatlens.attribution.first_checks import in_words
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.sound import Sound

__all__ = ["described", "described_film", "extent", "print_result"]


def described(heat: Heatmap, index: int | None, files: list[str]) -> dict[str, Any]:
    """A map as JSON: provenance, where it is hottest, its files."""
    spots = [] if heat.empty or heat.axes != "YX" else heat.hotspots()[:5]
    return {
        **json.loads(heat.provenance.to_json()),
        "target_index": index,
        "axes": heat.axes,
        "coordinates": {axis: list(places) for axis, places in heat.coordinates.items()},
        "peak": list(heat.peak),
        "minimum": float(heat.values.min()),
        "maximum": float(heat.values.max()),
        "empty": heat.empty,
        "hotspots": [
            {"box": list(spot.box), "peak": list(spot.peak), "share": float(spot.share)}
            for spot in spots
        ],
        "files": files,
    }


def described_film(film: ExplainedFilm) -> dict[str, Any]:
    """A film as JSON: how its maps were made, and its file."""
    return {
        **json.loads(film.provenance.to_json()),
        "axes": "TYX",
        "frames": film.frames,
        "maximum": film.top,
        "empty": film.top <= 0,
        "notes": list(film.notes),
        "files": [film.path],
    }


def print_result(console: Console, result: Mapping[str, Any], told: Collection[str] = ()) -> None:
    """One input's result on the console; notes that were `told` before are not told again."""
    from rich.markup import escape

    best = " · ".join(
        f"{escape(item['label'])} {item['probability']:.1%}" for item in result["predictions"][:3]
    )
    console.print(f"[bold]{escape(result['source'])}[/bold]  {best}", highlight=False)
    for heat in result["heatmaps"]:
        where = "no evidence" if heat["empty"] else _where(heat)
        console.print(
            f"  {heat['method']} for {escape(heat['target'])} (score {heat['score']:.3g}): {where}",
            highlight=False,
        )
        notes = [note for note in heat["notes"] if note not in told]
        for sentence in (*in_words(heat["trust"]), *notes):
            console.print(f"    {escape(sentence)}", style="dim", highlight=False, soft_wrap=True)
        for file in heat["files"]:
            console.print(f"    -> {escape(file)}", highlight=False, soft_wrap=True)
    if result["comparison"]:
        console.print(f"  -> {escape(result['comparison'])}", highlight=False, soft_wrap=True)


def _where(heat: Mapping[str, Any]) -> str:
    if "frames" in heat:
        return f"{heat['frames']} frames, last colour at {heat['maximum']:.3g}"
    return f"hottest at {_place(heat)}"


def _place(heat: Mapping[str, Any]) -> str:
    """Where a map is hottest, in the words of its axes."""
    names = {"Y": "row", "X": "column", "Z": "slice", "T": "time", "F": "frequency", "L": "word"}
    units = {"T": "s", "Z": "mm", "F": "Hz", "Y": "", "X": ""}
    parts = []
    for axis, place in zip(heat["axes"], heat["peak"], strict=True):
        along = heat["coordinates"].get(axis)
        if along is None:
            parts.append(f"{names[axis]} {place}")
        elif axis == "L":
            parts.append(f"word {along[place]!r}")
        else:
            parts.append(f"{along[place]:.4g} {units[axis]}")
    return ", ".join(parts)


def extent(given: Image | Sound) -> list[float]:
    """Height and width of a picture, seconds of a sound."""
    return [given.seconds] if isinstance(given, Sound) else list(given.size)
