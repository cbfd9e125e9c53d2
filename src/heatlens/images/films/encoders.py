"""What writes each kind of film file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.films.quiet import opencv, quiet, silenced
from heatlens.images.films.y4m import Y4mEncoder

__all__ = ["ENCODERS", "SLOWEST", "AnimationEncoder", "ContainerEncoder", "Encoder"]

_SMALLEST = 16
"""Pixels; with less some of FFmpeg's encoders write beyond their memory."""
_MOST = 65535
"""Numerator of a rate, in MPEG-4 part 2."""
_LOOK, _ROOM = 32, 1 << 22
"""Every so many frames so many bytes have to be free."""

_CODECS = {".mp4": "mp4v", ".mov": "mp4v", ".webm": "VP80", ".avi": "MJPG", ".mkv": "FFV1"}


class Encoder(Protocol):
    """What writes one kind of file."""

    even: ClassVar[bool]
    """Whether it takes even sizes only."""

    def write(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Take a frame, uint8 (H, W, 3) RGB."""

    def close(self) -> None:
        """Finish the file."""


class ContainerEncoder:
    """A container written by OpenCV's FFmpeg."""

    even: ClassVar[bool] = True

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        """Open `path`; an `InvalidArgument` where this OpenCV has no such encoder."""
        self._cv2 = opencv("writing films")
        self._path, self._rate, self._frames = path, rate, 0
        if min(size) < _SMALLEST:
            raise InvalidArgument(
                f"{path.suffix} takes frames from {_SMALLEST} x {_SMALLEST} pixels on, not "
                f"{size[0]} x {size[1]}; .gif, .webp and .y4m take any, or enlarge them"
            )
        if path.suffix.lower() in (".mp4", ".mov"):
            rate = _countable(rate)
        code = _CODECS[path.suffix.lower()]
        with quiet(self._cv2), silenced():
            self._writer = self._cv2.VideoWriter(
                str(path),
                self._cv2.CAP_FFMPEG,
                self._cv2.VideoWriter_fourcc(*code),
                rate,
                (size[1], size[0]),
            )
        if not self._writer.isOpened():
            path.unlink(missing_ok=True)
            raise InvalidArgument(
                f"this OpenCV cannot write {path.suffix} ({code}) at {size[0]} x {size[1]}, or the "
                "folder cannot be written to; .avi or .gif may work"
            )

    def write(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Take a frame, uint8 (H, W, 3) RGB; an `OSError` where the disk is full."""
        if self._frames % _LOOK == 0 and shutil.disk_usage(self._path.parent).free < _ROOM:
            raise OSError(f"the disk of {self._path.parent} is full")
        self._writer.write(self._cv2.cvtColor(pixels, self._cv2.COLOR_RGB2BGR))
        self._frames += 1

    def close(self) -> None:
        """Finish the file; an `OSError` where it did not reach the disk whole.

        OpenCV says nothing of frames that could not be written, so the last one is looked for.
        """
        self._writer.release()
        if not self._frames:
            return
        if not (self._reaches_its_end() or self._count() >= self._frames):
            raise OSError(
                f"the film is not whole: the last of its {self._frames} frames did not reach "
                "the disk; is it full, or over a quota?"
            )

    def _reaches_its_end(self) -> bool:
        cv2 = self._cv2
        with quiet(cv2):
            film = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
            film.set(cv2.CAP_PROP_POS_FRAMES, self._frames - 1)
            there = film.grab()
            last = film.get(cv2.CAP_PROP_POS_MSEC) / 1000 * self._rate
            film.release()
        return bool(there and last > self._frames - 1.5)

    def _count(self) -> int:
        """Frames that are there, one by one: for files that cannot be sought in."""
        with quiet(self._cv2):
            film = self._cv2.VideoCapture(str(self._path), self._cv2.CAP_FFMPEG)
            count = 0
            while film.grab():
                count += 1
            film.release()
        return count


class AnimationEncoder:
    """GIF or WebP by Pillow, which takes all frames at once: they are kept until the end."""

    even: ClassVar[bool] = False
    limit: ClassVar[int] = 400_000_000
    """Pixels, all frames together."""

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        """Nothing is written before `close`; an `InvalidArgument` where GIF is too slow."""
        if path.suffix.lower() == ".gif" and rate > 50:
            raise InvalidArgument(
                f"a GIF shows at most 50 frames a second, not {rate:g}; .webp and .mp4 show more"
            )
        self._path = path
        self._frames: list[Any] = []
        self._most = self.limit // (size[0] * size[1])
        self._milliseconds = max(1000 / rate, 1)

    def write(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Take a frame, uint8 (H, W, 3) RGB."""
        from PIL import Image as Pillow

        if len(self._frames) >= self._most:
            raise InvalidArgument(
                f"{self._path.suffix} keeps every frame in memory, and {self._most} of this size "
                "are the limit; write .mp4 or .webm"
            )
        frame = Pillow.fromarray(pixels)
        if self._path.suffix.lower() == ".gif":  # a third of the memory, and the colours it gets
            frame = frame.quantize(256, dither=Pillow.Dither.FLOYDSTEINBERG)
        self._frames.append(frame)

    def close(self) -> None:
        """Write the file."""
        if not self._frames:
            return
        ends = [round(self._milliseconds * (i + 1)) for i in range(len(self._frames))]
        if self._path.suffix.lower() == ".gif":
            ends = [10 * round(end / 10) for end in ends]
        durations = np.maximum(np.diff([0, *ends]), 1).tolist()
        first, *others = self._frames
        webp = self._path.suffix.lower() == ".webp"
        first.save(
            self._path,
            format="WEBP" if webp else "GIF",
            save_all=True,
            append_images=others,
            duration=durations,
            loop=0,
            **({"quality": 90, "method": 2} if webp else {"disposal": 1}),
        )


def _countable(rate: float) -> float:
    """The nearest rate that MPEG-4 can count: OpenCV makes a fraction of up to three decimals.

    Example:
        >>> _countable(200 / 3), _countable(30000 / 1001), _countable(239.7612)
        (66.67, 29.97, 239.76)
    """
    for decimals in (3, 2, 1):
        if round(rate * 10**decimals) <= _MOST:
            return round(rate, decimals)
    return float(round(rate))


ENCODERS: dict[str, type[ContainerEncoder] | type[AnimationEncoder] | type[Y4mEncoder]] = {
    **dict.fromkeys(_CODECS, ContainerEncoder),
    ".y4m": Y4mEncoder,
    ".gif": AnimationEncoder,
    ".webp": AnimationEncoder,
}
"""Suffix to encoder."""

SLOWEST = {**dict.fromkeys(_CODECS, 0.1), ".webm": 1.0}
"""Frames per second that a kind shows at least; with less FFmpeg's muxer of WebM drops frames."""
