"""`FilmWriter`: frames to a file, one at a time."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.films.encoders import ENCODERS, SLOWEST, Encoder
from heatlens.images.films.place import hidden_beside, partial_beside
from heatlens.images.films.y4m import Y4mEncoder

__all__ = ["FilmWriter", "film_suffixes"]

_RATES = (0.002, 1000)
"""Frames per second."""


def film_suffixes() -> tuple[str, ...]:
    """Endings of files that `FilmWriter` makes."""
    return tuple(ENCODERS)


class FilmWriter:
    """Writes a film frame by frame; a context manager.

    The file grows beside its place under a hidden name of its own, and moves there once it is
    complete. On an error or Ctrl-C inside the `with` block what was written is closed properly and
    kept, playable, as `NAME.partial.SUFFIX` (or `NAME.partial-2.SUFFIX`, ...: no file is replaced);
    without a single frame nothing is left.

    | suffix | codec | |
    |---|---|---|
    | .mp4, .mov | MPEG-4 part 2 | plays everywhere but in some browsers; the quickest |
    | .webm | VP8 | plays in browsers |
    | .avi | Motion JPEG | every frame by itself, large |
    | .mkv | FFV1 | without loss, large |
    | .y4m | none | raw; what other programs take from a pipe |
    | .gif | 256 colours a frame | for short films: Pillow keeps every frame until the end; equal frames in a row become one, longer |
    | .webp | WebP | as .gif, in full colour |

    With `"-"` as the path Y4M goes to standard output, frame by frame:
    `... | ffmpeg -i - out.mp4`.

    Attributes:
        frames: how many were written.
        notes: what a reader should know: a column that was added, frames that were repeated.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "black.gif"
        >>> with FilmWriter(path, (4, 6), 10) as film:
        ...     for level in (0, 100):
        ...         film.write(np.full((4, 6, 3), level, np.uint8))
        >>> film.frames, path.exists()
        (2, True)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        size: tuple[int, int],
        frames_per_second: float,
        *,
        overwrite: bool = True,
    ) -> None:
        """Open a film for writing.

        Args:
            path: ends in one of the suffixes above, or "-".
            size: height and width of every frame. All but GIF and WebP take even sizes: an odd
                last row or column is repeated once.
            frames_per_second: 0.002 to 1000. GIF counts in hundredths of a second, and shows at
                most 50; in containers each frame of a film below 0.1 (WebM: 1) stands several
                times.
            overwrite: whether a file that is there already may be replaced.

        Raises:
            InvalidArgument: an unknown suffix, no such folder, a size or rate that no film has, a
                file that is there and must not be replaced.
            MissingDependency: a container without the extra `video`.
        """
        height, width = _size(size)
        if (
            isinstance(frames_per_second, bool)
            or not isinstance(frames_per_second, int | float | np.number)
            or not _RATES[0] <= frames_per_second <= _RATES[1]
        ):
            raise InvalidArgument(
                f"frames_per_second is {frames_per_second!r}; it can be {_RATES[0]:g} to {_RATES[1]}"
            )
        self.size = height, width
        self.frames_per_second = float(frames_per_second)
        self.frames = 0
        self.notes: list[str] = []
        self._closed = False
        self._odd = False
        self._target: Path | None = None
        self._growing: Path | None = None
        self._hold = 1
        self._encoder: Encoder
        if os.fspath(path) == "-":
            self.name = "standard output"
            self._encoder = Y4mEncoder(None, self._even(), self.frames_per_second)
            return
        target = Path(path).expanduser()
        self.name = target.name
        kind = ENCODERS.get(target.suffix.lower())
        if kind is None:
            raise InvalidArgument(
                f"{target.name} ends in {target.suffix or 'nothing'!r}; a film can end in "
                f"{', '.join(ENCODERS)}"
            )
        if not target.parent.is_dir():
            raise InvalidArgument(f"the folder {target.parent} does not exist; make it first")
        if target.is_dir():
            raise InvalidArgument(f"{target} is a folder; a film is a file")
        if target.exists() and not overwrite:
            raise InvalidArgument(f"{target} is there already; overwrite=True replaces it")
        self._target = target
        shape = self._even() if kind.even else self.size
        self._growing = hidden_beside(target)
        try:
            self._encoder = kind(
                self._growing, shape, self._held(SLOWEST.get(target.suffix.lower(), 0.0))
            )
        except BaseException:
            self._growing.unlink(missing_ok=True)
            raise

    def write(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Append a frame.

        Args:
            pixels: uint8 (H, W, 3) RGB, or (H, W) grey, of the film's size.

        Raises:
            InvalidType: not uint8.
            InvalidArgument: another shape, or the film is closed.
        """
        if self._closed:
            raise InvalidArgument(f"{self.name} is closed; no more frames can be written")
        frame = np.asarray(pixels)
        if frame.dtype != np.uint8:
            raise InvalidType(
                f"a frame is uint8, 0..255; this one is {frame.dtype}: Image(...).rgb() converts"
            )
        if frame.ndim == 2:
            frame = np.repeat(frame[..., None], 3, axis=2)
        if frame.shape != (*self.size, 3):
            raise InvalidArgument(
                f"frame {self.frames} has shape {frame.shape}; this film takes {(*self.size, 3)}"
            )
        if self._odd:
            below, right = self.size[0] % 2, self.size[1] % 2
            frame = np.pad(frame, ((0, below), (0, right), (0, 0)), mode="edge")
        frame = np.ascontiguousarray(frame)
        for _ in range(self._hold):
            self._encoder.write(frame)
        self.frames += 1

    def close(self) -> None:
        """Finish the film and move it to its place; may be called twice.

        Raises:
            InvalidArgument: no frame was written.
            OSError: it did not reach the disk whole; what is there stays beside its place.
        """
        self._finish(complete=True)

    def _finish(self, *, complete: bool) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._encoder.close()
        except BaseException as error:
            self._keep(error)
            raise
        if self._growing is None or self._target is None:
            return
        if not self.frames:
            self._growing.unlink(missing_ok=True)
            if complete:
                raise InvalidArgument(f"no frame was written to {self.name}; there is no such film")
        elif complete:
            self._growing.replace(self._target)
        else:
            self._keep(None)

    def _keep(self, error: BaseException | None) -> None:
        """Give what was written a name that is seen, and say it."""
        if self._growing is None or self._target is None or not self._growing.exists():
            return
        if not self.frames:
            self._growing.unlink(missing_ok=True)
            return
        kept = partial_beside(self._target)
        self._growing.replace(kept)
        told = f"{self.frames} frames were kept in {kept}"
        self.notes.append(told)
        if error is not None:
            error.add_note(told)

    def _held(self, slowest: float) -> float:
        """The encoder's rate, with which each frame is written `_hold` times."""
        self._hold = max(1, math.ceil(slowest / self.frames_per_second - 1e-9))
        if self._hold > 1:
            self.notes.append(
                f"each frame stands {self._hold} times in {self.name}: its kind shows at least "
                f"{slowest:g} frames a second"
            )
        return self.frames_per_second * self._hold

    def _even(self) -> tuple[int, int]:
        """The size with both numbers even, as 4:2:0 codecs need it."""
        height, width = self.size
        self._odd = bool(height % 2 or width % 2)
        even = height + height % 2, width + width % 2
        if self._odd:
            self.notes.append(
                f"{height} x {width} became {even[0]} x {even[1]}: the codec takes even sizes, so "
                "the last row or column is repeated"
            )
        return even

    def __enter__(self) -> FilmWriter:
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
            return
        with contextlib.suppress(OSError):
            self._finish(complete=False)
        for note in self.notes:
            if " were kept in " in note:
                error.add_note(note)


def _size(size: Any) -> tuple[int, int]:
    try:
        height, width = (int(side) for side in size)
    except (TypeError, ValueError):
        raise InvalidType(f"size is {size!r}; it is (height, width) in pixels") from None
    if not (1 <= height <= 16384 and 1 <= width <= 16384):
        raise InvalidArgument(f"size is {size!r}; each side can be 1 to 16384 pixels")
    return height, width
