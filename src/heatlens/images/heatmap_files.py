"""Heatmaps on disk without loss: `.npz`, and float TIFF that other programs open too.

npz: the arrays `values`, `error`, `valid` (the last two where there are any) and `header`, a JSON
text. TIFF: 32-bit float pages, first all values, then all errors, then the valid masks as 8 bits;
the JSON header is the first page's ImageDescription. A map along one axis is a page of one row.
Neither can hold code: nothing is pickled.

Format 2 is format 1 with `coordinates` (seconds, Hz, words) in the header. A map without any is
written as format 1 still, which an older heatlens reads; it would leave them out unsaid.
"""

from __future__ import annotations

import json
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import ImageTooLarge, InvalidArgument, UnreadableImage
from heatlens.heatmap import Heatmap
from heatlens.images.files import existing_file
from heatlens.images.plugins import load as load_pixels
from heatlens.images.plugins import open_plugin
from heatlens.images.read import pixel_limit
from heatlens.provenance import Provenance

__all__ = ["load", "save"]

_FORMAT, _WITHOUT_COORDINATES = 2, 1
_TIFF = (".tif", ".tiff")
_BROKEN: tuple[type[Exception], ...] = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, IndexError),
    *(MemoryError, AttributeError, struct.error, zlib.error, zipfile.BadZipFile),
)


def save(heatmap: Heatmap, path: str | os.PathLike[str]) -> None:
    """Write a heatmap as `.npz`, `.tif` or `.tiff`.

    The file appears whole or not at all: it is written beside its place and then renamed.

    Raises:
        InvalidArgument: another suffix, or a place that cannot be written to.
    """
    target = Path(path).expanduser()
    suffix = _suffix(target)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("x+b") as stream:
            if suffix == ".npz":
                _write_npz(heatmap, stream)
            else:
                _write_tiff(heatmap, stream)
        beside.replace(target)
    except OSError as error:
        raise InvalidArgument(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Heatmap:
    """Read a heatmap that `save` wrote.

    Raises:
        MissingImage: there is no such file.
        InvalidArgument: another suffix.
        UnreadableImage: damaged, or not written by heatlens.
        ImageTooLarge: more values than the limit of `heatlens.images.read.pixel_limit`.
    """
    suffix = _suffix(Path(path))
    source = existing_file(path, "heatmap")
    try:
        with source.open("rb") as stream:
            return _read_npz(stream, source) if suffix == ".npz" else _read_tiff(stream, source)
    except UnreadableImage:
        raise
    except PermissionError as error:
        raise UnreadableImage(f"no permission to read {source}") from error
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise UnreadableImage(
            f"{source} is damaged or not a heatmap that heatlens wrote ({reason})"
        ) from error


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix != ".npz" and suffix not in _TIFF:
        raise InvalidArgument(
            f"a heatmap is kept without loss as .npz, .tif or .tiff, not as {suffix or 'no suffix'}"
            f" ({path.name})"
        )
    return suffix


def _header(heatmap: Heatmap) -> str:
    """JSON in plain ASCII, which a TIFF tag can hold."""
    header: dict[str, Any] = {
        "heatlens": _FORMAT if heatmap.coordinates else _WITHOUT_COORDINATES,
        "axes": heatmap.axes,
        "signed": heatmap.signed,
        "shape": heatmap.values.shape,
        "layers": [name for name, _ in _layers(heatmap)],
        "provenance": json.loads(heatmap.provenance.to_json()),
    }
    if heatmap.coordinates:
        header["coordinates"] = dict(heatmap.coordinates)
    return json.dumps(header)


def _layers(heatmap: Heatmap) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    yield "values", heatmap.values
    if heatmap.error is not None:
        yield "error", heatmap.error
    if heatmap.valid is not None:
        yield "valid", heatmap.valid


def _made(text: str, layers: dict[str, npt.NDArray[Any]], source: Path) -> Heatmap:
    """The heatmap from its header and arrays."""
    header = json.loads(text)
    if not isinstance(header, dict) or "heatlens" not in header:
        raise UnreadableImage(f"{source} is not a heatmap that heatlens wrote")
    if header["heatlens"] > _FORMAT:
        raise UnreadableImage(f"{source} was written by a later heatlens; install that")
    return Heatmap(
        layers["values"],
        Provenance.from_json(json.dumps(header["provenance"])),
        axes=header["axes"],
        signed=header["signed"],
        error=layers.get("error"),
        valid=layers.get("valid"),
        coordinates=header.get("coordinates", {}),
    )


def _check(bytes_: int, source: Path) -> None:
    limit = pixel_limit()
    if bytes_ > 9 * limit + 1_000_000:  # two float32 and one bool per pixel
        raise ImageTooLarge(
            f"{source} holds {bytes_ / 1e9:.1f} GB, more than {limit / 1e6:.3g} million pixels "
            "need; heatlens.images.large.LargeHeatmap.load reads a TIFF by the region. Raise "
            "HEATLENS_MAX_PIXELS if you trust it"
        )


def _write_npz(heatmap: Heatmap, stream: BinaryIO) -> None:
    arrays: dict[str, Any] = dict(_layers(heatmap))
    arrays["header"] = np.frombuffer(_header(heatmap).encode(), np.uint8)
    np.savez(stream, **arrays)


def _read_npz(stream: BinaryIO, source: Path) -> Heatmap:
    with zipfile.ZipFile(stream) as archive:
        _check(sum(entry.file_size for entry in archive.infolist()), source)
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as arrays:
        if "header" not in arrays.files or "values" not in arrays.files:
            raise UnreadableImage(
                f"{source} is not a heatmap that heatlens wrote: it holds "
                f"{', '.join(arrays.files[:5]) or 'nothing'}, not `header` and `values`"
            )
        layers = {name: arrays[name] for name in arrays.files if name != "header"}
        return _made(arrays["header"].tobytes().decode(), layers, source)


def _write_tiff(heatmap: Heatmap, stream: BinaryIO) -> None:
    pages = []
    for name, array in _layers(heatmap):
        levels = array.astype(np.uint8) * 255 if name == "valid" else array
        pages += [
            Pillow.fromarray(page)
            for page in np.ascontiguousarray(levels).reshape(-1, *heatmap.size)
        ]
    first, *others = pages
    first.save(
        stream,
        format="TIFF",
        save_all=True,
        append_images=others,
        tiffinfo={270: _header(heatmap)},
        big_tiff=sum(page.width * page.height * 4 for page in pages) > 2**31,
    )


def _read_tiff(stream: BinaryIO, source: Path) -> Heatmap:
    picture: Any = open_plugin("TIFF", stream)
    text = str(picture.tag_v2.get(270, ""))
    if not text.startswith('{"heatlens"'):
        raise UnreadableImage(
            f"{source} is a TIFF, but not a heatmap that heatlens wrote; read_image reads it as "
            "a picture"
        )
    header = json.loads(text)
    shape = tuple(int(n) for n in header["shape"])
    depth = shape[0] if len(shape) == 3 else 1
    layers: dict[str, npt.NDArray[Any]] = {}
    _check(depth * picture.width * picture.height * 9, source)
    for number, name in enumerate(header["layers"]):
        pages = []
        for index in range(depth):
            picture.seek(number * depth + index)
            if picture.size != (shape[-1], (1, *shape)[-2]):
                raise UnreadableImage(f"{source} is damaged: its pages differ in size")
            load_pixels(picture)
            pages.append(np.array(picture))
        stacked = np.stack(pages).reshape(shape)
        layers[name] = stacked > 0 if name == "valid" else stacked
    return _made(text, layers, source)
