"""The work of `heatlens visualize`: one ascent, its pictures, a sheet of them, its film."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from rich.console import Console

from heatlens.cli.exits import Exit, report
from heatlens.cli.file_names import free, slug
from heatlens.cli.folders import check_folder
from heatlens.cli.progress import bar
from heatlens.features.visualisation.result import Visualisation
from heatlens.features.visualisation.visualize import visualize
from heatlens.image import Image
from heatlens.models.protocol import Model
from heatlens.provenance import plain
from heatlens.render.sheet import sheet
from heatlens.transfer.film_files import save_film

__all__ = ["Climb", "run"]


@dataclass(frozen=True)
class Climb:
    """What is to be made; see the options of `heatlens visualize`."""

    model: Model
    units: tuple[str, ...]
    out: Path
    film: int
    settings: Mapping[str, Any]


def run(job: Climb, *, as_json: bool) -> Exit:
    """Make the pictures; stopped by Ctrl-C, what was reached is written.

    Raises:
        HeatlensError: a name or value that cannot be used.
    """
    check_folder(job.out)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    with bar(console, shown=console.is_terminal) as progress:
        task = progress.add_task("climbing", total=None)

        def heard(step: int, steps: int, value: float) -> None:
            words = f"climbing, mean value {value:.4g}"
            progress.update(task, completed=step, total=steps, description=words)

        found = visualize(
            job.model,
            list(job.units),
            frames=max(2, job.film) if job.film else 0,
            progress=heard,
            full=True,
            **job.settings,
        )
    results, files = _written(job, found)
    if as_json:
        answer = {"model": job.model.name, "results": results, "sheet": files}
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        for result in results:
            _tell(console, result)
        if files is not None:
            console.print(f"side by side: {files}", soft_wrap=True, highlight=False)
    return _end(found, len(job.units) * int(job.settings["count"]))


def _end(found: Visualisation, wanted: int) -> Exit:
    stopped = {image.metadata["visualisation"]["stopped"] for image in found.images}
    if "interrupted" in stopped:
        report(f"stopped; {len(found.images)} of {wanted} pictures are written as far as they got")
        return Exit.INTERRUPTED
    if "not finite" in stopped:
        report("a value was not finite any more: the last good pictures are written")
        return Exit.SOME_FAILED
    return Exit.DONE


def _written(job: Climb, found: Visualisation) -> tuple[list[dict[str, Any]], str | None]:
    taken: set[str] = set()
    results = []
    for index, image in enumerate(found.images):
        about = image.metadata["visualisation"]
        stem = free(slug(about["objective"]), taken)
        path = job.out / f"{stem}.png"
        _save(image, path)
        result = {"file": str(path), **plain(about)}
        if job.film:
            film = job.out / f"{stem}.webp"
            save_film(found.film(index), film)
            result["film"] = str(film)
        results.append(result)
    if len(found.images) < 2:
        return results, None
    path = job.out / f"{free('sheet', taken)}.png"
    count = int(job.settings["count"])
    rows: list[tuple[str, list[Any]]] = [
        ("" if count == 1 else images[0].name, [(_caption(image), image) for image in images])
        for images in _rows(found.images, count)
    ]
    sheet(rows, path, title=f"What units of {job.model.name} would like to see")
    return results, str(path)


def _rows(images: tuple[Image, ...], count: int) -> list[tuple[Image, ...]]:
    """One row an objective; where each has a single picture, five in a row."""
    width = count if count > 1 else 5
    return [images[k : k + width] for k in range(0, len(images), width)]


def _caption(image: Image) -> str:
    about = image.metadata["visualisation"]
    return f"{about['objective']}: {about['value']:.4g}"


def _save(image: Image, path: Path) -> None:
    """As PNG that says how it was made."""
    about = PngInfo()
    about.add_itxt("heatlens", json.dumps(plain(image.metadata["visualisation"])))
    Pillow.fromarray(image.rgb()).save(path, pnginfo=about)


def _tell(console: Console, result: Mapping[str, Any]) -> None:
    words = f"{result['objective']}: value {result['value']:.4g}"
    if "probability" in result:
        words += f", probability {result['probability']:.1%}"
    words += f", {result['steps']} steps in {result['seconds']:.1f} s"
    console.print(words, style="bold", soft_wrap=True, highlight=False, markup=False)
    for note in result.get("notes", ()):
        console.print(f"  {note}", style="yellow", soft_wrap=True, highlight=False, markup=False)
    for kind in ("file", "film"):
        if kind in result:
            console.print(f"  {result[kind]}", soft_wrap=True, highlight=False, markup=False)
