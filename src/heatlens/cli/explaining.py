"""The work of `heatlens explain`: one photo after the other, none of them stops the rest."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from heatlens.attribution.explain import explain
from heatlens.cli.ending import ended
from heatlens.cli.exits import Exit
from heatlens.cli.explaining_films import each_film
from heatlens.cli.explaining_large import explained_large
from heatlens.cli.explanation_files import write, write_comparison
from heatlens.cli.explanation_words import described, extent, print_result
from heatlens.cli.file_names import stem_of
from heatlens.cli.job import Job
from heatlens.cli.large import by_the_region
from heatlens.cli.progress import bar
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.models.bound import bound
from heatlens.models.predict import Prediction, predict
from heatlens.models.prepare import as_input
from heatlens.models.targets import ClassIndex, Predicted
from heatlens.sound import Sound
from heatlens.text import Text

__all__ = ["run"]


def run(
    job: Job,
    files: Sequence[Path],
    failed: Sequence[tuple[str, str]],
    films: Sequence[str] = (),
    *,
    as_json: bool,
) -> Exit:
    """Explain all files; what fails is told at the end.

    Returns:
        The exit code: `DONE`, `SOME_FAILED`, or `INTERRUPTED` with what was finished told.

    Raises:
        HeatlensError: a name or option that would fail for every photo, before any work.
    """
    job.check(files, films)
    large = _large(job, files)
    piped = str(job.out) == "-"  # standard output is the film's then
    console = Console(file=sys.stderr if as_json or piped else sys.stdout)
    results: list[dict[str, Any]] = []
    errors = [{"source": source, "error": reason} for source, reason in failed]
    stopped = False
    with bar(console, shown=len(files) + 2 * len(films) > 1 or bool(large)) as progress:
        task = progress.add_task("explaining", total=len(files), visible=len(files) > 1)
        try:
            for result, failure in itertools.chain(
                _each(job, files, large, progress), each_film(job, films, progress)
            ):
                if failure is not None:
                    errors.append(failure)
                elif result is not None:
                    results.append(result)
                    if not as_json:
                        print_result(console, result, job.model.contract.assumed)
                progress.advance(task)
        except KeyboardInterrupt:
            stopped = True
    return ended(
        results,
        errors,
        what="explained",
        total=len(files) + len(films),
        stopped=stopped,
        as_json=as_json,
        piped=piped,
    )


def _large(job: Job, files: Sequence[Path]) -> set[Path]:
    """Those that are explained window by window."""
    if job.map_file or job.zoomable:
        return set(files)
    if job.model.contract.axes != "HW":
        return set()
    return {file for file in files if by_the_region(file)}


def _each(
    job: Job, files: Sequence[Path], large: Collection[Path], progress: Progress
) -> Iterator[tuple[dict[str, Any] | None, dict[str, str] | None]]:
    """For every file what was found, or why nothing was."""
    taken: set[str] = set()
    for file in files:
        try:
            stem = stem_of(file, taken)
            if file in large:
                result = explained_large(job, file, stem, progress)
            else:
                result = _one(job, file, stem)
        except (HeatlensError, OSError) as error:
            yield None, {"source": str(file), "error": str(error)}
        except Exception as error:  # of the network or a library: the other photos may still work
            yield None, {"source": str(file), "error": f"{type(error).__name__}: {error}"}
        else:
            yield result, None


def _one(job: Job, file: Path, stem: str) -> dict[str, Any]:
    image = as_input(file)
    if job.words is not None:
        return _words(job, file, image, stem)
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
    written = [write(job, image, heat, stem, taken) for heat in maps]
    comparison = None
    drawn = len(maps) > 1 and set(job.formats) & {"png", "svg"}
    if drawn and isinstance(image, Image) and maps[0].axes == "YX":
        comparison = write_comparison(job, image, maps, stem)
    return {
        "source": str(file),
        "size": extent(image),
        "model": job.model.name,
        "predictions": [dataclasses.asdict(item) for item in predictions],
        "heatmaps": [
            described(heat, index, files)
            for heat, index, files in zip(maps, indices * len(job.methods), written, strict=True)
        ],
        "comparison": comparison,
    }


def _words(job: Job, file: Path, image: Image | Sound, stem: str) -> dict[str, Any]:
    """Heat on the words of a text, held against the picture."""
    maps = [
        explain(
            job.model,
            Text(job.words or ""),
            method,
            image,
            fit=job.fit,
            channels=job.channels,
            checks=job.checks,
            **job.parameters(method),
        )
        for method in job.methods
    ]
    taken: set[str] = set()
    return {
        "source": str(file),
        "size": extent(image),
        "model": job.model.name,
        "predictions": [],
        "heatmaps": [described(heat, None, write(job, image, heat, stem, taken)) for heat in maps],
        "comparison": None,
    }


def _predictions(job: Job, image: Image | Sound) -> list[Prediction]:
    try:
        return predict(job.model, image, max(5, job.top or 0), fit=job.fit)
    except InvalidArgument:
        if job.top is not None:
            raise
        return []  # an embedding or a detection ranks no classes, and may still be explained


def _class_index(job: Job, target: int | str, predictions: Sequence[Prediction]) -> int | None:
    """The class that a target is; None where it is not a single one."""
    aim = bound(job.model, target)
    if isinstance(aim, ClassIndex) and isinstance(aim.index, int):
        return aim.index
    if isinstance(aim, Predicted) and predictions:
        return predictions[0].index
    return None
