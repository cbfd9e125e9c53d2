"""Animated GIF, WebP (and AVIF where Pillow has it) by Pillow, with each frame's own duration."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.errors import UnreadableImage
from heatlens.images.films.containers import refuse_size
from heatlens.images.films.film import Film, Timed
from heatlens.images.films.pace import Pace
from heatlens.images.films.stamps import avif_durations, webp_durations
from heatlens.images.plugins import BROKEN, load, open_plugin, telling

__all__ = ["from_animation"]

_SHORTEST = 0.1
"""Seconds of a frame that says 0, as browsers show it."""


def from_animation(path: Path, label: str, kind: str, limit: int) -> Film:
    """An animation's frames, composed over one another as its file says; opacity is dropped.

    The times are the files', frame by frame; `frames_per_second` is their mean.

    Raises:
        UnreadableImage: damaged or cut off before its second frame is found, or a still picture.
        ImageTooLarge: a frame has more pixels than `limit`.
    """
    with path.open("rb") as stream, telling(label, kind):
        picture = open_plugin(kind, stream)
        width, height = picture.size
        refuse_size((height, width), limit, label)
        durations, whole = _durations(picture, kind, path)
    count = len(durations)
    if count < 2 and whole:
        raise UnreadableImage(f"{label} is a {kind} of one frame, a still; use read_image")

    rate = len(durations) / sum(durations)

    def start(film: Film) -> Generator[Timed, None, None]:
        pace = Pace(rate)
        with path.open("rb") as stream:
            seconds, index = 0.0, 0
            try:
                with telling(label, kind):
                    animation = open_plugin(kind, stream)
                for index in range(count):
                    with telling(label, kind):
                        animation.seek(index)
                        if index == 0:
                            load(animation)
                        pixels = np.array(animation.convert("RGB"))
                    pace.see(seconds)
                    yield seconds, pixels
                    seconds += _seconds(animation.info.get("duration", 0))
            except UnreadableImage as error:
                if index == 0:
                    raise
                film.tell(f"{label} breaks off after frame {index - 1}: {error}")
            else:
                if not whole:
                    film.tell(f"{label} breaks off after frame {index}: it is cut off")
            film.tell(pace.note(label))

    return Film(
        start,
        name=path.name,
        size=(height, width),
        frames_per_second=rate,
        count=count if whole else None,
        path=path,
    )


def _durations(picture: Any, kind: str, path: Path) -> tuple[list[float], bool]:
    """Seconds of each frame, and whether the file is whole; no frame but the first is decoded.

    AVIF says how long all frames take together; each then counts as the mean.
    """
    if kind != "GIF":
        load(picture)
        count = int(getattr(picture, "n_frames", 1))
        known = webp_durations(path) if kind == "WEBP" else avif_durations(path, count)
        if len(known) != count:
            known = [picture.info.get("duration", 0)] * count
        return [_seconds(duration) for duration in known], True
    found = [_seconds(picture.info.get("duration", 0))]
    try:
        while True:
            picture.seek(len(found))
            found.append(_seconds(picture.info.get("duration", 0)))
    except EOFError:
        return found, True
    except BROKEN:
        return found, False


def _seconds(milliseconds: float) -> float:
    return milliseconds / 1000 if milliseconds > 0 else _SHORTEST
