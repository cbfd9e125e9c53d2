"""Films as one `Image`: all frames where they fit, or one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge, InvalidArgument, UnreadableImage
from heatlens.image import Image
from heatlens.images.files import Opened
from heatlens.images.films.film import Film
from heatlens.images.films.open import open_film
from heatlens.images.selection import Selection

__all__ = ["read_film"]


def read_film(file: Opened, selection: Selection, limit: int) -> Image:
    """A film as axes TYXC, or one frame of it as YXC.

    Args:
        file: an open file.
        selection: which frame; all without it.
        limit: of pixels, all frames together; of one frame if one is asked for.

    Raises:
        ImageTooLarge: more pixels than that.
        InvalidArgument: a frame that the film does not have.
        UnreadableImage: as `open_film`.
    """
    selection.refuse("a film", "slice", "window")
    source = file.stream if file.path is None else file.path
    with open_film(source, max_pixels=limit) as film:
        name = file.name or film.name
        if selection.frame is not None:
            return _one(film, selection.frame, file, limit, name)
        return _all(film, limit, name)


def _all(film: Film, limit: int, name: str) -> Image:
    most = limit // (film.size[0] * film.size[1])
    if film.count is not None and film.count > most:
        raise _too_long(film, film.count, limit, name)
    frames: list[npt.NDArray[np.uint8]] = []
    seconds: list[float] = []
    for frame in film:
        if len(frames) == most:
            raise _too_long(film, most + 1, limit, name)
        frames.append(frame.pixels)
        seconds.append(frame.seconds)
    metadata = {
        "frames_per_second": film.frames_per_second,
        "seconds": tuple(seconds),
        "frames": len(frames),
    }
    if film.notes:
        metadata["notes"] = tuple(film.notes)
    return Image(np.stack(frames), "TYXC", name=name, metadata=metadata)


def _one(film: Film, index: int, file: Opened, limit: int, name: str) -> Image:
    if index < 0:  # only the end says how many frames there are
        count = sum(1 for _ in film)
        if index < -count:
            raise _missing(name, index, count)
        index += count
        if film.once:
            file.stream.seek(0)
            with open_film(file.stream, max_pixels=limit) as again:
                return _one(again, index, file, limit, name)
    count = 0
    for frame in film:
        if frame.index == index:
            metadata = {
                "frames_per_second": film.frames_per_second,
                "seconds": frame.seconds,
                "frame": index,
            }
            return Image(frame.pixels, "YXC", name=name, metadata=metadata)
        count += 1
    raise _missing(name, index, count)


def _missing(name: str, index: int, count: int) -> InvalidArgument:
    if not count:
        return UnreadableImage(f"{name} has no frames")
    return InvalidArgument(f"{name} has frames 0 to {count - 1}; frame {index} was asked for")


def _too_long(film: Film, count: int, limit: int, name: str) -> ImageTooLarge:
    height, width = film.size
    return ImageTooLarge(
        f"{name} has {count} frames of {width} x {height}, {count * width * height / 1e6:.0f} "
        f"million pixels together; the limit is {limit / 1e6:.3g} million. "
        "heatlens.images.films.open_film reads them one at a time, frame= picks one, max_pixels= "
        "raises the limit"
    )
