"""Files that `heatlens explain` writes: a map, and several side by side."""

from __future__ import annotations

from typing import Any

from heatlens.attribution.method import METHODS
from heatlens.cli.file_names import free, slug
from heatlens.cli.job import Job
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.figure import compare, save_picture
from heatlens.render.files import save_figure
from heatlens.sound import Sound

__all__ = ["clip_of", "write", "write_comparison"]


def write(job: Job, image: Image | Sound, heat: Heatmap, stem: str, taken: set[str]) -> list[str]:
    """The map in each of the wanted formats; the paths."""
    target = slug(heat.provenance.target)  # classes may share a name, or all that is left of it
    name = free(f"{stem}.{heat.provenance.method}.{target}", taken)
    files = []
    for ending in job.formats:
        path = job.out / f"{name}.{ending}"
        if ending in ("png", "svg"):
            clip = clip_of(heat.provenance.method) if len(heat.axes) > 1 else None
            save_picture(heat, path, image, percentile=clip, **job.draw)
        else:
            heat.save(path)
        files.append(str(path))
    return files


def write_comparison(job: Job, image: Image, maps: list[Heatmap], stem: str) -> str:
    """The maps of one picture side by side; the path."""
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
        percentile=max(clip_of(name) or 0 for name in job.methods) or None,
        **draw,
    )
    save_figure(figure, path, *(heat.provenance for heat in maps))
    return str(path)


def clip_of(method: str) -> float | None:
    """Where the colour scale of a picture ends, as a percentile; the caption says so.

    A map of single pixels has a few that are far above the rest and would leave it dark.
    """
    return 99.5 if METHODS[method].level == "pixel" else None
