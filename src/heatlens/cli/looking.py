"""The work of `heatlens saliency`: pictures and films, none of them stops the rest."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from heatlens.cli.ending import ended
from heatlens.cli.exits import Exit
from heatlens.cli.file_names import stem_of
from heatlens.cli.films import film_stem, watched
from heatlens.cli.large import by_the_region, write_large
from heatlens.cli.look import Look
from heatlens.cli.looked import described, print_film, print_picture
from heatlens.cli.progress import bar
from heatlens.cli.sources import pictures_and_films
from heatlens.errors import HeatlensError
from heatlens.images.large import LargeHeatmap, LargeImage
from heatlens.images.read import read_image
from heatlens.perception.large import large_saliency
from heatlens.perception.moving.overlay_film import overlay_film
from heatlens.perception.saliency import saliency
from heatlens.render.figure import compare, save_picture
from heatlens.render.files import save_figure

__all__ = ["run"]


def run(look: Look, sources: Sequence[str], *, as_json: bool) -> Exit:
    """Look at all sources; what fails is told at the end.

    Raises:
        HeatlensError: a name or option that would fail for every source, before any work.
    """
    files, films, failed = pictures_and_films(sources)
    look.check(films, files)
    piped = str(look.out) == "-"  # standard output is the film's then
    console = Console(file=sys.stderr if as_json or piped else sys.stdout)
    results: list[dict[str, Any]] = []
    errors = [{"source": source, "error": reason} for source, reason in failed]
    stopped = False
    with bar(console, shown=len(files) + 2 * len(films) > 1) as progress:
        try:
            for result, failure in _each(look, files, films, progress):
                if failure is not None:
                    errors.append(failure)
                elif result is not None:
                    results.append(result)
                    if not as_json:
                        (print_film if "frames" in result else print_picture)(console, result)
        except KeyboardInterrupt:
            stopped = True
    return ended(
        results,
        errors,
        what="looked at",
        total=len(files) + len(films),
        stopped=stopped,
        as_json=as_json,
        piped=piped,
    )


def _each(
    look: Look, files: Sequence[Path], films: Sequence[str], progress: Progress
) -> Iterator[tuple[dict[str, Any] | None, dict[str, str] | None]]:
    taken: set[str] = set()
    task = progress.add_task("looking", total=len(files), visible=len(files) > 1)
    for file in files:
        try:
            stem = stem_of(file, taken)
            if look.map_file or look.zoomable or by_the_region(file):
                result = _large(look, file, stem, progress)
            else:
                result = _picture(look, file, stem)
        except (HeatlensError, OSError) as error:
            yield None, {"source": str(file), "error": str(error)}
        else:
            yield result, None
        progress.advance(task)
    for source in films:
        stem = stem_of(film_stem(source), taken)
        for method in look.for_films:
            try:
                result = _film(look, source, method, stem, progress)
            except (HeatlensError, OSError) as error:
                yield None, {"source": source, "error": str(error)}
            else:
                yield result, None


def _picture(look: Look, file: Path, stem: str) -> dict[str, Any]:
    image = read_image(file)
    maps, written = [], []
    for method in look.for_pictures:
        heat = saliency(image, method, **look.settings_for(method))
        paths = [look.out / f"{stem}.{method}.{ending}" for ending in look.formats]
        for path in paths:
            if path.suffix in (".png", ".svg"):
                save_picture(heat, path, image, **look.draw)
            else:
                heat.save(path)
        maps.append(heat)
        written.append([str(path) for path in paths])
    comparison = None
    if len(maps) > 1 and set(look.formats) & {"png", "svg"}:
        # Models have different units: a common scale would compare what cannot be compared.
        path = look.out / f"{stem}.compare.png"
        draw = {key: value for key, value in look.draw.items() if key == "colour_map"}
        figure = compare(maps, image, common_scale=False, style="overlay", **draw)
        save_figure(figure, path, *(heat.provenance for heat in maps))
        comparison = str(path)
    return {
        "source": str(file),
        "size": list(image.size),
        "heatmaps": [described(heat, paths) for heat, paths in zip(maps, written, strict=True)],
        "comparison": comparison,
    }


def _large(look: Look, file: Path, stem: str, progress: Progress) -> dict[str, Any]:
    found = []
    for method in look.for_pictures:
        task = progress.add_task("reading", total=None)

        def told(what: str, done: int, total: int, task: Any = task) -> None:
            progress.update(task, description=what, completed=done, total=total)

        def heat_of(large: LargeImage, place: Path, method: str = method) -> LargeHeatmap:
            settings = look.settings_for(method)
            return large_saliency(
                large,
                method,
                out=place,
                progress=lambda done, total: told("reading", done, total),
                **settings,
            )

        place = look.map_file or look.out / f"{stem}.{method}.tif"
        try:
            found.append(
                write_large(
                    file,
                    heat_of,
                    place,
                    zoomable=look.zoomable,
                    draw=dict(look.draw),
                    progress=told,
                )
            )
        finally:
            progress.remove_task(task)
    return {"source": str(file), "size": found[0]["size"], "heatmaps": found, "comparison": None}


def _film(look: Look, source: str, method: str, stem: str, progress: Progress) -> dict[str, Any]:
    target = look.film_file or look.out / f"{stem}.{method}.mp4"
    colour_map = look.draw["colour_map"]
    drawn = {} if colour_map is None else {"colour_map": colour_map}
    with watched(progress, f"watching {source}", target) as told:
        made = overlay_film(
            source,
            target,
            method,
            with_flow=look.flow,
            progress=told,
            **drawn,
            **look.settings_for(method),
        )
    return {
        "source": source,
        "method": method,
        "frames": made.frames,
        "top": made.top,
        "notes": list(made.notes),
        "file": made.path,
    }
