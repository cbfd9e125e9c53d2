"""The work of `heatlens improve`: one photo after the other, none of them stops the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from heatlens.attribution.method import METHODS
from heatlens.cli.exits import Exit, report
from heatlens.cli.folders import check_folder
from heatlens.cli.improvement_files import Written
from heatlens.cli.job import check_classes
from heatlens.cli.progress import bar
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.images.fit import MODES
from heatlens.improvement.erased import FILLS
from heatlens.improvement.review.masks import check_masks, mask_source
from heatlens.improvement.review.queue import Doubt, ReviewQueue
from heatlens.improvement.review.review import review_queue
from heatlens.models.bound import bound
from heatlens.models.protocol import Model

__all__ = ["Improvement", "run"]

_SHOWN = 10
_ON_SHEET = 24


@dataclass(frozen=True)
class Improvement:
    """What is to be done; see the options of `heatlens improve`."""

    model: Model
    masks: Path | None
    method: str
    target: str
    top: int | None
    crops: bool
    erase: bool
    threshold: float
    fill: str
    fit: str | None
    out: Path

    def check(self, files: Sequence[Path]) -> None:
        """Fail now on what would fail for every photo; makes the folder `out`.

        Raises:
            HeatlensError: a name, a value or a folder that cannot be used, or a mask that suits
                two of the files.
        """
        METHODS[self.method].check(self.model, {})
        aim, labels = bound(self.model, self.target), self.model.contract.labels
        if labels:
            check_classes(self.target, aim, len(labels))
        check_masks(mask_source(self.masks), list(files))
        if self.fit not in (None, *MODES):
            raise UnknownName("--fit", str(self.fit), MODES)
        if self.fill not in FILLS:
            raise UnknownName("--fill", self.fill, FILLS)
        if not 0 < self.threshold <= 1:
            raise InvalidArgument(f"--threshold is {self.threshold:g}; above 0 and at most 1")
        check_folder(self.out)


def run(
    job: Improvement, files: Sequence[Path], failed: Sequence[tuple[str, str]], *, as_json: bool
) -> Exit:
    """Look at all files and write what was asked for; what fails is told at the end.

    Raises:
        HeatlensError: a name or option that would fail for every photo, before any work.
    """
    job.check(files)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    written = Written(job.out, job.crops, job.erase, job.threshold, job.fill)
    with bar(console, shown=len(files) > 1) as progress, written:
        task = progress.add_task("looking", total=len(files))
        queue: ReviewQueue | None = None
        if files:
            queue = review_queue(
                job.model,
                files,
                masks=job.masks,
                method=job.method,
                target=job.target,
                k=job.top,
                fit=job.fit,
                each=written.add,
                progress=lambda done, total: progress.update(task, completed=done),
            )
    errors = [*failed, *(() if queue is None else queue.failed)]
    paths = ({} if queue is None else _written(queue, job.out)) | written.paths
    if as_json:
        typer.echo(json.dumps(_told(queue, errors, paths), indent=2, ensure_ascii=False))
    elif queue is not None:
        _print(console, queue, paths)
    for note in (*(() if queue is None else queue.notes), *written.notes):
        report(note)
    for source, reason in errors:
        report(reason if source in reason else f"{source}: {reason}")
    looked_at = 0 if queue is None else queue.looked_at
    if errors:
        report(f"{len(errors)} of {len(errors) + looked_at} could not be looked at")
    if queue is not None and not queue.complete:
        return Exit.INTERRUPTED
    if not looked_at:
        return Exit.USAGE
    return Exit.SOME_FAILED if errors else Exit.DONE


def _written(queue: ReviewQueue, folder: Path) -> dict[str, str]:
    if not queue.entries:
        return {}
    table = queue.to_csv(folder / "queue.csv")
    drawn = queue.sheet(folder / "queue.png", count=_ON_SHEET)
    return {"queue": str(table), "sheet": str(drawn)}


def _told(
    queue: ReviewQueue | None, errors: Sequence[tuple[str, str]], paths: dict[str, str]
) -> dict[str, Any]:
    entries = () if queue is None else queue.entries
    return {
        "results": [_entry(entry, rank) for rank, entry in enumerate(entries, 1)],
        "looked_at": 0 if queue is None else queue.looked_at,
        "written": paths,
        "notes": [] if queue is None else list(queue.notes),
        "errors": [{"source": source, "error": reason} for source, reason in errors],
    }


def _entry(entry: Doubt, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "source": entry.source or entry.name,
        "doubt": entry.doubt,
        "target": entry.target,
        "score": entry.score,
        "heat_off_object": entry.off_object,
        "heat_on_repeated_place": entry.on_place,
        "pictures_alike": entry.alike,
        "compared_with": entry.compared,
        "reasons": list(entry.reasons),
        "notes": list(entry.notes),
    }


def _print(console: Console, queue: ReviewQueue, paths: dict[str, str]) -> None:
    for rank, entry in enumerate(queue.entries[:_SHOWN], 1):
        said = "; ".join(entry.reasons) or "nothing found"
        console.print(
            f"{rank:3}. [bold]{escape(entry.name)}[/bold]  {entry.doubt:.2f}  {escape(said)}",
            soft_wrap=True,
        )
    left = len(queue) - _SHOWN
    if left > 0:
        console.print(f"     and {left} more in the queue")
    if len(queue) < queue.looked_at:
        console.print(f"     {queue.looked_at} looked at")
    for path in paths.values():
        console.print(f"  {escape(path)}", soft_wrap=True)
