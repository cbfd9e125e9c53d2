"""The work of `heatlens inspect`: the tree of layers, or one layer on one photo after the other."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from heatlens.cli.exits import Exit, report
from heatlens.cli.file_names import stem_of
from heatlens.cli.inspection import Inspection
from heatlens.cli.inspection_answer import told_field, told_tree
from heatlens.cli.inspection_words import print_photo, print_top, print_tree
from heatlens.cli.progress import bar
from heatlens.errors import HeatlensError
from heatlens.features.activations.field import ReceptiveField, receptive_field
from heatlens.features.activations.grid import channel_grid
from heatlens.features.activations.layer import LayerActivations, layer_activations
from heatlens.features.activations.top import top_pictures
from heatlens.features.activations.top_result import TopPictures
from heatlens.image import Image
from heatlens.models.prepare import as_input
from heatlens.render.figure import save_picture
from heatlens.render.files import save_figure

__all__ = ["Inspection", "run"]

_TOLD = 10
"""Channels whose values are told."""


def run(
    job: Inspection, files: Sequence[Path], failed: Sequence[tuple[str, str]], *, as_json: bool
) -> Exit:
    """List the layers, or look at one; what fails is told at the end.

    Returns:
        The exit code: `DONE`, `SOME_FAILED`, or `INTERRUPTED` with what was finished told.

    Raises:
        HeatlensError: a name or option that would fail for every photo, before any work.
    """
    lines = job.check(files)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    errors = [{"source": source, "error": reason} for source, reason in failed]
    answer: dict[str, Any] = {"model": job.model.name, "layer": job.layer}
    stopped = False
    if job.layer is None:
        answer["layers"] = told_tree(job.model.layers(), lines)
        if not as_json:
            print_tree(console, answer["layers"])
    else:
        stopped = _looked(job, files, answer, errors, None if as_json else console)
    if as_json:
        typer.echo(json.dumps({**answer, "errors": errors}, indent=2, ensure_ascii=False))
    for failure in errors:
        named = failure["source"] in failure["error"]
        report(failure["error"] if named else f"{failure['source']}: {failure['error']}")
    unusable = sum(failure["source"] != job.over for failure in errors)
    if unusable:
        report(f"{unusable} {'picture' if unusable == 1 else 'pictures'} could not be used")
    if stopped:
        report("stopped; what was finished is written")
        return Exit.INTERRUPTED
    return Exit.SOME_FAILED if errors else Exit.DONE


def _looked(
    job: Inspection,
    files: Sequence[Path],
    answer: dict[str, Any],
    errors: list[dict[str, str]],
    console: Console | None,
) -> bool:
    """Look at the layer on each photo, then over the folder; whether Ctrl-C stopped it.

    What is found goes into `answer` and `errors` at once, and to the `console` if there is one.
    """
    answer["results"] = []
    bars = console or Console(file=sys.stderr)
    try:
        for result, failure in _each(job, files, bars):
            if failure is not None:
                errors.append(failure)
            elif result is not None:
                answer["results"].append(result)
                if console is not None:
                    print_photo(console, result)
        return job.over is not None and _looked_over(job, job.over, answer, errors, console)
    except KeyboardInterrupt:
        return True


def _looked_over(
    job: Inspection,
    folder: str,
    answer: dict[str, Any],
    errors: list[dict[str, str]],
    console: Console | None,
) -> bool:
    """Look over the folder; whether Ctrl-C stopped it. What was found on photos stays."""
    try:
        found = _over(job, console or Console(file=sys.stderr))
        told = [{"source": item.name, "error": item.reason} for item in found.skipped]
        errors += [failure for failure in told if failure not in errors]
        answer["top"] = _told_top(job, found)
    except (HeatlensError, OSError) as error:
        errors.append({"source": folder, "error": str(error)})
        return False
    except Exception as error:  # of the network or a library
        errors.append({"source": folder, "error": f"{type(error).__name__}: {error}"})
        return False
    if console is not None:
        print_top(console, answer["top"])
    return not found.complete


def _each(
    job: Inspection, files: Sequence[Path], console: Console
) -> Iterator[tuple[dict[str, Any] | None, dict[str, str] | None]]:
    """For every file what was found, or why nothing was."""
    taken: set[str] = set()
    with bar(console, shown=len(files) > 1) as progress:
        task = progress.add_task("inspecting", total=len(files))
        for file in files:
            try:
                result = _one(job, file, stem_of(file, taken))
            except (HeatlensError, OSError) as error:
                yield None, {"source": str(file), "error": str(error)}
            except Exception as error:  # of the network or a library: other photos may still work
                yield None, {"source": str(file), "error": f"{type(error).__name__}: {error}"}
            else:
                yield result, None
            progress.advance(task)


def _one(job: Inspection, file: Path, stem: str) -> dict[str, Any]:
    """One layer on one photo."""
    image = as_input(file)
    seen = layer_activations(job.model, image, job.layer or "", fit=job.fit)
    name = f"{stem}.{_slug(seen.layer)}"
    strongest = seen.top(_TOLD, job.by)
    unit = strongest[0][0] if job.unit is None else job.unit
    files: list[str] = []
    if len(seen.grid) == 2 and isinstance(image, Image):
        figure = channel_grid(seen, job.channels, by=job.by)
        files.append(str(save_figure(figure, job.out / f"{name}.channels.png")))
    if seen.grid:
        sign = "auto" if seen.signed else "positive"
        maps = {"mean": seen.mean(), "maximum": seen.maximum(), f"unit-{unit}": seen.channel(unit)}
        for kind, heat in maps.items():
            path = save_picture(heat, job.out / f"{name}.{kind}.png", image, sign=sign)
            files.append(str(path))
    field, reason = None, ""
    if isinstance(image, Image) and image.axes in ("YX", "YXC"):
        try:
            field = _field(job, image, seen, unit)
            files.append(str(save_figure(field.draw(), job.out / f"{name}.receptive-field.png")))
        except HeatlensError as error:
            reason = str(error)
    return {
        "source": str(file),
        "layer": seen.layer,
        "channels": seen.channels,
        "grid": list(seen.grid),
        "prefix_tokens": 0 if seen.prefix is None else len(seen.prefix),
        "minimum": float(seen.values.min()),
        "maximum": float(seen.values.max()),
        "ranked_by": job.by,
        "top_channels": [{"channel": k, "value": value} for k, value in strongest],
        "receptive_field": {"reason": reason} if field is None else told_field(field),
        "notes": list(seen.ready.notes),
        "files": files,
    }


def _field(job: Inspection, image: Image, seen: LayerActivations, unit: int) -> ReceptiveField:
    """Of the cell at which the unit's channel is largest."""
    cell: Any = None
    if seen.grid:
        place = np.unravel_index(int(seen.values[unit].argmax()), seen.grid)
        cell = tuple(int(k) for k in place)
    return receptive_field(job.model, seen.layer, cell, channel=unit, image=image, fit=job.fit)


def _over(job: Inspection, console: Console) -> TopPictures:
    with bar(console, shown=True) as progress:
        task = progress.add_task("looking", total=None)

        def tell(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        return top_pictures(
            job.model,
            job.over,
            job.layer or "",
            top=job.top,
            by=job.by,
            fit=job.fit,
            progress=tell,
        )


def _told_top(job: Inspection, found: TopPictures) -> dict[str, Any]:
    chosen = [job.unit] if job.unit is not None else found.strongest(job.channels or 8)
    path = job.out / f"{_slug(found.layer)}.top.png"
    found.sheet(path, chosen)
    return {
        "folder": str(job.over),
        "seen": found.seen,
        "complete": found.complete,
        "ranked_by": found.by,
        "channels": {
            str(k): [
                {"value": item.value, "picture": item.name, "cell": list(item.cell)}
                for item in found.of(k)
            ]
            for k in chosen
        },
        "files": [str(path)],
    }


def _slug(layer: str) -> str:
    """A layer's name as part of a file's name."""
    return re.sub(r"[^\w.]+", "-", layer).strip("-.")[:80] or "layer"
