"""Films that are not files: folders of pictures, arrays, iterables, `Image`s with a time axis."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage
from heatlens.image import Image
from heatlens.images.arrays import from_array, is_array
from heatlens.images.films.containers import refuse_size
from heatlens.images.films.decoding import DEFAULT_RATE
from heatlens.images.films.film import Film, Timed
from heatlens.images.films.one_range import in_one_range
from heatlens.images.sniff import SUFFIXES

__all__ = ["from_clip", "from_folder", "from_iterable"]


def from_clip(image: Image, rate: float | None) -> Film:
    """The frames of an `Image` with axes TYX or TYXC, in 8 bits by its `value_range`.

    Without a rate the times are those in its metadata ("seconds", else "frames_per_second"), where
    they are.
    """
    if not image.axes.startswith("T"):
        raise InvalidArgument(
            f"{image.name or 'the Image'} has axes {image.axes!r} and no time; a film is an Image "
            "with axes 'TYX' or 'TYXC', or several pictures in a list"
        )
    count = len(image.pixels)
    seconds = None if rate is not None else _stamps(image.metadata.get("seconds"), count)
    if rate is None:
        rate = _known_rate(image.metadata.get("frames_per_second"), seconds)

    def start(film: Film) -> Generator[Timed, None, None]:
        for index in range(count):
            frame = image.with_(pixels=image.pixels[index], axes=image.axes[1:])
            when = index / rate if seconds is None else float(seconds[index] - seconds[0])
            yield when, _own(frame.rgb(), image.pixels)

    return Film(
        start,
        name=image.name or "the clip",
        size=image.size,
        frames_per_second=rate,
        count=count,
    )


def _own(pixels: npt.NDArray[np.uint8], source: Any) -> npt.NDArray[np.uint8]:
    """Pixels that belong to the reader: to change them changes nothing else."""
    shared = not pixels.flags.writeable or np.shares_memory(pixels, source)
    return pixels.copy() if shared else pixels


def _stamps(seconds: Any, count: int) -> npt.NDArray[np.float64] | None:
    """Times that rise from frame to frame; None where they are none."""
    try:
        stamps = np.asarray(seconds, np.float64)
    except (TypeError, ValueError):
        return None
    rising = stamps.shape == (count,) and np.isfinite(stamps).all() and (np.diff(stamps) > 0).all()
    return stamps if rising else None


def _known_rate(rate: Any, seconds: npt.NDArray[np.float64] | None) -> float:
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate <= 10000:
        return float(rate)
    if seconds is not None and len(seconds) > 1:
        return float((len(seconds) - 1) / (seconds[-1] - seconds[0]))
    return DEFAULT_RATE


def from_folder(folder: Path, rate: float, limit: int) -> Film:
    """The pictures of a folder in the order of the numbers in their names; hidden ones are not.

    Raises:
        UnreadableImage: there are no pictures in it.
    """
    files = sorted(
        (
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and path.name[0] != "." and path.is_file()
        ),
        key=_in_order,
    )
    if not files:
        raise UnreadableImage(
            f"there are no pictures in the folder {folder}; it holds "
            f"{', '.join(sorted(path.name for path in folder.iterdir())[:3]) or 'nothing'}"
        )

    def images() -> Iterator[Image]:
        from heatlens.images.read import read_image

        for path in files:
            yield _flat(read_image(path, max_pixels=limit), path.name)

    film = _film(
        lambda: in_one_range(images, again=True), folder.name, rate, len(files), limit, once=False
    )
    film.path = folder
    return film


def from_iterable(source: Iterable[Any], rate: float, limit: int) -> Film:
    """Frames from a list, a generator, ...: arrays, tensors or `Image`s of one size."""
    count = len(source) if isinstance(source, Sized) else None
    once = iter(source) is source

    def images() -> Iterator[Image]:
        for index, item in enumerate(source):
            yield _flat(_picture(item, index), f"frame {index}")

    return _film(
        lambda: in_one_range(images, again=not once),
        "the frames given",
        rate,
        count,
        limit,
        once=once,
    )


def _film(
    pictures: Callable[[], Iterator[npt.NDArray[np.uint8]]],
    name: str,
    rate: float,
    count: int | None,
    limit: int,
    *,
    once: bool,
) -> Film:
    running = pictures()
    first = next(running, None)
    if first is None:
        raise UnreadableImage(f"{name} is a film without frames")
    refuse_size(first.shape[:2], limit, name)
    waiting = [(first, running)]

    def start(film: Film) -> Generator[Timed, None, None]:
        every = itertools.chain([waiting[0][0]], waiting[0][1]) if waiting else pictures()
        waiting.clear()
        for index, pixels in enumerate(every):
            yield index / rate, pixels

    return Film(
        start, name=name, size=first.shape[:2], frames_per_second=rate, count=count, once=once
    )


def _picture(item: Any, index: int) -> Image:
    if isinstance(item, Image):
        return item
    if is_array(item):
        return from_array(item)
    raise InvalidType(
        f"frame {index} is a {type(item).__name__}; a frame is an array (H, W) or (H, W, 3), a "
        "tensor (3, H, W), or an Image"
    )


def _flat(image: Image, label: str) -> Image:
    if image.axes not in ("YX", "YXC"):
        raise UnreadableImage(f"{label} has axes {image.axes!r}; a frame is one picture")
    return image


def _in_order(path: Path) -> tuple[list[tuple[bool, int, str]], str]:
    """Numbers in a name count as numbers: frame9 comes before frame10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts
    ], path.name
