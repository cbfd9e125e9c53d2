"""Films that come through a pipe: read once, in order, never as a whole."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any, BinaryIO

from heatlens.errors import InvalidType, UnreadableImage
from heatlens.images.films.containers import from_container
from heatlens.images.films.film import Film
from heatlens.images.films.quiet import opencv
from heatlens.images.films.y4m import cut_off, lengths

__all__ = ["closing", "from_stream", "is_stream", "standard_input"]

_CHUNK = 1 << 16
_FIRST = 1 << 20
"""More than any pipe or buffer holds, so that afterwards the buffer is empty."""
_PROBED = 1 << 12
"""Bytes that FFmpeg looks at before it decides."""
_MOST = 1 << 26
"""Bytes that are waited for before a film is opened."""
_INDEX_ANYWHERE = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""Boxes that MP4 and MOV begin with."""


def is_stream(source: Any) -> bool:
    """Whether `source` is an open file or anything else with a `read`."""
    return callable(getattr(source, "read", None))


def standard_input() -> BinaryIO:
    """What is piped into this program.

    Raises:
        UnreadableImage: nothing is; a person sits at the terminal.
    """
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None or sys.stdin.isatty():
        raise UnreadableImage(
            "'-' reads a film from standard input, and nothing is piped in; for example "
            "`ffmpeg -i FILE -f yuv4mpegpipe - | heatlens saliency -`"
        )
    return stream


def from_stream(stream: Any, limit: int, open_file: Any, *, own: bool = False) -> Film:
    """A film from a binary stream.

    What FFmpeg can take in passing is decoded as it arrives: Y4M, Matroska, WebM, MPEG-TS, AVI, a
    row of JPEGs. While such a stream, Y4M apart, is silent before its first frame, no other film
    can be opened. MP4, MOV and animations, whose index may stand at the end, are first written to
    a temporary file, which goes with the film.

    Args:
        stream: has `read(count) -> bytes`.
        limit: of pixels in a frame.
        open_file: opens a path under a name, for what had to be written to disk.
        own: whether the stream is closed once it was read.

    Raises:
        InvalidType: open as text.
        UnreadableImage: empty, or nothing that is a film.
    """
    name = getattr(stream, "name", "")
    name = (Path(name).name if isinstance(name, str) and name != "<stdin>" else "") or "the stream"
    head = _read(stream, _FIRST, name)
    if not head:
        raise UnreadableImage(f"{name} is empty (0 bytes); was the program before it at fault?")
    more = head
    while more and (len(head) < 16 or _within_first_line(head)):
        more = _read(stream, _FIRST, name)
        head += more
    if head[4:8] in _INDEX_ANYWHERE or head[:3] == b"GIF" or head[8:12] == b"WEBP":
        film = _spooled(stream, head, name, open_file)
        if own:
            stream.close()
        return film
    opencv("reading films")
    # OpenCV opens one film at a time: none could be opened elsewhere while it waits for a frame.
    sizes = lengths(head)
    while sizes is not None and more and len(head) < min(max(sum(sizes), _PROBED), _MOST):
        more = _read(stream, _FIRST, name)
        head += more
    if _has_raw(stream) and len(more) < _FIRST:
        # Its buffer is empty now. A thread that waits inside a buffered reader would hold the lock
        # that Python needs at its end.
        stream = stream.raw
    return from_container(Path(name), name, limit, pipe=Pump(stream, head, name, own), name=name)


def _within_first_line(head: bytes) -> bool:
    return head.startswith(b"YUV4MPEG2") and b"\n" not in head and len(head) < 256


def _has_raw(stream: Any) -> bool:
    """Whether the file below a buffered reader can be read alone once the buffer is empty."""
    return (
        isinstance(stream, io.BufferedReader)
        and isinstance(stream.raw, io.FileIO)
        and not stream.seekable()
    )


class Pump:
    """Carries a stream through a pipe of our own, in a thread.

    A stream may have no descriptor, or have read ahead of it.
    """

    def __init__(self, stream: Any, head: bytes, name: str, own: bool) -> None:
        """Begin with `head`, which was read already."""
        self.reading, writing = os.pipe()
        self._head = head[:256]
        self._total = 0
        self._stopped = False
        self._sink = os.fdopen(writing, "wb", 0)
        self._lock = threading.Lock()
        threading.Thread(
            target=self._carry, args=(stream, head, name, own), name="heatlens film", daemon=True
        ).start()

    def _carry(self, stream: Any, data: bytes, name: str, own: bool) -> None:
        try:
            while data and not self._stopped:
                with self._lock:
                    view = memoryview(data)
                    while view and not self._sink.closed:
                        view = view[self._sink.write(view) :]
                self._total += len(data)
                if not self._stopped:
                    data = _read(stream, _CHUNK, name)
        except (OSError, ValueError):  # the reader closed, or the stream did
            pass
        finally:
            with self._lock:
                self._sink.close()
            if own:
                stream.close()

    def stop(self) -> None:
        """Let whoever waits for the pipe see its end, even if the stream is silent."""
        self._stopped = True
        # The lock is held while writing; then the reader does not wait.
        if self._lock.acquire(blocking=False):
            try:
                self._sink.close()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.reading)

    def cut_off(self) -> int | None:
        """The frame within which a Y4M broke off; None for all else."""
        return cut_off(self._head, self._total)


def _spooled(stream: Any, head: bytes, name: str, open_file: Any) -> Film:
    folder = Path(tempfile.mkdtemp(prefix="heatlens-film-"))
    path = folder / (name if Path(name).suffix else "film")
    try:
        with path.open("wb") as file:
            file.write(head)
            while data := _read(stream, _CHUNK, name):
                file.write(data)
        film: Film = open_file(path, name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    film.name, film.path = name, None
    weakref.finalize(film, shutil.rmtree, folder, ignore_errors=True)
    return closing(film, lambda: shutil.rmtree(folder, ignore_errors=True))


def closing(film: Film, last: Any) -> Film:
    """The film, with something more to do once it is closed."""
    before = film._release

    def release() -> None:
        try:
            if before is not None:
                before()
        finally:
            last()

    film._release = release
    return film


def _read(stream: Any, count: int, name: str) -> bytes:
    data = getattr(stream, "read1", stream.read)(count)
    if isinstance(data, str):
        raise InvalidType(f"{name} is open as text; open it in binary mode, open(..., 'rb')")
    return bytes(data or b"")
