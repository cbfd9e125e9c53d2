"""From the samples that a TIFF stores to grey or RGB, as `read_image` does it of small files.

TIFF 6.0 (Adobe 1992): sections 18 (opacity), 16 (CMYK), 21 (YCbCr).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage
from heatlens.images.large.kinds.array import known_range

__all__ = ["Colours", "colours_of"]

Pixels = npt.NDArray[Any]

_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_READ = "white is zero, grey, RGB, palette, CMYK or YCbCr"
_STORED = {_GREY: 1, _WHITE_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_JPEG = (6, 7, 34892, 33007)
_APERIO_YCBCR = 33003
_LOSSLESS = (1, 5, 8, 32946, 32773, 34925, 50000)
"""None, LZW, deflate (both numbers), PackBits, LZMA, Zstandard."""


@dataclass(frozen=True)
class Colours:
    """What becomes of the samples.

    Attributes:
        channels: of a pixel afterwards.
        dtype: afterwards.
        value_range: black and white; None where only the pixels tell.
        notes: what a reader of the result has to know.
        shown: from samples (h, w, S) to pixels (h, w, channels).
    """

    channels: int
    dtype: np.dtype[Any]
    value_range: tuple[float, float] | None
    notes: tuple[str, ...]
    shown: Callable[[Pixels], Pixels]


def colours_of(page: Any, path: Path) -> Colours:
    """How to show a page's samples.

    Raises:
        UnreadableImage: samples or colours that are not read; the message says what to do.
    """
    dtype, photometric = np.dtype(page.dtype).newbyteorder("="), int(page.photometric)
    if dtype.kind not in "buif" or not isinstance(page.bitspersample, int):
        raise UnreadableImage(
            f"{path} has {dtype} samples of {page.bitspersample} bits, which cannot be shown; "
            "convert it to whole numbers or floats first"
        )
    if photometric not in _STORED:
        name = getattr(page.photometric, "name", str(page.photometric))
        raise UnreadableImage(
            f"{path} has {name} colours; a large picture has to be {_READ}: convert it first "
            "(vips icc_transform, vips colourspace)"
        )
    samples, compression = int(page.samplesperpixel), int(page.compression)
    if samples < _STORED[photometric]:
        raise UnreadableImage(f"{path} is damaged: {page.photometric.name} of {samples} samples")
    if photometric == _PALETTE:
        return _palette(page, path)
    channels, associated, notes = _channels(page, photometric, samples)
    bits = int(page.bitspersample)
    top = (1 << bits) - 1 if dtype.kind == "u" else 1
    value_range = known_range(dtype)
    if value_range is not None and dtype.kind == "u":
        value_range = 0.0, float(top)
    ycbcr = photometric == _YCBCR and compression not in _JPEG
    if ycbcr or compression == _APERIO_YCBCR:
        return Colours(3, dtype, value_range, notes, _from_ycbcr(page, path, dtype))
    if photometric == _CMYK:
        return Colours(3, dtype, value_range, notes, _from_cmyk(page, path, dtype))
    if photometric == _WHITE_IS_ZERO and dtype.kind not in "bu":
        raise UnreadableImage(
            f"{path} has white as zero, of {dtype} values, which do not say what black is; invert "
            "it first (vips invert)"
        )

    def shown(tile: Pixels) -> Pixels:
        part = tile[..., :channels]
        if associated is not None:
            part = _divided(part, tile[..., associated, None], top)
        if photometric == _WHITE_IS_ZERO:
            part = ~part if dtype.kind == "b" else dtype.type(top) - part
        return part.astype(dtype, copy=False)

    return Colours(channels, dtype, value_range, notes, shown)


def _channels(page: Any, photometric: int, samples: int) -> tuple[int, int | None, tuple[str, ...]]:
    """How many samples are colours, which one they were multiplied by, and a note on others."""
    stored = _STORED[photometric]
    count = samples - stored
    said = [int(kind) for kind in page.extrasamples or ()]
    extra = ([0] * count + said)[len(said) :]
    # Of grey, samples without a meaning are channels of their own; but one alone, as Pillow has
    # it, is what is left of an opacity.
    grey = photometric in (_GREY, _WHITE_IS_ZERO)
    more = 0
    while grey and samples > stored + 1 and more < len(extra) and extra[more] == 0:
        more += 1
    left = extra[more:]
    notes: tuple[str, ...] = ()
    if left:
        opacity = sum(kind in (_ASSOCIATED, _UNASSOCIATED) for kind in left)
        parts = [f"{opacity} for opacity"] if opacity else []
        if opacity < len(left):
            parts.append(f"{len(left) - opacity} without a stated meaning")
        notes = (f"of {samples} channels, {' and '.join(parts)} left out",)
    associated = stored + more + left.index(_ASSOCIATED) if _ASSOCIATED in left else None
    return stored + more, associated, notes


def _divided(colours: Pixels, opacity: Pixels, top: int) -> Pixels:
    """Colours that were multiplied by opacity, as they were before; rounded as Pillow does."""
    if colours.dtype.kind == "f":
        return np.where(opacity > 0, colours / np.where(opacity > 0, opacity, 1), colours)
    wide = colours.astype(np.int64) * top // np.maximum(opacity, 1)
    return np.where(opacity > 0, np.minimum(wide, top), colours).astype(colours.dtype)


def _palette(page: Any, path: Path) -> Colours:
    if page.colormap is None or np.dtype(page.dtype).kind not in "bu":
        raise UnreadableImage(f"{path} is damaged: a palette picture without a palette")
    table = (np.asarray(page.colormap).T >> 8).astype(np.uint8)

    def shown(tile: Pixels) -> Pixels:
        return table[tile[..., 0].astype(np.intp)]

    more = int(page.samplesperpixel) - 1
    notes = (f"of {more + 1} channels, {more} beside the palette left out",) if more else ()
    return Colours(3, np.dtype(np.uint8), (0.0, 255.0), notes, shown)


def _from_cmyk(page: Any, path: Path, dtype: np.dtype[Any]) -> Callable[[Pixels], Pixels]:
    """R = (1 - C)(1 - K), and so on: no ink profile, as `read_image`."""
    inks = int(page.tags.valueof(332, default=1))
    if inks != 1 or dtype not in (np.uint8, np.uint16) or int(page.compression) in _JPEG:
        raise UnreadableImage(
            f"{path} is separated into inks in a way that is not read (set {inks}, {dtype}, "
            f"{page.compression.name}): convert it to RGB first (vips icc_transform)"
        )
    top = int(np.iinfo(dtype).max)

    def shown(tile: Pixels) -> Pixels:
        free = top - tile[..., :4].astype(np.int64)
        return ((free[..., :3] * free[..., 3:] + top // 2) // top).astype(dtype)

    return shown


def _from_ycbcr(page: Any, path: Path, dtype: np.dtype[Any]) -> Callable[[Pixels], Pixels]:
    """Section 21: codes to luma and chroma by ReferenceBlackWhite, then to RGB."""
    aperio = int(page.compression) == _APERIO_YCBCR
    sampling = tuple(page.tags.valueof(530, default=(1, 1)))
    if dtype != np.uint8 or (
        not aperio and (int(page.compression) not in _LOSSLESS or sampling != (1, 1))
    ):
        raise UnreadableImage(
            f"{path} has YCbCr colours in a way that is not read ({dtype}, "
            f"{page.compression.name}, subsampling {sampling}): convert it to RGB first "
            "(vips colourspace)"
        )
    red, green, blue = _ratios(page.tags.valueof(529), (0.299, 0.587, 0.114))
    bounds = np.array(_ratios(page.tags.valueof(532), (0, 255, 128, 255, 128, 255)))
    low, high = bounds[::2], bounds[1::2]
    if green == 0 or (high == low).any():
        raise UnreadableImage(f"{path} is damaged: YCbCr coefficients that no colours have")
    scale = np.array([255.0, 127.0, 127.0]) / (high - low)

    def shown(tile: Pixels) -> Pixels:
        luma, down, up = np.moveaxis((tile[..., :3] - low) * scale, -1, 0)
        r, b = luma + up * (2 - 2 * red), luma + down * (2 - 2 * blue)
        colours = np.stack([r, (luma - blue * b - red * r) / green, b], axis=-1)
        return np.clip(np.rint(colours), 0, 255).astype(np.uint8)

    return shown


def _ratios(values: Any, otherwise: tuple[float, ...]) -> tuple[float, ...]:
    """A tag of fractions (n, d, n, d, ...) as numbers."""
    if values is None or len(values) != 2 * len(otherwise) or 0 in values[1::2]:
        return otherwise
    return tuple(n / d for n, d in zip(values[::2], values[1::2], strict=True))
