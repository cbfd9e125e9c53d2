"""Pillow's plugins, one per format, called without Pillow's process-wide settings.

`PIL.Image.open` asks `MAX_IMAGE_PIXELS`, and `LOAD_TRUNCATED_IMAGES` lets a file that was cut off
pass as a half-grey picture. Both belong to the whole process, and any library may have set them.
Here neither is changed nor asked: heatlens' own limit is checked on the header, and a file that
ends early is an error in any case.
"""

from __future__ import annotations

import contextlib
import importlib
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from PIL import Image as Pillow
from PIL import ImageFile

from heatlens.errors import HeatlensError, ImageTooLarge, UnreadableImage

__all__ = ["BROKEN", "load", "open_plugin", "recognised", "telling", "webp_size"]

_PLUGINS = {
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "PPM": ("PpmImagePlugin", "PpmImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
}
BROKEN: tuple[type[Exception], ...] = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, AttributeError, ImportError, struct.error, zlib.error),
)
"""What Pillow's decoders raise on damaged files."""


def recognised() -> frozenset[str]:
    """Kinds of files (as `sniff.kind_of` names them) that go through Pillow."""
    return frozenset(_PLUGINS)


def open_plugin(kind: str, stream: BinaryIO) -> ImageFile.ImageFile:
    """Read the header with the format's own plugin, without Pillow's process-wide limit."""
    module, name = _PLUGINS[kind]
    plugin = getattr(importlib.import_module(f"PIL.{module}"), name)
    stream.seek(0)
    return cast(ImageFile.ImageFile, plugin(_Whole(stream), ""))


def load(picture: ImageFile.ImageFile) -> None:
    """Decode all pixels; a file that ends before they are complete is an `OSError`."""
    source: Any = getattr(picture, "fp", None)
    if isinstance(source, _Whole):
        source.strict = True
    stored: Any = getattr(picture, "_tile_size", None)
    if stored is not None:  # Pillow's TIFF plugin asks its own limit only if it makes the memory
        cast(Any, picture).im = Pillow.new(picture.mode, stored, cast(Any, None)).im
    picture.load()


class _Whole:
    """A file that, once strict, does not end: reading past its end is an error, not b""."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.strict = False

    def read(self, count: int = -1) -> bytes:
        data = self.stream.read(count)
        if self.strict and not data and count != 0:
            raise OSError("image file is truncated")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def webp_size(head: bytes) -> tuple[int, int]:
    """Width and height of a WebP file; Pillow's plugin makes the memory before it says them."""
    head = head.ljust(32, b"\0")
    if head[12:16] == b"VP8X":
        return (
            1 + int.from_bytes(head[24:27], "little"),
            1 + int.from_bytes(head[27:30], "little"),
        )
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


@contextlib.contextmanager
def telling(label: str, kind: str) -> Iterator[None]:
    """Turn what Pillow raises on a damaged file into an error that says what is wrong."""
    try:
        yield
    except HeatlensError:
        raise
    except Pillow.DecompressionBombError as error:
        raise ImageTooLarge(
            f"{label}: Pillow refuses it, {error}; raise PIL.Image.MAX_IMAGE_PIXELS if you trust it"
        ) from error
    except MemoryError as error:
        raise ImageTooLarge(f"{label} does not fit in memory") from error
    except BROKEN as error:
        text = str(error) or type(error).__name__
        if "unknown pixel mode" in text or "unknown data organization" in text:
            raise UnreadableImage(
                f"{label} is a {kind} that is damaged or has a pixel layout that Pillow does not "
                "read; try tifffile.imread and give the array"
            ) from error
        if isinstance(error, ImportError) or "support not installed" in text:
            raise UnreadableImage(f"{label}: this Pillow does not read {kind}") from error
        cut = "truncated" in text.lower() or isinstance(error, (EOFError, struct.error))
        what = "cut off before its end" if cut else "damaged"
        raise UnreadableImage(
            f"{label} is a {kind} that is {what} ({text}); get a fresh copy of the file"
        ) from error
