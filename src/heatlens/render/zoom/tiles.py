"""Deep Zoom tiles: a picture cut up at every size, from one pixel to the whole.

Level l has the size of the picture over 2^(L - l), rounded up, with L the first at which one pixel
is the whole picture; its tiles lie in NAME_files/l/column_row.EXT, and NAME.dzi says how large all
is. Each tile is made from the four below it, depth first, so that memory is a few tiles per level.
Microsoft: Deep Zoom File Format Overview; OpenSeadragon reads the same.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

__all__ = ["Layer", "tile_pyramid"]

Array = npt.NDArray[Any]
Size = tuple[int, int]
Key = tuple[int, int, int]


@dataclass(frozen=True)
class Layer:
    """Something to be cut into tiles.

    Attributes:
        name: of its files.
        size: height and width of the whole.
        region: `region(top, left, height, width)` gives numbers (h, w) or (h, w, C).
        drawn: from such numbers to a picture of 8 bits.
        suffix: "jpg" or "png".
        options: how Pillow writes it.
    """

    name: str
    size: tuple[int, int]
    region: Callable[[int, int, int, int], Array]
    drawn: Callable[[Array], Pillow.Image]
    suffix: str
    options: dict[str, Any]


def tile_pyramid(
    layer: Layer, folder: Path, tile: int, done: Callable[[int], None] | None = None
) -> int:
    """Write all tiles of a layer, and its .dzi.

    Args:
        layer: what to cut.
        folder: where to; it exists.
        tile: side of the tiles.
        done: called with the pixels of level 0 of each tile that was written there, by one thread
            at a time.

    Returns:
        The number of the highest level.

    Example:
        >>> import tempfile
        >>> grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
        >>> layer = Layer(
        ...     "a",
        ...     (3, 4),
        ...     lambda t, l, h, w: grey[t : t + h, l : l + w],
        ...     lambda values: Pillow.fromarray(values.astype(np.uint8)),
        ...     "png",
        ...     {},
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     top = tile_pyramid(layer, Path(folder), 2)
        ...     names = sorted(
        ...         p.relative_to(folder).as_posix() for p in Path(folder).rglob("*.png")
        ...     )
        >>> top, names[:3], len(names)
        (2, ['a_files/0/0_0.png', 'a_files/1/0_0.png', 'a_files/2/0_0.png'], 6)
    """
    pyramid = _Pyramid(layer, folder, tile, done)
    pyramid.write()
    _describe(layer, folder, tile)
    return pyramid.highest


class _Pyramid:
    """The tiles of a layer, by level, column and row."""

    def __init__(
        self, layer: Layer, folder: Path, tile: int, done: Callable[[int], None] | None
    ) -> None:
        self._layer, self._tile, self._done = layer, tile, done
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._place = folder / f"{layer.name}_files"
        self.highest = math.ceil(math.log2(max(layer.size)))

    def write(self) -> None:
        """All levels: large parts by several threads, the few tiles above them afterwards."""
        for level in range(self.highest + 1):
            (self._place / str(level)).mkdir(parents=True, exist_ok=True)
        single = self.highest  # the highest level that is one tile
        while max(self._size(single)) > self._tile:
            single -= 1
        split = min(single + 2, self.highest)  # up to 16 parts
        down, across = (-(-side // self._tile) for side in self._size(split))
        parts = [(split, column, row) for row in range(down) for column in range(across)]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            jobs = [pool.submit(self._made, *part, {}) for part in parts]
            try:
                wait(jobs, return_when=FIRST_EXCEPTION)
                for job in sorted(jobs, key=lambda job: not job.done()):
                    job.result()
                ready = {part: job.result() for part, job in zip(parts, jobs, strict=True)}
            except BaseException:  # an error or Ctrl-C: threads end with the tile at hand
                self._stopped.set()
                pool.shutdown(cancel_futures=True)
                raise
        whole = self._made(single, 0, 0, ready)
        for level in range(single - 1, -1, -1):
            whole = self._saved(level, 0, 0, _half(whole))

    def _size(self, level: int) -> Size:
        height, width = self._layer.size
        shrink = self.highest - level
        return -(-height >> shrink), -(-width >> shrink)

    def _made(self, level: int, column: int, row: int, ready: dict[Key, Array]) -> Array:
        """A tile, written, from the picture or from the tiles below it."""
        if (found := ready.pop((level, column, row), None)) is not None:
            return found
        if self._stopped.is_set():
            raise CancelledError
        tile, (height, width) = self._tile, self._size(level)
        if level == self.highest:
            top, left = row * tile, column * tile
            size = min(tile, height - top), min(tile, width - left)
            values = self._layer.region(top, left, *size)
            if self._done is not None:
                with self._lock:
                    self._done(size[0] * size[1])
            return self._saved(level, column, row, values)
        height, width = self._size(level + 1)
        lines = [
            np.concatenate(
                [
                    self._made(level + 1, across, down, ready)
                    for across in (2 * column, 2 * column + 1)
                    if across * tile < width
                ],
                axis=1,
            )
            for down in (2 * row, 2 * row + 1)
            if down * tile < height
        ]
        return self._saved(level, column, row, _half(np.concatenate(lines)))

    def _saved(self, level: int, column: int, row: int, values: Array) -> Array:
        path = self._place / str(level) / f"{column}_{row}.{self._layer.suffix}"
        self._layer.drawn(values).save(path, **self._layer.options)
        return values


def _half(values: Array) -> Array:
    """Means of two by two, in float32; an odd last row or column stands for itself."""
    odd = [(0, side % 2) for side in values.shape[:2]] + [(0, 0)] * (values.ndim - 2)
    whole = np.pad(values.astype(np.float32, copy=False), odd, mode="edge")
    rows = whole[::2] + whole[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) / np.float32(4)


def _describe(layer: Layer, folder: Path, tile: int) -> None:
    height, width = layer.size
    (folder / f"{layer.name}.dzi").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
        f'Format={quoteattr(layer.suffix)} Overlap="0" TileSize="{tile}">'
        f'<Size Height="{height}" Width="{width}"/></Image>\n',
        encoding="utf-8",
    )
