"""Zarr arrays, and OME-Zarr with its smaller copies (multiscales); versions 2 and 3."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage
from heatlens.images.large.kinds.array import OPACITY, known_range
from heatlens.images.large.kinds.zarr_layout import layout_of
from heatlens.images.large.source import LargeSource, register
from heatlens.optional import needed

__all__ = ["ZarrSource", "open_zarr"]

_MARKS = ("zarr.json", ".zarray", ".zgroup")


class ZarrSource(LargeSource):
    """The picture in a Zarr store: axes by name in OME-Zarr, else rows, columns, channels.

    Of time and depth the first is taken, and a note says so. Without names, four channels are
    RGBA, as `read_image` has it of arrays.
    """

    def __init__(self, path: Path, damaged: str = "error") -> None:
        """Read the metadata; no chunk."""
        zarr = needed("zarr", "reading a Zarr store", extra="large")
        self._path, self._damaged, self._black = path, damaged, dict[str, None]()
        try:
            store = zarr.open(str(path), mode="r")
        except Exception as error:
            raise UnreadableImage(f"{path} is no Zarr store, or damaged ({error})") from error
        layout = layout_of(store, path)
        self._arrays, self._axes, self.spacing = layout.arrays, layout.axes, layout.spacing
        first = self._arrays[0]
        place = {axis: n for n, axis in enumerate(self._axes)}
        rows, columns = place["y"], place["x"]
        self.levels = tuple((int(a.shape[rows]), int(a.shape[columns])) for a in self._arrays)
        self.channels = int(first.shape[place["c"]]) if "c" in place else 1
        self.dtype = np.dtype(first.dtype).newbyteorder("=")
        self.value_range = known_range(self.dtype)
        self.tile = int(first.chunks[rows]), int(first.chunks[columns])
        others = [axis for axis in self._axes if axis in "tz" and first.shape[place[axis]] > 1]
        names = {"t": "moment", "z": "slice"}
        self.notes = tuple(f"the first {names[a]} of {first.shape[place[a]]}" for a in others)
        if self.channels == 4 and not layout.named:
            self.channels, self.notes = 3, (*self.notes, OPACITY)

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """The chunks that the region touches, put together by Zarr."""
        bounds = ((0, self.channels), (top, top + height), (left, left + width))
        try:
            return self._part(level, bounds)
        except MemoryError:
            raise
        except Exception as error:
            return self._by_chunk(level, bounds, error)

    def damage(self) -> tuple[str, ...]:
        """Which chunks could not be decoded and are black."""
        return tuple(self._black)

    def _part(self, level: int, bounds: tuple[tuple[int, int], ...]) -> npt.NDArray[Any]:
        """The pixels (rows, columns, channels) from and to (channels, rows, columns)."""
        where = dict(zip("cyx", itertools.starmap(slice, bounds), strict=True))
        part = np.asarray(self._arrays[level][tuple(where.get(a, 0) for a in self._axes)])
        if "c" not in self._axes:
            part = part[..., None]
        kept = [axis for axis in self._axes if axis in "yxc"] + ["c"] * ("c" not in self._axes)
        return part.transpose([kept.index(axis) for axis in "yxc"]).astype(self.dtype, copy=False)

    def _by_chunk(
        self, level: int, bounds: tuple[tuple[int, int], ...], error: Exception
    ) -> npt.NDArray[Any]:
        """Find the chunk that is damaged: name it, or leave it alone black."""
        array = self._arrays[level]
        steps = dict(zip(self._axes, array.chunks, strict=True))
        _, (top, bottom), (left, right) = bounds
        result = np.zeros((bottom - top, right - left, self.channels), self.dtype)
        pieces = [
            [
                (max(first, at), min(last, at + step))
                for at in range(first // step * step, last, step)
            ]
            for (first, last), step in zip(bounds, (steps.get(a, 1) for a in "cyx"), strict=True)
        ]
        for piece in itertools.product(*pieces):
            (c0, c1), (y0, y1), (x0, x1) = piece
            try:
                result[y0 - top : y1 - top, x0 - left : x1 - left, c0:c1] = self._part(level, piece)
            except Exception as reason:
                y, x = y0 // steps["y"] * steps["y"], x0 // steps["x"] * steps["x"]
                what = f"the chunk at row {y}, column {x} of level {level}"
                if self._damaged == "error":
                    raise UnreadableImage(
                        f"{self._path}: {what} is damaged ({reason}); all else can still be read: "
                        "open_large(..., damaged='blank') leaves it black and notes it"
                    ) from error
                self._black[f"{what} is damaged: left black ({reason})"] = None
        return result


def _recognised(path: Path, head: bytes) -> int:
    return 2 if path.is_dir() and any((path / mark).exists() for mark in _MARKS) else 0


@register(
    "zarr", recognises=_recognised, summary="Zarr arrays and OME-Zarr, a folder: by the chunk"
)
def open_zarr(path: Path, damaged: str) -> LargeSource:
    """Read a store's metadata."""
    return ZarrSource(path, damaged)
