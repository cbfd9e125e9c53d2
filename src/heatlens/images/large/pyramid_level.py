"""The levels of a pyramid while it is written: rows of pixels to rows of encoded tiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.large.halving import halved
from heatlens.images.large.image import Progress

__all__ = ["Level", "too_many"]

Band = npt.NDArray[Any]


class Level:
    """One level of a pyramid: rows come in, encoded tiles go out or wait in a file.

    Args:
        size: height and width of the level.
        channels: of a pixel.
        tile: side of a tile.
        dtype: of the values.
        spool: the file that tiles wait in, shared by all levels.
        encode: from a tile (tile, tile, channels) to the bytes in the file.
        pool: threads that encode.
    """

    def __init__(
        self,
        size: tuple[int, int],
        channels: int,
        tile: int,
        dtype: np.dtype[Any],
        spool: IO[bytes],
        encode: Callable[[Band], bytes],
        pool: ThreadPoolExecutor,
    ) -> None:
        """Nothing has come yet."""
        self.size, self._tile, self._spool, self._pool = size, tile, spool, pool
        self._encode, self._places = encode, list[tuple[int, int]]()
        self._rows = np.empty((min(tile, size[0]), size[1], channels), dtype)
        self._filled, self._done = 0, 0

    def streamed(
        self, bands: Iterable[Band], below: list[Level], progress: Progress | None
    ) -> Iterator[bytes]:
        """Level 0's tiles in order; those of the levels below are spooled on the way."""
        height, width = self.size
        for band in bands:
            rows = band[..., None] if band.ndim == 2 else band
            if rows.shape[1:] != self._rows.shape[1:] or rows.dtype != self._rows.dtype:
                raise InvalidArgument(
                    f"a band of shape {band.shape} and type {band.dtype} is no part of a picture "
                    f"{width} wide with {self._rows.shape[2]} channels of {self._rows.dtype}"
                )
            if self._done + self._filled + len(rows) > height:
                raise too_many(self.size)
            for full in self._take(rows):
                encoded = self._encoded(full)
                _pass_on(full, below)  # first: nobody asks again after the last tile
                yield from encoded
                if progress is not None:
                    progress(self._done * width, height * width)
        if self._done != height:
            raise InvalidArgument(
                f"the bands have {self._done + self._filled} rows in all, the picture {height}"
            )

    def spooled(self) -> Iterator[bytes]:
        """The tiles that wait in the temporary file, in order."""
        for offset, count in self._places:
            self._spool.seek(offset)
            yield self._spool.read(count)

    def spool(self, rows: Band, below: list[Level]) -> None:
        """Take rows of this level, and pass the halved ones on."""
        for full in self._take(rows):
            for data in self._encoded(full):
                self._places.append((self._spool.seek(0, os.SEEK_END), len(data)))
                self._spool.write(data)
            _pass_on(full, below)

    def _take(self, rows: Band) -> Iterator[Band]:
        """Rows of tiles as they become complete; each is good until the next is asked for."""
        at = 0
        while at < len(rows):
            capacity = min(self._tile, self.size[0] - self._done)
            count = min(capacity - self._filled, len(rows) - at)
            self._rows[self._filled : self._filled + count] = rows[at : at + count]
            self._filled, at = self._filled + count, at + count
            if self._filled == capacity:
                self._done, self._filled = self._done + capacity, 0
                yield self._rows[:capacity]

    def _encoded(self, rows: Band) -> Iterator[bytes]:
        """The row's tiles, those at the border filled up by repeating it."""
        tile = self._tile

        def one(left: int) -> bytes:
            part = rows[:, left : left + tile]
            missing = ((0, tile - part.shape[0]), (0, tile - part.shape[1]), (0, 0))
            return self._encode(np.pad(part, missing, mode="edge"))

        return self._pool.map(one, range(0, rows.shape[1], tile))


def too_many(size: tuple[int, int]) -> InvalidArgument:
    """What to raise where more rows come than there are."""
    return InvalidArgument(f"the bands have more than the picture's {size[0]} rows")


def _pass_on(rows: Band, below: list[Level]) -> None:
    if below:
        below[0].spool(halved(rows), below[1:])
