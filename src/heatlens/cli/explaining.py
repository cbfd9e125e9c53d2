"""The work of `heatlens explain`: one photo after the other, none of them stops the rest."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from heatlens.attribution.channels import REDUCTIONS
from heatlens.attribution.explain import explain
from heatlens.attribution.first_checks import in_words
from heatlens.attribution.method import METHODS
from heatlens.cli.exits import Exit, report
from heatlens.errors import HeatlensError, InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.fit import MODES
from heatlens.images.read import read_image
from heatlens.models.predict import Prediction, predict
from heatlens.models.protocol import Model
from heatlens.models.targets import as_target
from heatlens.render.cells import STYLES
from heatlens.render.colour import SIGNS
from heatlens.render.colour import colour_map as known_colour_map
from heatlens.render.figure import compare, save_picture
from heatlens.render.files import save_figure

__all__ = ["FORMATS", "Job", "run"]

FORMATS = ("png", "svg", "npz", "tif")
"""Files that can be asked for: two pictures, two lossless."""


@dataclass(frozen=True)
class Job:
    """What is to be done with every photo; see the options of `heatlens explain`."""

    model: Model
    methods: tuple[str, ...]
    targets: tuple[str, ...]
    top: int | None
    out: Path
    formats: tuple[str, ...]
    draw: Mapping[str, Any]
    fit: str | None
    channels: str | None
    settings: Mapping[str, Any]
    checks: bool

    def parameters(self, method: str) -> dict[str, Any]:
        """Those of the settings that this method takes."""
        known = METHODS[method].parameters
        return {name: value for name, value in self.settings.items() if name in known}


def run(
    job: Job, files: Sequence[Path], failed: Sequence[tuple[str, str]], *, as_json: bool
) -> Exit:
    """Explain all files; what fails is told at the end.

    Returns:
        The exit code: `DONE`, or `SOME_FAILED`.

    Raises:
        HeatlensError: a name or option that would fail for every photo, before any work.
    """
    _check(job)
    job.out.mkdir(parents=True, exist_ok=True)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    results: list[dict[str, Any]] = []
    errors = [{"source": source, "error": reason} for source, reason in failed]
    taken: set[str] = set()
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=len(files) < 2,
    ) as progress:
        task = progress.add_task("explaining", total=len(files))
        for file in files:
            try:
                result = _one(job, file, _stem(file, taken))
            except (HeatlensError, OSError) as error:
                errors.append({"source": str(file), "error": str(error)})
            else:
                results.append(result)
                if not as_json:
                    _print(console, result)
            progress.advance(task)
    if as_json:
        typer.echo(json.dumps({"results": results, "errors": errors}, indent=2, ensure_ascii=False))
    for failure in errors:
        named = failure["source"] in failure["error"]
        report(failure["error"] if named else f"{failure['source']}: {failure['error']}")
    if errors:
        report(f"{len(errors)} of {len(errors) + len(results)} could not be explained")
    return Exit.SOME_FAILED if errors else Exit.DONE


def _check(job: Job) -> None:
    """Fail now on what would fail for every photo."""
    layers = job.model.layers()
    chosen = {
        "--format": (job.formats, FORMATS),
        "--style": ([job.draw["style"]], STYLES),
        "--sign": ([job.draw["sign"]], SIGNS),
        "--fit": ([job.fit], (None, *MODES)),
        "--channels": ([job.channels], (None, *REDUCTIONS)),
        "--layer": ([job.settings.get("layer")], (None, *layers)),
    }
    for option, (given, known) in chosen.items():
        for name in given:
            if name not in known:
                raise UnknownName(option, str(name), [item for item in known if item])
    if job.draw["colour_map"] is not None:
        known_colour_map(job.draw["colour_map"])
    for name in job.methods:
        METHODS[name].check(job.model, job.parameters(name))
    for setting in job.settings:
        if not any(setting in METHODS[name].parameters for name in job.methods):
            METHODS[job.methods[0]].check(job.model, {setting: None})
    for target in job.targets:
        as_target(target).bind(job.model.contract.labels)


def _one(job: Job, file: Path, stem: str) -> dict[str, Any]:
    image = read_image(file)
    predictions = _predictions(job, image)
    targets = list(job.targets)
    if job.top is not None:
        targets = [str(item.index) for item in predictions[: job.top]]
    maps: list[tuple[str, Heatmap]] = []
    for method in job.methods:
        found = explain(
            job.model,
            image,
            method,
            list(targets),
            fit=job.fit,
            channels=job.channels,
            checks=job.checks,
            **job.parameters(method),
        )
        maps += [(method, heat) for heat in found]
    written = [_write(job, image, heat, stem) for _, heat in maps]
    comparison = None
    if len(maps) > 1 and set(job.formats) & {"png", "svg"}:
        comparison = _write_comparison(job, image, [heat for _, heat in maps], stem)
    return {
        "source": str(file),
        "size": list(image.size),
        "model": job.model.name,
        "predictions": [dataclasses.asdict(item) for item in predictions],
        "heatmaps": [
            _described(heat, files) for (_, heat), files in zip(maps, written, strict=True)
        ],
        "comparison": comparison,
    }


def _predictions(job: Job, image: Image) -> list[Prediction]:
    try:
        return predict(job.model, image, max(5, job.top or 0), fit=job.fit)
    except InvalidArgument:
        if job.top is not None:
            raise
        return []  # an embedding or a detection ranks no classes, and may still be explained


def _write(job: Job, image: Image, heat: Heatmap, stem: str) -> list[str]:
    name = f"{stem}.{heat.provenance.method}.{_slug(heat.provenance.target)}"
    files = []
    for ending in job.formats:
        path = job.out / f"{name}.{ending}"
        if ending in ("png", "svg"):
            clip = _clip(heat.provenance.method)
            save_picture(heat, path, image, percentile=clip, **job.draw)
        else:
            heat.save(path)
        files.append(str(path))
    return files


def _write_comparison(job: Job, image: Image, maps: list[Heatmap], stem: str) -> str:
    ending = next(item for item in job.formats if item in ("png", "svg"))
    path = job.out / f"{stem}.compare.{ending}"
    draw = {key: value for key, value in job.draw.items() if key not in ("style", "hotspots")}
    style: Any = "overlay" if job.draw["style"] == "panels" else job.draw["style"]
    # Different methods have different units: one scale would compare what cannot be compared.
    figure = compare(
        maps,
        image,
        common_scale=len(job.methods) == 1,
        style=style,
        percentile=max(_clip(name) or 0 for name in job.methods) or None,
        **draw,
    )
    save_figure(figure, path, *(heat.provenance for heat in maps))
    return str(path)


def _clip(method: str) -> float | None:
    """Where the colour scale of a picture ends, as a percentile; the caption says so.

    A map of single pixels has a few that are far above the rest and would leave it dark.
    """
    return 99.5 if METHODS[method].level == "pixel" else None


def _described(heat: Heatmap, files: list[str]) -> dict[str, Any]:
    spots = [] if heat.empty else heat.hotspots()[:5]
    return {
        **json.loads(heat.provenance.to_json()),
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


def _print(console: Console, result: Mapping[str, Any]) -> None:
    from rich.markup import escape

    best = " · ".join(
        f"{escape(item['label'])} {item['probability']:.1%}" for item in result["predictions"][:3]
    )
    console.print(f"[bold]{escape(result['source'])}[/bold]  {best}", highlight=False)
    for heat in result["heatmaps"]:
        where = (
            "no evidence"
            if heat["empty"]
            else f"hottest at row {heat['peak'][0]}, column {heat['peak'][1]}"
        )
        console.print(
            f"  {heat['method']} for {escape(heat['target'])} (score {heat['score']:.3g}): {where}",
            highlight=False,
        )
        for sentence in (*in_words(heat["trust"]), *heat["notes"]):
            console.print(f"    {escape(sentence)}", style="dim", highlight=False, soft_wrap=True)
        for file in heat["files"]:
            console.print(f"    -> {escape(file)}", highlight=False, soft_wrap=True)
    if result["comparison"]:
        console.print(f"  -> {escape(result['comparison'])}", highlight=False, soft_wrap=True)


def _stem(file: Path, taken: set[str]) -> str:
    """The file's name without its ending; numbered if two photos share it."""
    stem, number = file.name.removesuffix(".gz"), 1
    stem = stem.rsplit(".", 1)[0] or stem
    name = stem
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name


def _slug(words: str) -> str:
    """Words as part of a file's name: "White stork!" -> "white-stork"."""
    return re.sub(r"[^\w]+", "-", words.casefold()).strip("-")[:60] or "target"
