"""16-bit colour and unusual grey depths, which Pillow alone would cut down to 8 bits.

Pillow decodes a 16-bit RGB file into 8-bit channels by keeping each sample's high byte ("RGB;16B"
reads big-endian samples). Reading the same file a second time with the other byte order
("RGB;16L") keeps the low bytes, and both together are the full 16 bits, whatever the compression.
"""

from __future__ import annotations

import sys
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageFile

from heatlens.errors import UnreadableImage
from heatlens.images.ranges import split_alpha

__all__ = ["grey", "joined", "low_bytes", "prepare", "reduced"]

_BITS, _PHOTOMETRIC, _PLANAR = 258, 262, 284  # TIFF tags
_OTHER_ORDER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


def low_bytes(picture: ImageFile.ImageFile) -> str | None:
    """The raw mode that reads the low bytes of a 16-bit colour file; None for all others."""
    rawmode = _rawmode(picture)
    if rawmode == "LA;16B":
        return "RGBA"  # four bytes a pixel: both bytes of the grey value and of the opacity
    if rawmode[:-1] in ("RGB;16", "RGBA;16"):
        return rawmode[:-1] + _OTHER_ORDER[rawmode[-1]]
    if _tag(picture, _PLANAR) == 2 and set(_tags(picture, _BITS)) == {16} and picture.mode == "RGB":
        raise UnreadableImage(
            "16-bit colour in separate planes is not read by Pillow; read it with tifffile.imread "
            "and give the array with axes='CYX'"
        )
    return None


def prepare(picture: ImageFile.ImageFile, rawmode: str) -> None:
    """Set a file that was opened, and not loaded, to be decoded with `rawmode`."""
    tiles: list[Any] = []
    for tile in cast("list[Any]", picture.tile):
        args = (rawmode, *tile[3][1:]) if isinstance(tile[3], tuple) else rawmode
        make = getattr(type(tile), "_make", tuple)
        tiles.append(make((*tile[:3], args)))
    picture.tile = tiles


def joined(
    high: Pillow.Image, low: Pillow.Image, rawmode: str
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
    """uint16 pixels and the opacity of a 16-bit colour file, from its two decodings."""
    second = np.asarray(low).astype(np.uint16)
    if rawmode == "RGBA":
        pixels = second[..., 0::2] << 8 | second[..., 1::2]
    else:
        pixels = np.asarray(high).astype(np.uint16) << 8 | second
    alpha = None
    if pixels.shape[-1] in (2, 4):
        pixels, alpha = split_alpha(pixels, (0, 65535))
        pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    elif "transparency" in high.info:
        hidden = (pixels == np.asarray(high.info["transparency"])).all(-1)
        alpha = (~hidden).astype(np.float32) if hidden.any() else None
    return pixels, alpha


def grey(
    picture: Pillow.Image, pixels: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.uint16], tuple[float, float]]:
    """16-bit grey pixels and their range: 12 bits stay 12, white-is-zero is turned over."""
    top = 4095 if _tags(picture, _BITS) == (12,) else 65535
    if _tag(picture, _PHOTOMETRIC) == 0:
        pixels = top - pixels
    return pixels.astype(np.uint16, copy=False), (0.0, float(top))


def reduced(picture: Pillow.Image) -> tuple[str, ...]:
    """A note where Pillow keeps 8 of the file's 16 bits and nothing can be done about it."""
    if set(_tags(picture, _BITS)) == {16} and picture.mode not in ("I", "F", "I;16", "I;16B"):
        return ("the file has 16 bits a channel, Pillow reads 8 of them",)
    return ()


def _rawmode(picture: ImageFile.ImageFile) -> str:
    tile: Any = picture.tile[0] if picture.tile else (None, None, 0, "")
    args = tile[3][0] if isinstance(tile[3], (tuple, list)) and tile[3] else tile[3]
    return args if isinstance(args, str) else ""


def _tags(picture: Pillow.Image, tag: int) -> tuple[int, ...]:
    value = getattr(picture, "tag_v2", {}).get(tag, ())
    return tuple(value) if isinstance(value, tuple) else (value,)


def _tag(picture: Pillow.Image, tag: int) -> int | None:
    values = _tags(picture, tag)
    return values[0] if values else None
