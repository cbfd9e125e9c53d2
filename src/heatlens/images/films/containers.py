"""Film files by OpenCV, which brings FFmpeg's decoders."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from pathlib import Path
from typing import Any

from heatlens.errors import ImageTooLarge, UnreadableImage
from heatlens.images.films.decoding import FileSource, Pipe, PipeSource, stated
from heatlens.images.films.film import Film, Timed
from heatlens.images.films.pace import Pace
from heatlens.images.films.quiet import opencv

__all__ = ["CONTAINERS", "from_container", "refuse_size"]

CONTAINERS = "mp4, mov, webm, mkv, avi, ts, y4m"
"""What is read, for messages."""


def from_container(
    path: Path, label: str, limit: int, *, pipe: Pipe | None = None, name: str = ""
) -> Film:
    """A film file; or what comes through a pipe.

    Rotation in the file's metadata is applied. A file that breaks off gives the frames before it,
    and `Film.notes` says so.

    Raises:
        UnreadableImage: damaged, cut off before its first frame, no frames, a codec that FFmpeg
            does not know.
        ImageTooLarge: a frame has more pixels than `limit`.
    """
    cv2 = opencv("reading films")
    source = FileSource(cv2, path) if pipe is None else PipeSource(cv2, pipe)
    capture = None
    try:
        capture = source.opened()
        if not capture.isOpened():
            raise UnreadableImage(f"{label} {_trouble(path) if pipe is None else _PIPE_TROUBLE}")
        refuse_size(stated(cv2, capture)[0], limit, label)
        first = source.next(capture)
        if first is None:
            raise UnreadableImage(
                f"{label} has no frames that can be decoded: it is a clip of length zero, cut off "
                "before its first frame, or of a codec that FFmpeg does not know; "
                f"`ffmpeg -i {path.name if pipe is None else 'FILE'} -c:v mpeg4 out.mp4` may save it"
            )
        refuse_size(first[1].shape[:2], limit, label)
        _, rate, count = stated(cv2, capture)
    except BaseException:
        source.release(capture)
        raise
    waiting: list[Any] = [capture, first]

    def start(film: Film) -> Generator[Timed, None, None]:
        current, frame = waiting if waiting else (source.opened(), None)
        waiting.clear()
        pace = Pace(rate)
        try:
            frame = frame or source.next(current)
            done, last = 0, 0.0
            while frame is not None:
                seconds = frame[0]
                if done and seconds <= last:  # a container without time stamps
                    seconds = last + 1 / rate
                done, last = done + 1, seconds
                pace.see(seconds)
                yield seconds, frame[1]
                frame = source.next(current)
            within = source.cut_off()
            if within is not None:
                film.tell(f"{label} breaks off within frame {within}: it is cut off")
            # The number alone may be an estimate, and a last frame may be shown for long.
            elif count is not None and done < count - 1 and last + 2.5 / rate < count / rate:
                film.tell(
                    f"{label} breaks off after frame {done - 1} of {count}: it is damaged or cut "
                    "off, and the last frames before may be damaged too"
                )
            film.tell(pace.note(label))
        finally:
            source.release(current)

    def release() -> None:
        source.release(*waiting[:1])
        waiting.clear()

    height, width = first[1].shape[:2]
    film = Film(
        start,
        name=name or path.name,
        size=(height, width),
        frames_per_second=rate,
        count=count if pipe is None else None,
        once=pipe is not None,
        release=release,
        path=path if pipe is None else None,
    )
    if pipe is not None:  # a film that nobody closes must not keep the pipe
        weakref.finalize(film, source.release, capture).atexit = False
    return film


def refuse_size(size: tuple[int, ...], limit: int, label: str) -> None:
    """Raise `ImageTooLarge` where a frame has more pixels than `limit`."""
    height, width = size
    if height * width > limit:
        raise ImageTooLarge(
            f"{label} has frames of {width} x {height} = {height * width / 1e6:.3g} million "
            f"pixels, the limit is {limit / 1e6:.3g} million; if you trust it, raise it with "
            "max_pixels= or HEATLENS_MAX_PIXELS"
        )


_PIPE_TROUBLE = (
    "is no stream of pictures that FFmpeg knows; what works: `ffmpeg -i FILE -f yuv4mpegpipe -`, "
    "or -f matroska, webm, mpegts, image2pipe -c:v mjpeg"
)


def _trouble(path: Path) -> str:
    """Why a file that looks like a film cannot be opened, as the end of a sentence."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[4:8] == b"ftyp" and not _has_index(file, path.stat().st_size):
            return (
                "is an MP4 without its index ('moov'): it was cut off, or its recording was not "
                "finished; `untrunc` may save it with an intact film of the same camera"
            )
    return (
        "is a film that is damaged, or of a codec that FFmpeg does not know; "
        f"`ffmpeg -i {path.name} -c:v mpeg4 out.mp4` may save it"
    )


def _has_index(file: Any, size: int) -> bool:
    """Whether an MP4 has a complete box 'moov'."""
    place = 0
    while place + 8 <= size:
        file.seek(place)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if header[4:8] == b"moov":
            return place + length <= size
        if length < 8:
            return False
        place += length
    return False
