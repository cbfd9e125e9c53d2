"""A film: frames in order, with their times, one at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnreadableImage

__all__ = ["Film", "Frame", "Timed"]

Timed = tuple[float, npt.NDArray[np.uint8]]
"""What a source yields: seconds, and uint8 (H, W, 3) RGB."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film.

    Attributes:
        index: from 0, in the order of showing.
        seconds: when it is shown, from the beginning of the film; by the container's time stamps,
            so that films of variable frame rate keep their times.
        pixels: uint8 (H, W, 3), RGB; the reader's to keep.
    """

    index: int
    seconds: float
    pixels: npt.NDArray[np.uint8]


class Film:
    """Frames in order, read as they are asked for; a context manager.

    Each iteration of a file, folder or array starts from the beginning. A pipe, a camera or an
    iterator can be gone through once.

    Attributes:
        name: the file's name, or what the source is called.
        path: the file or folder that is read; None for all others.
        size: height and width in pixels, of every frame.
        frames_per_second: the mean rate; `Frame.seconds` has the times themselves.
        count: frames that the source promises; None where it does not say.
        once: whether it can be gone through a single time.
        notes: what a reader should know, in words; complete once the last frame was read.

    Example:
        >>> from heatlens.images.films import open_film
        >>> with open_film(np.zeros((3, 4, 6, 3), np.uint8), frames_per_second=10) as film:
        ...     [(frame.index, frame.seconds) for frame in film]
        [(0, 0.0), (1, 0.1), (2, 0.2)]
    """

    def __init__(
        self,
        start: Callable[[Film], Generator[Timed, None, None]],
        *,
        name: str,
        size: tuple[int, int],
        frames_per_second: float,
        count: int | None = None,
        once: bool = False,
        release: Callable[[], None] | None = None,
        path: Path | None = None,
    ) -> None:
        """Wrap a source.

        Args:
            start: makes the frames from the beginning; it may `tell` the film.
            name: what to call it.
            size: height and width.
            frames_per_second: the mean rate.
            count: frames it promises.
            once: whether `start` works a single time.
            release: gives back what is open; may be called from another thread.
            path: the file or folder.
        """
        self.name = name
        self.path = path
        self.size = size
        self.frames_per_second = float(frames_per_second)
        self.count = count
        self.notes: list[str] = []
        self._start = start
        self.once = once
        self._release = release
        self._started = False
        self._closed = False
        self._running: list[Generator[Timed, None, None]] = []

    def __enter__(self) -> Film:
        """The film itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what is open; may be called twice, and while another thread reads."""
        self._closed = True
        if self._release is not None:
            release, self._release = self._release, None
            release()
        while self._running:
            with contextlib.suppress(ValueError):  # another thread is inside, and will end
                self._running.pop().close()

    def tell(self, note: str | None) -> None:
        """Add to the notes what is not there yet."""
        if note is not None and note not in self.notes:
            self.notes.append(note)

    def __iter__(self) -> Iterator[Frame]:
        """The frames from the beginning.

        Raises:
            InvalidArgument: the film is closed, or can be gone through once and was.
            UnreadableImage: a frame has another size than the first.
        """
        if self._closed:
            raise InvalidArgument(f"{self.name} is closed; open the film again with open_film")
        if self._started and self.once:
            raise InvalidArgument(
                f"{self.name} can be gone through once, and was; keep the frames or save the film"
            )
        self._started = True
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        source = self._start(self)
        self._running.append(source)
        try:
            for index, (seconds, pixels) in enumerate(source):
                if pixels.shape[:2] != self.size:
                    raise UnreadableImage(
                        f"frame {index} of {self.name} is {pixels.shape[0]} x {pixels.shape[1]} "
                        f"pixels, the first is {self.size[0]} x {self.size[1]}; a film has one size"
                    )
                yield Frame(index, seconds, pixels)
                if self._closed:
                    return
        finally:
            source.close()
            if source in self._running:
                self._running.remove(source)

    def __repr__(self) -> str:
        """Name, size, rate and length in one line."""
        length = "" if self.count is None else f", {self.count} frames"
        height, width = self.size
        return f"Film({self.name!r}, {height} x {width}, {self.frames_per_second:g} fps{length})"
