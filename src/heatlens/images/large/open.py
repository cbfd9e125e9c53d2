"""`open_large`: a file, folder or array -> a `LargeImage`; nothing is decoded yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, MissingImage, UnreadableImage
from heatlens.image import Image
from heatlens.images.files import existing_file
from heatlens.images.large.image import LargeImage
from heatlens.images.large.kinds.array import ArraySource
from heatlens.images.large.source import DAMAGED, LARGE_KINDS
from heatlens.images.large.value_range import checked_range
from heatlens.images.sniff import describe

__all__ = ["open_large"]


def open_large(
    source: Any,
    *,
    kind: str | None = None,
    value_range: tuple[float, float] | None = None,
    damaged: str = "error",
    name: str | None = None,
) -> LargeImage:
    """Open a picture that may be too large for memory.

    Args:
        source: the path of a TIFF, Zarr store, slide, `.npy` file or plain picture; an array
            (rows, columns, channels last) or `numpy.memmap`; an `Image`.
        kind: a name from `LARGE_KINDS`; None looks at the file.
        value_range: the values that mean black and white; None is what the file or its type says,
            and for floats and long integers by the rule of `read_image`, which takes a pass over
            the pixels.
        damaged: what becomes of a tile that cannot be decoded: "error", or "blank": it is black
            and stands in `notes`.
        name: what to call it; else the file's name.

    Returns:
        A `LargeImage`, to be closed, best by `with`.

    Raises:
        InvalidArgument, InvalidType: arguments of other values or types.
        MissingImage: there is no such file.
        UnreadableImage: no picture, or of a kind that is not read.
        MissingDependency: the extra `large` is not installed.

    Example:
        >>> with open_large(np.zeros((300, 200, 3), np.uint8), name="black") as large:
        ...     large
        LargeImage('black', YXC 300 x 200, 3 channels, uint8, 1 levels)
    """
    for argument, given in (("kind", kind), ("name", name), ("damaged", damaged)):
        if given is not None and not isinstance(given, str):
            raise InvalidType(f"`{argument}` is {given!r}; it has to be a word")
    checked_range(value_range)
    if damaged not in DAMAGED:
        raise InvalidArgument(f"`damaged` is {damaged!r}; it can be {' or '.join(DAMAGED)}")
    if isinstance(source, LargeImage):
        raise InvalidType(f"{source!r} is open already")
    if isinstance(source, Image):
        if source.axes not in ("YX", "YXC"):
            raise InvalidArgument(f"a large picture has axes YX or YXC, not {source.axes}")
        own = value_range or source.value_range
        inside = ArraySource(source.pixels, named=True)
        if source.alpha is not None:
            inside.notes = ("opacity is left out",)
        return LargeImage(inside, source.name if name is None else name, own)
    if isinstance(source, np.ndarray):
        array = ArraySource(source)
        mapped = getattr(source, "filename", None)  # of a numpy.memmap
        array.path = None if mapped is None else Path(mapped)
        return LargeImage(array, name or "", value_range)
    if not isinstance(source, str | os.PathLike):
        raise InvalidType(
            f"open_large takes a path, an array or an Image, not a {type(source).__name__}"
        )
    path = Path(os.fspath(source)).expanduser()
    if not path.is_dir():
        path = existing_file(source)
    chosen = LARGE_KINDS[kind] if kind is not None else _recognised(path)
    opened = chosen.opens(path, damaged)
    opened.path = path
    return LargeImage(opened, path.name if name is None else name, value_range)


def _recognised(path: Path) -> Any:
    """The kind that suits a path best."""
    head = b""
    if path.is_file():
        try:
            with path.open("rb") as stream:
                head = stream.read(512)
        except OSError as error:
            raise UnreadableImage(f"{path} cannot be read: {error.strerror or error}") from error
        if not head:
            raise UnreadableImage(f"{path} is empty (0 bytes)")
    elif not path.exists():
        raise MissingImage(f"there is no picture at {path}")
    best = max(LARGE_KINDS.values(), key=lambda item: item.recognises(path, head))
    if best.recognises(path, head):
        return best
    what = "it is a directory without Zarr's metadata" if path.is_dir() else describe(head)
    kinds = "; ".join(f"{item.name}: {item.summary}" for item in LARGE_KINDS.values())
    raise UnreadableImage(f"{path} is no large picture: {what}. There are {kinds}")
