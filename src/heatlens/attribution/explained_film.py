"""`explain_film`: a film in, the film with what a model saw in each frame out."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from heatlens.attribution.frames import explain_frames
from heatlens.errors import InvalidArgument
from heatlens.images.films import Film, FilmWriter, open_film
from heatlens.images.films.place import refuse_same_file
from heatlens.provenance import Provenance
from heatlens.render.rising import RisingScale

__all__ = ["ExplainedFilm", "explain_film"]


@dataclass(frozen=True)
class ExplainedFilm:
    """What was written.

    Attributes:
        path: where; "-" is standard output.
        frames: how many.
        top: the evidence of the last colour in the last frame.
        provenance: how the last frame's map was made; all are made alike.
        notes: what a viewer should know.
    """

    path: str
    frames: int
    top: float
    provenance: Provenance
    notes: tuple[str, ...]


def explain_film(
    model: Any,
    source: Any,
    path: str | os.PathLike[str],
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    steadiness: float = 0.5,
    alpha: float = 0.75,
    colour_map: str = "viridis",
    top: float | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    **parameters: Any,
) -> ExplainedFilm:
    """Write a film with the evidence for the target laid over it, one frame in memory at a time.

    All frames share one scale of colours, from 0 to the strongest evidence so far: it rises now
    and then and never falls, so that nothing flickers. Evidence against is not shown.

    Args:
        model: takes single pictures.
        source: as `explain_frames` takes it.
        path: a file that `FilmWriter` can write (.mp4, .webm, .avi, .gif, ...), or "-".
        method: a name from `heatlens.methods()`.
        target: one for the whole film; see `explain_frames`.
        steadiness: see `explain_frames`.
        alpha: opacity (0..1) of the strongest evidence.
        colour_map: a name; see `heatlens.render.colour`.
        top: the evidence of the last colour; with it the scale is the same from the first frame.
        progress: called after each frame with how many are written, and how many there will be
            (None where the film does not say).
        parameters: `fit`, `channels` and the method's own.

    Raises:
        InvalidArgument: `alpha` or `top` out of range; else as `explain_frames`, `FilmWriter`.
    """
    refuse_same_file(source, path)
    scale = RisingScale(top=top, colour_map=colour_map, alpha=alpha)
    made: Provenance | None = None
    film = source if isinstance(source, Film) else open_film(source)
    try:
        with (
            FilmWriter(path, film.size, film.frames_per_second) as writer,
            closing(
                explain_frames(model, film, method, target, steadiness=steadiness, **parameters)
            ) as frames,
        ):
            for item in frames:
                writer.write(scale.over(item.pixels, item.heat.values))
                made = item.heat.provenance
                if progress is not None:
                    progress(writer.frames, film.count)
        if made is None:
            raise InvalidArgument(f"{film.name} has no frames")
        notes = dict.fromkeys((*film.notes, *writer.notes, *made.notes))
    finally:
        if film is not source:
            film.close()
    return ExplainedFilm(os.fspath(path), writer.frames, scale.top, made, tuple(notes))
