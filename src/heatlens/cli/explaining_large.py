"""Large pictures in `heatlens explain`: window by window, into a pyramid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.progress import Progress

from heatlens.attribution.large import explain_large
from heatlens.cli.explanation_files import clip_of
from heatlens.cli.file_names import free, slug
from heatlens.cli.job import Job
from heatlens.cli.large import write_large
from heatlens.images.large import LargeHeatmap, LargeImage

__all__ = ["explained_large"]


def explained_large(job: Job, file: Path, stem: str, progress: Progress) -> dict[str, Any]:
    """One picture's maps, one a method and target; after Ctrl-C the same command goes on."""
    job.check_large(file)
    made, taken = [], set[str]()
    for method in job.methods:
        for aim in job.targets:
            place = job.map_file or job.out / f"{free(f'{stem}.{method}.{slug(aim)}', taken)}.tif"
            made.append(_one(job, file, place, method, aim, progress))
    return {
        "source": str(file),
        "size": made[0]["size"],
        "model": job.model.name,
        "predictions": [],
        "heatmaps": made,
        "comparison": None,
    }


def _one(
    job: Job, file: Path, place: Path, method: str, aim: str, progress: Progress
) -> dict[str, Any]:
    task = progress.add_task("reading", total=None)

    def told(what: str, done: int, total: int) -> None:
        progress.update(task, description=what, completed=done, total=total)

    def heat_of(large: LargeImage, target: Path) -> LargeHeatmap:
        return explain_large(
            job.model,
            large,
            method,
            aim,
            channels=job.channels,
            out=target,
            progress=lambda done, total: told("explaining windows", done, total),
            **job.parameters(method),
        )

    try:
        found = write_large(
            file,
            heat_of,
            place,
            zoomable=job.zoomable,
            draw={**job.draw, "percentile": clip_of(method)},
            progress=told,
        )
    finally:
        progress.remove_task(task)
    return {
        **found,
        "target_index": None,
        "axes": "YX",
        "coordinates": {},
        "hotspots": [],
    }
