"""Frames out of OpenCV's captures: of files, and of pipes that may be silent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from heatlens.images.films.aside import Aside
from heatlens.images.films.film import Timed
from heatlens.images.films.quiet import quiet
from heatlens.images.films.y4m import cut_off

__all__ = ["DEFAULT_RATE", "FileSource", "Pipe", "PipeSource", "next_frame", "stated"]

DEFAULT_RATE = 25.0
"""Frames per second where a source does not say."""


class Pipe(Protocol):
    """What decoding needs to know of a pipe."""

    reading: int
    """The descriptor that FFmpeg reads."""

    def stop(self) -> None:
        """Let whoever waits for the pipe see its end."""

    def close(self) -> None:
        """Give the descriptor back."""

    def cut_off(self) -> int | None:
        """The frame within which it broke off, where that can be known."""


class FileSource:
    """A file, decoded by whoever asks for frames."""

    def __init__(self, cv2: Any, path: Path) -> None:
        """Nothing is opened yet."""
        self._cv2, self._path = cv2, path

    def opened(self) -> Any:
        """A capture that was opened, or could not be."""
        with quiet(self._cv2):
            return self._cv2.VideoCapture(str(self._path), self._cv2.CAP_FFMPEG)

    def next(self, capture: Any) -> Timed | None:
        """The next frame; None at the end."""
        return next_frame(self._cv2, capture)

    def cut_off(self) -> int | None:
        """The frame within which a Y4M breaks off."""
        with self._path.open("rb") as file:
            return cut_off(file.read(256), self._path.stat().st_size)

    def release(self, capture: Any = None) -> None:
        """Give the capture, and what else is open, back."""
        if capture is not None:
            capture.release()


class PipeSource:
    """A pipe, decoded in a thread: FFmpeg waits for it where Ctrl-C does not reach."""

    def __init__(self, cv2: Any, pipe: Pipe) -> None:
        """Nothing is opened yet, but the thread runs."""
        self._cv2, self._pipe, self._aside = cv2, pipe, Aside()

    def opened(self) -> Any:
        """A capture that was opened, or could not be."""
        return self._aside(self._open)

    def _open(self) -> Any:
        cv2 = self._cv2
        # Without a limit of time: what comes through a pipe may be live.
        forever = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 0, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 0]
        with quiet(cv2):
            return cv2.VideoCapture(f"pipe:{self._pipe.reading}", cv2.CAP_FFMPEG, forever)

    def next(self, capture: Any) -> Timed | None:
        """The next frame; None at the end."""
        found: Timed | None = self._aside(next_frame, self._cv2, capture)
        return found

    def cut_off(self) -> int | None:
        """The frame within which a Y4M broke off."""
        return self._pipe.cut_off()

    def release(self, capture: Any = None) -> None:
        """Give the capture, and what else is open, back."""
        self._pipe.stop()
        last = [self._pipe.close] if capture is None else [capture.release, self._pipe.close]
        self._aside.end(*last)


def next_frame(cv2: Any, capture: Any) -> Timed | None:
    """The next frame, RGB, and its time; None at the end."""
    there, pixels = capture.read()
    if not there or pixels is None:
        return None
    seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
    colour: npt.NDArray[np.uint8] = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels)
    return (max(seconds, 0.0) if math.isfinite(seconds) else 0.0), colour


def stated(cv2: Any, capture: Any) -> tuple[tuple[int, int], float, int | None]:
    """Size, rate and count as the container says them, where they can be true."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    size = (
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
    )
    return (
        size,
        float(rate) if math.isfinite(rate) and 0 < rate <= 1000 else DEFAULT_RATE,
        int(count) if math.isfinite(count) and 1 <= count < 1e9 else None,
    )
