"""Pyramidal TIFF written as a stream: bands of rows in, a tiled BigTIFF with SubIFDs out.

Level 0 goes straight into the file. Each smaller level is halved from the one above as the rows
come, and waits, compressed, in a temporary file beside it. Memory: some rows of tiles, whatever
the picture's height. QuPath, OMERO, libvips, tifffile and OpenSeadragon's servers read the result.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.images.large.halving import level_sizes
from heatlens.images.large.image import Progress
from heatlens.images.large.place import checked_place
from heatlens.images.large.pyramid_level import Level, too_many
from heatlens.images.large.streaming import workers
from heatlens.optional import needed

__all__ = ["COMPRESSIONS", "write_pyramid"]

COMPRESSIONS = ("deflate", "none", "zstd")
"""zstd is fast and small, deflate is read by everything, none costs no time."""

_FLOAT_PREDICTOR, _INTEGER_PREDICTOR = 3, 2

_ROOM = " " * 8192
"""For the description, which is written last; a longer one goes to the file's end."""

Band = npt.NDArray[Any]


def write_pyramid(
    path: str | os.PathLike[str],
    bands: Iterable[Band],
    size: tuple[int, int],
    dtype: npt.DTypeLike = np.float32,
    *,
    channels: int = 1,
    tile: int = 512,
    compression: str = "zstd",
    spacing: tuple[float, float] | None = None,
    description: str | Callable[[], str] = "",
    progress: Progress | None = None,
) -> Path:
    """Write a large picture, or the values of a heatmap, with its smaller copies.

    The file appears whole or not at all: it is written as `.NAME.part` beside its place and then
    renamed. Of a run that was killed this part remains, and the next one writes over it.

    Args:
        path: where to; `.tif` or `.tiff`.
        bands: full-width rows (h, W) or (h, W, C) from top to bottom, of any heights.
        size: height and width of the whole.
        dtype: uint8, uint16 or float32.
        channels: 1, or 3 for RGB.
        tile: side of the tiles, a multiple of 16.
        compression: one of `COMPRESSIONS`; without loss.
        spacing: millimetres between rows and between columns.
        description: what goes in the first page's ImageDescription, plain ASCII; a function is
            asked when all bands are there.
        progress: called after each row of tiles, in pixels.

    Returns:
        The path.

    Raises:
        InvalidArgument: bands that do not make up `size`, or a place that cannot be written to.
        InvalidType: sizes that are not whole numbers.

    Example:
        >>> from heatlens.images.large import open_large
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     bands = (np.full((100, 600), k, np.uint8) for k in range(7))
        ...     path = write_pyramid(Path(folder, "a.tif"), bands, (700, 600), np.uint8, tile=256)
        ...     with open_large(path) as large:
        ...         large.levels, int(large.region(650, 0, 1, 1)[0, 0])
        (((700, 600), (350, 300), (175, 150)), 6)
    """
    kind = np.dtype(dtype)
    if kind not in (np.uint8, np.uint16, np.float32):
        raise InvalidArgument(f"a pyramid holds uint8, uint16 or float32, not {kind}")
    if compression not in COMPRESSIONS:
        raise UnknownName("compression", compression, COMPRESSIONS)
    whole = (tile, channels, *size)
    if len(whole) != 4 or not all(isinstance(n, int | np.integer) for n in whole):
        raise InvalidType(f"tile {tile!r}, channels {channels!r}, size {size!r}: whole numbers")
    if tile < 16 or tile % 16 or channels not in (1, 3) or min(size) < 1:
        raise InvalidArgument(
            f"tile {tile}, channels {channels}, size {size}: a tile's side is a multiple of 16, "
            "channels are 1 or 3, and both sides at least 1"
        )
    target = checked_place(path)
    tifffile = needed("tifffile", "writing a pyramid", extra="large")
    encode = _encoder(compression, kind, channels)
    sizes = level_sizes(size, tile)
    options: dict[str, Any] = {
        "dtype": kind,
        "tile": (tile, tile),
        "photometric": "rgb" if channels == 3 else "minisblack",
        "planarconfig": "contig" if channels == 3 else None,
        "compression": None if compression == "none" else compression,
        "predictor": None if compression == "none" else _predictor(kind),
        "metadata": None,
        "maxworkers": 1,
    }
    beside = target.with_name(f".{target.name}.part")
    try:
        with (
            tempfile.TemporaryFile(dir=target.parent) as spool,
            ThreadPoolExecutor(workers()) as pool,
            tifffile.TiffWriter(beside, bigtiff=True) as writer,
        ):
            levels = [Level(at, channels, tile, kind, spool, encode, pool) for at in sizes]
            coming = iter(bands)
            first = levels[0].streamed(coming, levels[1:], progress)
            for number, (height, width) in enumerate(sizes):
                writer.write(
                    levels[number].spooled() if number else first,
                    shape=(height, width, channels) if channels == 3 else (height, width),
                    subifds=len(sizes) - 1 if number == 0 else None,
                    subfiletype=1 if number else 0,
                    description=_ROOM if number == 0 else None,
                    **_resolution(spacing, 2**number),
                    **options,
                )
                if number == 0 and next(coming, None) is not None:
                    raise too_many(size)
        text = description if isinstance(description, str) else description()
        if not text.isascii():
            raise InvalidArgument(
                "a TIFF's description is plain ASCII; json.dumps escapes the rest"
            )
        with tifffile.TiffFile(beside, mode="r+b") as file:
            file.pages[0].tags["ImageDescription"].overwrite(text)
            file.filehandle.flush()
            os.fsync(file.filehandle.fileno())
        beside.replace(target)
    except OSError as error:
        if error.filename is None and error.strerror is None:
            raise
        raise InvalidArgument(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return target


def _predictor(kind: np.dtype[Any]) -> int:
    return _FLOAT_PREDICTOR if kind.kind == "f" else _INTEGER_PREDICTOR


def _encoder(compression: str, kind: np.dtype[Any], channels: int) -> Callable[[Band], bytes]:
    """From a tile to the bytes in the file, predictor included."""
    if compression == "none":
        return lambda tile: tile.tobytes()
    codecs = needed("imagecodecs", f"{compression} compression of a pyramid", extra="large")
    predict = codecs.floatpred_encode if kind.kind == "f" else codecs.delta_encode

    def encode(tile: Band) -> bytes:
        predicted = np.ascontiguousarray(predict(tile, axis=1))
        if compression == "deflate":
            return bytes(codecs.deflate_encode(predicted, 1, raw=False))
        return bytes(codecs.zstd_encode(predicted, 1))

    return encode


def _resolution(spacing: tuple[float, float] | None, factor: int) -> dict[str, Any]:
    if spacing is None:
        return {}
    down, across = (10.0 / (step * factor) for step in spacing)
    return {"resolution": (across, down), "resolutionunit": "CENTIMETER"}
