"""The pieces that a page of a TIFF is stored in: tiles, strips, or rows as they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge, MissingDependency
from heatlens.images.large.source import LARGEST_PIECE

__all__ = ["Pieces", "grid", "raw"]

_ROWS = 64
"""Rows of a page without compression that are read together."""


def raw(page: Any) -> bool:
    """Whether rows lie in the file one after the other as they are."""
    whole = page.is_contiguous and page.compression == 1 and page.planarconfig == 1
    return bool(whole and not page.is_tiled and page.bitspersample in (8, 16, 32, 64))


def grid(page: Any) -> tuple[int, int]:
    """Rows and columns of a piece."""
    if page.is_tiled:
        return int(page.tilelength), int(page.tilewidth)
    rows = _ROWS if raw(page) else int(page.rowsperstrip)
    return max(1, min(rows, int(page.imagelength))), int(page.imagewidth)


class Pieces:
    """Reads samples from an open file; in many threads, as decoding needs no lock.

    Args:
        path: for messages.
        file: the open `tifffile.TiffFile`.
    """

    def __init__(self, path: Path, file: Any) -> None:
        """Read nothing yet."""
        self._path, self._file, self._lock = path, file, threading.Lock()

    def piece(self, page: Any, number: int) -> npt.NDArray[Any]:
        """A decoded tile or strip, (tall, wide, samples).

        Raises:
            ImageTooLarge: it would take more than `LARGEST_PIECE`.
            MissingDependency: imagecodecs is not installed, and it is compressed.
            Exception: whatever a codec raises of damaged data.
        """
        return np.concatenate(list(self._planes(page, number)), axis=-1)

    def rows(
        self, page: Any, top: int, left: int, height: int, width: int
    ) -> tuple[npt.NDArray[Any], int]:
        """Rows of a page that is `raw`, (height, width, samples), and how many were there.

        Where the file ends early, the rest is zero.
        """
        stored = np.dtype(page.dtype).newbyteorder(self._file.byteorder)
        samples, across = int(page.samplesperpixel), int(page.imagewidth)
        result, count = np.zeros((height, width, samples), stored), width * samples
        for row in range(height):
            start = page.dataoffsets[0] + ((top + row) * across + left) * samples * stored.itemsize
            data = self._bytes(start, count * stored.itemsize)
            if len(data) < count * stored.itemsize:
                return result, row
            result[row] = np.frombuffer(data, stored).reshape(width, samples)
        return result, height

    def _bytes(self, offset: int, count: int) -> bytes:
        with self._lock:
            handle = self._file.filehandle
            handle.seek(offset)
            data: bytes = handle.read(count)
        return data

    def _planes(self, page: Any, number: int) -> Iterator[npt.NDArray[Any]]:
        """A piece's channels: all at once, or plane after plane."""
        separate = page.planarconfig == 2
        planes = int(page.samplesperpixel) if separate else 1
        count = len(page.dataoffsets) // planes
        tall, wide = grid(page)
        samples = 1 if separate else int(page.samplesperpixel)
        if tall * wide * samples * np.dtype(page.dtype).itemsize > LARGEST_PIECE:
            raise ImageTooLarge(
                f"{self._path} is stored in pieces of {tall} x {wide} pixels, which have to be "
                "decoded whole: write it in tiles first (vips tiffsave --tile --pyramid)"
            )
        for plane in range(planes):
            index = plane * count + number
            size = page.databytecounts[index]
            data = self._bytes(page.dataoffsets[index], size) if size else None
            if data is not None and len(data) < size:
                raise OSError("the file ends before the tile does")
            try:
                decoded = page.decode(data, index, jpegtables=page.jpegtables)[0]
            except ValueError as error:
                if "imagecodecs" in str(error):
                    raise MissingDependency(
                        "imagecodecs", "large", f"{page.compression.name} compression in TIFF"
                    ) from error
                raise
            if decoded is None:  # a tile that was left out: all background
                decoded = np.full((1, tall, wide, samples), page.nodata, page.dtype)
            yield decoded[0]
