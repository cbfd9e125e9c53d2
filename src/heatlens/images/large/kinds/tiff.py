"""TIFF and BigTIFF: tiled or in strips, with smaller copies as SubIFDs or as pages.

Tiles are read and decoded one by one (tifffile knows the layout, imagecodecs the codecs), so a
file of any size costs the memory of the tiles at hand. Uncompressed strips are read by the row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, MissingDependency, UnreadableImage
from heatlens.images.large.kinds.kept_tiles import KeptTiles
from heatlens.images.large.kinds.tiff_colours import colours_of
from heatlens.images.large.kinds.tiff_pages import orientation_of, pyramid, usable
from heatlens.images.large.kinds.tiff_pieces import Pieces, grid, raw
from heatlens.images.large.kinds.tiff_spacing import spacing_of
from heatlens.images.large.kinds.turns import stored_region, swapped, turned
from heatlens.images.large.source import LargeSource, register
from heatlens.optional import needed

__all__ = ["TiffSource", "open_tiff"]

_KEPT, _KEPT_AT_MOST = 1 << 25, 1 << 28
"""Bytes of decoded tiles that are kept; and of strips, which all regions of a row share."""

_ROWS = 1280
"""Rows of strips that are kept if they fit: those of a region of 1024 with some margin."""


class TiffSource(LargeSource):
    """The first picture of a TIFF file, turned as its Orientation says.

    Args:
        path: the file.
        damaged: what becomes of a tile that cannot be decoded; see `DAMAGED`.

    Raises:
        UnreadableImage: no TIFF, or one of colours or samples that are not read.
    """

    def __init__(self, path: Path, damaged: str = "error") -> None:
        """Read the directory of pages; no pixel."""
        tifffile = needed("tifffile", "reading a TIFF by the tile", extra="large")
        self._path, self._damaged, self._black = path, damaged, dict[str, None]()
        try:
            self._file = tifffile.TiffFile(path)
        except Exception as error:
            raise UnreadableImage(f"{path} is no TIFF, or damaged ({error})") from error
        try:
            page = usable(self._file, path)
            self._pieces = Pieces(path, self._file)
            self._pages, self.notes = pyramid(self._file, page)
            if any(min(grid(p)) < 1 or p.is_tiled != ("TileWidth" in p.tags) for p in self._pages):
                raise UnreadableImage(f"{path} is damaged: it has tiles of size zero")
            self._colours, self._turn = colours_of(page, path), orientation_of(page)
            self.channels, self.dtype = self._colours.channels, self._colours.dtype
            self.value_range = self._colours.value_range
            self.notes += self._colours.notes
            self.levels = tuple(
                self._seen((int(p.imagelength), int(p.imagewidth))) for p in self._pages
            )
            spacing = spacing_of(page, self.description)
            self.spacing = self._seen(spacing) if spacing else None
            self.tile = self._seen(grid(page))
            self._kept = KeptTiles(self._budget(page))
        except InvalidArgument:
            self._file.close()
            raise
        except Exception as error:
            self._file.close()
            raise UnreadableImage(f"{path} has a damaged directory of pages ({error})") from error

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """The tiles that the region touches, put together."""
        place = stored_region(self._turn, self.levels[level], top, left, height, width)
        rows = raw(self._pages[level])
        return turned((self._rows if rows else self._tiles)(level, *place), self._turn)

    @property
    def description(self) -> str:
        """The first page's ImageDescription."""
        return str(self._pages[0].description)

    def damage(self) -> tuple[str, ...]:
        """Which tiles could not be decoded and are black."""
        return tuple(self._black)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _seen(self, sides: tuple[Any, Any]) -> tuple[Any, Any]:
        return (sides[1], sides[0]) if swapped(self._turn) else sides

    def _budget(self, page: Any) -> int:
        (tall, wide), width = grid(page), int(page.imagewidth)
        if wide < width or raw(page):
            return _KEPT
        strips = (_ROWS + 2 * tall) * width * self.channels * self.dtype.itemsize
        if strips > _KEPT_AT_MOST:
            self.notes += (
                f"stored in strips of {tall} x {wide} pixels, so that small regions decode much "
                "else: tiles are faster (vips tiffsave --tile --pyramid)",
            )
        return min(max(_KEPT, strips), _KEPT_AT_MOST)

    def _tiles(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        tall, wide = grid(self._pages[level])
        result = np.empty((height, width, self.channels), self.dtype)
        for row in range(top // tall, (top + height - 1) // tall + 1):
            for column in range(left // wide, (left + width - 1) // wide + 1):
                tile = self._tile(level, row, column)
                y, x = row * tall, column * wide
                first, end = max(top, y), min(top + height, y + tile.shape[0])
                begin, stop = max(left, x), min(left + width, x + tile.shape[1])
                part = tile[first - y : end - y, begin - x : stop - x]
                result[first - top : end - top, begin - left : stop - left] = part
        return result

    def _tile(self, level: int, row: int, column: int) -> npt.NDArray[Any]:
        page = self._pages[level]
        tall, wide = grid(page)
        number = row * -(-int(page.imagewidth) // wide) + column

        def decoded() -> npt.NDArray[Any]:
            try:
                return self._colours.shown(self._pieces.piece(page, number))
            except (InvalidArgument, MissingDependency, MemoryError):
                raise
            except Exception as error:
                where = f"the tile at row {row * tall}, column {column * wide} of level {level}"
                self._lost(f"{where} ({tall} x {wide} pixels) is damaged", error)
                return np.zeros((tall, wide, self.channels), self.dtype)

        return self._kept.get((level, number), decoded)

    def _rows(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        pixels, there = self._pieces.rows(self._pages[level], top, left, height, width)
        try:
            seen = self._colours.shown(pixels)
        except IndexError as error:
            self._lost(f"a row from {top} of level {level} is damaged", error)
            return np.zeros((height, width, self.channels), self.dtype)
        if there < height:
            # From the first row that is missing of the level, not of the region at hand.
            page = self._pages[level]
            stride = int(page.imagewidth) * int(page.samplesperpixel) * page.dtype.itemsize
            first = max(0, self._file.filehandle.size - page.dataoffsets[0]) // stride
            what = f"the file is cut off: row {first} of level {level} and all after it are missing"
            self._lost(what, None)
            seen[there:] = 0
        return seen

    def _lost(self, what: str, error: Exception | None) -> None:
        """Say it, or note it where damaged tiles are left black."""
        told = str(error).partition("\n")[0] or type(error).__name__
        reason = f" ({told})" if error else ""
        if self._damaged == "error":
            raise UnreadableImage(
                f"{self._path}: {what}{reason}; all else can still be read: "
                "open_large(..., damaged='blank') leaves it black and notes it"
            ) from error
        self._black[f"{what}: left black{reason}"] = None


def _recognised(path: Path, head: bytes) -> int:
    return 2 if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") else 0


@register("tiff", recognises=_recognised, summary="TIFF, BigTIFF, OME-TIFF, SVS: by the tile")
def open_tiff(path: Path, damaged: str) -> LargeSource:
    """Read a TIFF's directory of pages."""
    return TiffSource(path, damaged)
