"""`open_film`: one way in for every source of moving pictures."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage
from heatlens.image import Image
from heatlens.images.arrays import from_array, is_array
from heatlens.images.files import existing_file
from heatlens.images.films.animations import from_animation
from heatlens.images.films.cameras import from_camera
from heatlens.images.films.containers import CONTAINERS, from_container
from heatlens.images.films.decoding import DEFAULT_RATE
from heatlens.images.films.film import Film
from heatlens.images.films.pipes import from_stream, is_stream, standard_input
from heatlens.images.films.sequences import from_clip, from_folder, from_iterable
from heatlens.images.read import pixel_limit
from heatlens.images.sniff import describe, is_film, kind_of

__all__ = ["open_film"]

_ANIMATED = ("GIF", "WEBP", "AVIF")


def open_film(
    source: str | os.PathLike[str] | Image | Iterable[Any] | Any,
    *,
    frames_per_second: float | None = None,
    max_pixels: int | None = None,
) -> Film:
    """Open a film; its frames are read one at a time as they are iterated over.

    - Files: mp4, mov, webm, mkv, avi, ts, y4m (OpenCV's FFmpeg, extra `video`); animated GIF and
      WebP (Pillow). They are known by their content. Rotation in the metadata is applied, times
      are the container's. A file that breaks off gives what came before; `Film.notes` says where.
    - A folder of pictures, in the order of the numbers in their names.
    - `"-"` (standard input), a named pipe or an open binary file: Y4M, Matroska, WebM, MPEG-TS, AVI or a row of
      JPEGs are decoded as they arrive (`ffmpeg -i FILE -f yuv4mpegpipe - | ...`); MP4 and
      animations pass through a temporary file. Bytes count as a file's content.
    - `"camera:0"`: a camera of this machine, until the reader stops.
    - An `Image` with axes TYX or TYXC, an array (T, H, W, 3) or (T, H, W), or an iterable of
      pictures (arrays, tensors, `Image`s). Nothing is copied beyond the frame at hand. The range of
      the whole film is mapped on 0..255; of a generator that of its first frame, beyond which
      the others must not go. A `Film` comes back as it is.

    Args:
        source: the film.
        frames_per_second: for sources that do not know their rate: folders, arrays, iterables;
            25 without it. An `Image` that was read from a film knows its times.
        max_pixels: limit of one frame, checked before anything is decoded; else as in
            `read_image`.

    Raises:
        MissingImage: there is no such file.
        UnreadableImage: empty, no film (the message says what it is), without frames, damaged
            before its first frame, of an unknown codec; no such camera.
        ImageTooLarge: frames with more pixels than the limit.
        InvalidArgument: a rate that is not above 0, or given for a source that has its own.
        MissingDependency: a container without the extra `video`.

    Example:
        >>> with open_film([np.zeros((4, 6), np.uint8)] * 3) as film:
        ...     film.size, film.count, [frame.pixels.shape for frame in film]
        ((4, 6), 3, [(4, 6, 3), (4, 6, 3), (4, 6, 3)])
    """
    rate = _rate(frames_per_second)
    limit = pixel_limit(max_pixels)
    if isinstance(source, Film):
        return source
    if isinstance(source, Image):
        return from_clip(source, None if frames_per_second is None else rate)
    if is_array(source):
        return from_clip(_clip(source), rate)
    own = "its own frame rate; frames_per_second= is for folders, arrays and iterables"
    if isinstance(source, str | os.PathLike):
        folder = Path(source).expanduser()
        if str(source) not in ("", "-") and folder.is_dir():
            return from_folder(folder, rate, limit)
        if frames_per_second is not None:
            raise InvalidArgument(f"{os.fspath(source)} has {own}")
        return _from_name(source, limit)
    if isinstance(source, bytes | bytearray | memoryview) or is_stream(source):
        if frames_per_second is not None:
            raise InvalidArgument(f"a stream has {own}")
        given: Any = source
        stream = given if is_stream(given) else io.BytesIO(given)
        return from_stream(stream, limit, lambda path, name: _from_file(path, limit, name))
    if isinstance(source, Iterable):
        return from_iterable(source, rate, limit)
    raise InvalidType(
        f"open_film does not take a {type(source).__name__}; give a path, '-', 'camera:0', an "
        "open binary file, a folder, an Image with time, an array (T, H, W, 3) or several pictures"
    )


def _from_name(source: str | os.PathLike[str], limit: int) -> Film:
    text = os.fspath(source)
    if text == "-":
        return from_stream(
            standard_input(), limit, lambda path, name: _from_file(path, limit, name)
        )
    camera = re.fullmatch(r"camera:(.*)", text)
    if camera:
        if not (camera[1].isascii() and camera[1].isdecimal()):
            raise InvalidArgument(f"{text!r} is no camera; they are counted: 'camera:0'")
        return from_camera(int(camera[1]), limit)
    fifo = Path(text).expanduser()
    if fifo.is_fifo():
        return _from_fifo(fifo, limit)
    return _from_file(existing_file(source, "film"), limit)


def _from_fifo(path: Path, limit: int) -> Film:
    """A named pipe, or what a shell makes of `<(command)`."""
    stream = path.open("rb", buffering=0)
    try:
        film = from_stream(
            stream, limit, lambda file, name: _from_file(file, limit, name), own=True
        )
    except BaseException:
        stream.close()
        raise
    film.path = path
    return film


def _from_file(path: Path, limit: int, name: str | None = None) -> Film:
    label = name or str(path)
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise UnreadableImage(f"{label} cannot be opened: {error.strerror or error}") from error
    if not head:
        raise UnreadableImage(f"{label} is empty (0 bytes)")
    kind = kind_of(head, path.suffix.lower())
    if kind in _ANIMATED:
        return from_animation(path, label, kind, limit)
    if is_film(head, path.suffix.lower()):
        return from_container(path, label, limit)
    if kind != "unknown":
        raise UnreadableImage(f"{label} is a {kind}, a still picture; use heatlens.read_image")
    raise UnreadableImage(
        f"{label} is not a film: {describe(head)}. Films are {CONTAINERS}, animated GIF or WebP"
    )


def _clip(array: Any) -> Image:
    shape = tuple(np.shape(array))
    if len(shape) == 3 and shape[-1] not in (1, 3, 4):
        return from_array(array, "TYX")
    if len(shape) == 4:
        first = shape[1] in (1, 3, 4) and shape[-1] not in (1, 3, 4)
        return from_array(array, "TCYX" if first else "TYXC")
    raise InvalidArgument(
        f"an array of shape {shape} is no film; give (frames, rows, columns, 3) or (frames, rows, "
        "columns), or an Image with axes 'TYX' or 'TYXC'"
    )


def _rate(given: float | None) -> float:
    if given is None:
        return DEFAULT_RATE
    if isinstance(given, bool) or not isinstance(given, int | float | np.number):
        raise InvalidType(f"frames_per_second is {given!r}; it is a number")
    if not 0 < given <= 10000:
        raise InvalidArgument(f"frames_per_second is {given}; it is above 0, 25 for example")
    return float(given)
