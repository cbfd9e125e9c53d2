"""The work of `heatlens explain`: one photo after the other, none of them stops the rest."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from heatlens.attribution.explain import explain
from heatlens.attribution.first_checks import in_words
from heatlens.attribution.method import METHODS
from heatlens.cli.exits import Exit, report
from heatlens.cli.job import Job
from heatlens.cli.progress import bar
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.predict import Prediction, predict
from heatlens.models.targets import ClassIndex, Predicted, as_target
from heatlens.render.figure import compare, save_picture
from heatlens.render.files import save_figure

__all__ = ["run"]


def run(
    job: Job, files: Sequence[Path], failed: Sequence[tuple[str, str]], *, as_json: bool
) -> Exit:
    """Explain all files; what fails is told at the end.

    Returns:
        The exit code: `DONE`, `SOME_FAILED`, or `INTERRUPTED` with what was finished told.

    Raises:
        HeatlensError: a name or option that would fail for every photo, before any work.
    """
    job.check()
    console = Console(file=sys.stderr if as_json else sys.stdout)
    results: list[dict[str, Any]] = []
    errors = [{"source": source, "error": reason} for source, reason in failed]
    stopped = False
    with bar(console, shown=len(files) > 1) as progress:
        task = progress.add_task("explaining", total=len(files))
        try:
            for result, failure in _each(job, files):
                if failure is not None:
                    errors.append(failure)
                elif result is not None:
                    results.append(result)
                    if not as_json:
                        _print(console, result)
                progress.advance(task)
        except KeyboardInterrupt:
            stopped = True
    if as_json:
        typer.echo(json.dumps({"results": results, "errors": errors}, indent=2, ensure_ascii=False))
    for failure in errors:
        named = failure["source"] in failure["error"]
        report(failure["error"] if named else f"{failure['source']}: {failure['error']}")
    if errors:
        report(f"{len(errors)} of {len(errors) + len(results)} could not be explained")
    if stopped:
        report(f"stopped; {len(results)} of {len(files)} are explained")
        return Exit.INTERRUPTED
    return Exit.SOME_FAILED if errors else Exit.DONE


def _each(
    job: Job, files: Sequence[Path]
) -> Iterator[tuple[dict[str, Any] | None, dict[str, str] | None]]:
    """For every file what was found, or why nothing was."""
    taken: set[str] = set()
    for file in files:
        try:
            result = _one(job, file, _stem(file, taken))
        except (HeatlensError, OSError) as error:
            yield None, {"source": str(file), "error": str(error)}
        except Exception as error:  # of the network or a library: the other photos may still work
            yield None, {"source": str(file), "error": f"{type(error).__name__}: {error}"}
        else:
            yield result, None


def _one(job: Job, file: Path, stem: str) -> dict[str, Any]:
    image = read_image(file)
    predictions = _predictions(job, image)
    targets: list[int | str] = list(job.targets)
    if job.top is not None:
        targets = [item.index for item in predictions[: job.top]]
    indices = [_class_index(job, target, predictions) for target in targets]
    maps: list[Heatmap] = []
    for method in job.methods:
        found = explain(
            job.model,
            image,
            method,
            targets,
            fit=job.fit,
            channels=job.channels,
            checks=job.checks,
            **job.parameters(method),
        )
        maps += found
    taken: set[str] = set()
    written = [_write(job, image, heat, stem, taken) for heat in maps]
    comparison = None
    if len(maps) > 1 and set(job.formats) & {"png", "svg"}:
        comparison = _write_comparison(job, image, maps, stem)
    return {
        "source": str(file),
        "size": list(image.size),
        "model": job.model.name,
        "predictions": [dataclasses.asdict(item) for item in predictions],
        "heatmaps": [
            _described(heat, index, files)
            for heat, index, files in zip(maps, indices * len(job.methods), written, strict=True)
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


def _class_index(job: Job, target: int | str, predictions: Sequence[Prediction]) -> int | None:
    """The class that a target is; None where it is not a single one."""
    bound = as_target(target).bind(job.model.contract.labels)
    if isinstance(bound, ClassIndex) and isinstance(bound.index, int):
        return bound.index
    if isinstance(bound, Predicted) and predictions:
        return predictions[0].index
    return None


def _write(job: Job, image: Image, heat: Heatmap, stem: str, taken: set[str]) -> list[str]:
    target = _slug(heat.provenance.target)  # classes may share a name, or all that is left of it
    name = _free(f"{stem}.{heat.provenance.method}.{target}", taken)
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


def _described(heat: Heatmap, index: int | None, files: list[str]) -> dict[str, Any]:
    spots = [] if heat.empty else heat.hotspots()[:5]
    return {
        **json.loads(heat.provenance.to_json()),
        "target_index": index,
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
    stem = file.name.removesuffix(".gz")
    return _free(stem.rsplit(".", 1)[0] or stem, taken)


def _free(wanted: str, taken: set[str]) -> str:
    """The name, with "-2" and so on if it is taken; taken from now on."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name)
    return name


def _slug(words: str) -> str:
    """Words as part of a file's name: "White stork!" -> "white-stork"."""
    return re.sub(r"[^\w]+", "-", words.casefold()).strip("-")[:60] or "target"
