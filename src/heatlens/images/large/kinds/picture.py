"""Plain pictures (JPEG, PNG, WebP, ...): decoded whole, once, when first looked at.

Their formats have no tiles. The pixels then lie in memory, which the limit of `read_image` bounds.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy.typing as npt

from heatlens.images.files import opened
from heatlens.images.large.kinds.array import ArraySource
from heatlens.images.large.source import LargeSource, register
from heatlens.images.plugins import open_plugin, recognised, telling
from heatlens.images.read import read_image
from heatlens.images.sniff import kind_of

__all__ = ["PictureSource", "open_picture"]

_TURNED = (5, 6, 7, 8)


class PictureSource(LargeSource):
    """A picture file whose header alone is read at first."""

    def __init__(self, path: Path) -> None:
        """Read the header: size and orientation."""
        self._path, self._lock = path, threading.Lock()
        self._decoded: ArraySource | None = None
        with opened(path) as file:
            self._kind = kind_of(file.head, file.suffix)
            with telling(file.label, self._kind):
                picture = open_plugin(self._kind, file.stream)
                width, height = picture.size
                turned = picture.getexif().get(0x0112, 1) in _TURNED
        self.levels = ((width, height) if turned else (height, width),)
        self.notes = (f"a {self._kind} has no tiles: it is decoded whole",)

    @property
    def _array(self) -> ArraySource:
        with self._lock:
            if self._decoded is None:
                image = read_image(self._path)
                self._decoded = ArraySource(image.pixels, named=True)
                self._decoded.value_range = image.value_range
            return self._decoded

    @property
    def channels(self) -> int:  # type: ignore[override]
        """Number of colour channels; decodes the picture."""
        return self._array.channels

    @property
    def dtype(self) -> Any:  # type: ignore[override]
        """Type of the pixels; decodes the picture."""
        return self._array.dtype

    @property
    def value_range(self) -> tuple[float, float] | None:  # type: ignore[override]
        """Black and white; decodes the picture."""
        return self._array.value_range

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """A slice of the decoded picture."""
        return self._array.region(level, top, left, height, width)


def _recognised(path: Path, head: bytes) -> int:
    return 1 if head and kind_of(head, path.suffix.lower()) in recognised() else 0


@register("picture", recognises=_recognised, summary="JPEG, PNG, WebP, BMP, GIF, PPM, AVIF: whole")
def open_picture(path: Path, damaged: str) -> LargeSource:
    """Read the header of a picture."""
    return PictureSource(path)
