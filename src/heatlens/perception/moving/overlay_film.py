"""`overlay_film`: a film in, the film with what draws the eye in it out."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.films.film import Film
from heatlens.images.films.open import open_film
from heatlens.images.films.place import refuse_same_file
from heatlens.images.films.writer import FilmWriter
from heatlens.motion.colours import flow_picture, flow_wheel
from heatlens.perception.moving.method import method_for
from heatlens.perception.moving.observe import Flow, Observer
from heatlens.perception.moving.stream import Moment, moments
from heatlens.render.rising import RisingScale

__all__ = ["OverlayFilm", "overlay_film"]


@dataclass(frozen=True)
class OverlayFilm:
    """What was written.

    Attributes:
        path: where; "-" is standard output.
        frames: how many.
        top: the heat of the last colour in the last frame; of methods without a bound it rose to
            there.
        notes: what a viewer should know.
    """

    path: str
    frames: int
    top: float
    notes: tuple[str, ...]


def overlay_film(
    source: Any,
    target: str | os.PathLike[str],
    method: str | Any = "fusion",
    *,
    alpha: float = 0.75,
    colour_map: str = "viridis",
    top: float | None = None,
    with_frame: bool = False,
    with_flow: bool = False,
    flow: str | Flow = "dis",
    grid: int = 320,
    progress: Callable[[int, int | None], None] | None = None,
    **parameters: Any,
) -> OverlayFilm:
    """Write the film with its saliency laid over it, one frame in memory at a time.

    All frames share one scale of colours, or heat could not be compared over time. For "fusion" it
    runs from 0 to 1. Other methods have no highest value that were known before the end: the last
    colour is the highest heat so far, so the scale rises now and then and never falls, and nothing
    flickers; it begins above the method's own noise. To have one scale from the first frame on, or
    for several films, give `top`; the result says what it came to.

    Args:
        source: the film, as `watch` takes it.
        target: a file that `FilmWriter` can write (.mp4, .webm, .avi, .gif, ...), or "-". It
            appears when it is complete; if stopped before, what was written is kept beside it.
        method: as in `watch`.
        alpha: opacity (0..1) of the hottest; where there is no heat the frame is as it was.
        colour_map: a name; see `heatlens.render.colour`.
        top: the heat of the last colour, in the method's own unit.
        with_frame: whether the frame as it was stands on the left.
        with_flow: whether the optical flow stands on the right, in the colours of the wheel in its
            corner, whose rim is the highest speed so far, but for one pixel in 200.
        flow: as in `watch`.
        grid: as in `watch`.
        progress: called after each frame with how many are written, and how many there will be
            (None where the film does not say).
        parameters: the method's own.

    Raises:
        InvalidArgument: `alpha` or `top` out of range, or source and target are one file; else as
            `watch`, `open_film` and `FilmWriter`.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> clip = np.full((4, 48, 64, 3), 90, np.uint8)
        >>> for k, picture in enumerate(clip):
        ...     picture[20:30, 10 + 4 * k : 20 + 4 * k] = 200
        >>> path = Path(tempfile.mkdtemp()) / "heat.gif"
        >>> overlay_film(clip, path).frames, path.exists()
        (4, True)
    """
    refuse_same_file(source, target)
    chosen = method_for(method, parameters)
    heated = RisingScale(top=chosen.top if top is None else top, colour_map=colour_map, alpha=alpha)
    wheel = _Wheel()
    observer = Observer(flow=flow, grid=grid)
    film = source if isinstance(source, Film) else open_film(source)
    try:
        height, width = film.size
        panels = 1 + with_frame + with_flow
        size = height, panels * width + (panels - 1) * _GAP
        with (
            FilmWriter(target, size, film.frames_per_second) as writer,
            closing(moments(film, chosen, observer)) as watched,
        ):
            for moment in watched:
                shown = [heated.over(moment.frame, moment.heat)]
                if with_frame:
                    shown.insert(0, moment.frame)
                if with_flow:
                    shown.append(wheel.flow(moment))
                writer.write(_beside(shown))
                if progress is not None:
                    progress(writer.frames, film.count)
        notes = (*film.notes, *writer.notes)
        return OverlayFilm(os.fspath(target), writer.frames, heated.top, notes)
    finally:
        if film is not source:
            film.close()


_GAP = 8
"""White pixels between panels."""


class _Wheel:
    """Flow in colours whose scale rises and never falls."""

    def __init__(self) -> None:
        self._fastest = 1.0

    def flow(self, moment: Moment) -> npt.NDArray[np.uint8]:
        if moment.motion is not None:
            speed = np.linalg.norm(moment.motion.flow, axis=2) * moment.motion.scale
            self._fastest = max(self._fastest, float(np.percentile(speed, 99.5)))
        picture = flow_picture(moment.flow, self._fastest)
        side = min(picture.shape[:2]) // 5
        if side >= 12:
            picture[-side - 4 : -4, -side - 4 : -4] = flow_wheel(side)
        return picture


def _beside(panels: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    if len(panels) == 1:
        return panels[0]
    gap = np.full((panels[0].shape[0], _GAP, 3), 255, np.uint8)
    row = [part for panel in panels for part in (gap, panel)]
    return np.concatenate(row[1:], axis=1)
