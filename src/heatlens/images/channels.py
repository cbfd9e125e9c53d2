"""Pixels on their way to a model: transparency, number of channels, resizing, padding.

8-bit pixels stay 8 bits until the last step, so that they equal what torchvision makes with
Pillow; all others are resized as floats with the same filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.resample import band, separable

__all__ = ["FILTERS", "colours", "place", "resize_channels"]

FILTERS = {
    "nearest": Pillow.Resampling.NEAREST,
    "bilinear": Pillow.Resampling.BILINEAR,
    "bicubic": Pillow.Resampling.BICUBIC,
    "lanczos": Pillow.Resampling.LANCZOS,
    "box": Pillow.Resampling.BOX,
    "hamming": Pillow.Resampling.HAMMING,
}
"""Pillow's filters by the names that model configurations use."""

Planes = npt.NDArray[Any]
"""(H, W, C), uint8 in 0..255 or float32 with black 0 and white 1."""


def colours(
    image: Image, channels: int | None, background: float | None
) -> tuple[Planes, tuple[str, ...]]:
    """The picture's pixels laid on a background, with as many channels as the model takes.

    Returns:
        (H, W, C) pixels, uint8 for an 8-bit picture and else float32 in unit range, and notes.
    """
    eight_bits = image.pixels.dtype == np.uint8 and tuple(image.value_range) == (0, 255)
    pixels = image.pixels if eight_bits else image.unit()
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    notes: tuple[str, ...] = ()
    if image.alpha is not None and background is not None and (image.alpha < 1).any():
        pixels = _laid_on(pixels, image.alpha, background)
        shade = {0.0: "black", 1.0: "white"}.get(background, f"grey {background:g}")
        notes = (f"transparent pixels were laid on {shade}",)
    return _as_channels(pixels, channels), notes


def resize_channels(
    pixels: Planes, size: tuple[int, int], interpolation: str, antialias: bool
) -> Planes:
    """(H, W, C) resized to `size`, each channel by itself, in its own type.

    Floats may overshoot with "bicubic" and "lanczos"; they are held within 0..1 or, where the
    picture itself goes beyond, within its own range, as 8-bit pixels are.
    """
    if pixels.shape[:2] == tuple(size):
        return pixels
    if not antialias and interpolation == "bilinear":
        return _sampled(pixels, size)
    filter_ = FILTERS[interpolation]
    if pixels.dtype == np.uint8:
        if pixels.shape[2] == 3:
            return _resized(pixels, size, filter_)
        return np.stack(
            [_resized(pixels[..., c], size, filter_) for c in range(pixels.shape[2])], axis=-1
        )
    low, high = min(0.0, float(pixels.min())), max(1.0, float(pixels.max()))
    result = np.empty((*size, pixels.shape[2]), np.float32)
    for channel in range(pixels.shape[2]):
        result[..., channel] = _resized(pixels[..., channel], size, filter_)
    return np.clip(result, low, high, out=result)


def place(
    pixels: Planes,
    corner: tuple[int, int],
    size: tuple[int, int],
    fill: float | Sequence[float] | str,
) -> npt.NDArray[np.float32]:
    """Cut a window out of (H, W, C), padded where it reaches beyond; (C, h, w) in unit range.

    Args:
        pixels: as `resize_channels` returns them.
        corner: the window's top left pixel; may be negative.
        size: the window's height and width.
        fill: grey value 0..1, one per channel, or "edge".
    """
    inner, missing = [], []
    for start, length, full in zip(corner, size, pixels.shape[:2], strict=True):
        inner.append(slice(max(start, 0), min(start + length, full)))
        missing.append((max(-start, 0), max(start + length - full, 0)))
    cut = pixels[inner[0], inner[1]]
    unit = cut.astype(np.float32)
    if pixels.dtype == np.uint8:
        unit /= np.float32(255)
    if any(map(any, missing)):
        unit = _padded(unit, missing, fill, eight_bits=pixels.dtype == np.uint8)
    return np.ascontiguousarray(unit.transpose(2, 0, 1))


def _padded(
    unit: npt.NDArray[np.float32],
    missing: list[tuple[int, int]],
    fill: float | Sequence[float] | str,
    eight_bits: bool,
) -> npt.NDArray[np.float32]:
    """(H, W, C) with `missing` rows and columns (before, after) added."""
    if isinstance(fill, str):
        if fill != "edge":
            raise InvalidArgument(f"`fill` is {fill!r}; it can be 'edge', a number or one each")
        return np.pad(unit, [*missing, (0, 0)], mode="edge")
    shade: npt.NDArray[Any] = np.atleast_1d(np.asarray(fill, np.float32))
    if shade.shape not in ((1,), (unit.shape[2],)):
        raise InvalidArgument(f"`fill` has {shade.size} values for {unit.shape[2]} channels")
    if eight_bits:
        shade = np.rint(shade * 255) / np.float32(255)
    height, width, count = unit.shape
    (top, bottom), (left, right) = missing
    result = np.empty((top + height + bottom, left + width + right, count), np.float32)
    result[...] = shade
    result[top : top + height, left : left + width] = unit
    return result


def _laid_on(pixels: Planes, alpha: npt.NDArray[np.float32], background: float) -> Planes:
    opacity = alpha[..., None]
    if pixels.dtype == np.uint8:
        mixed = pixels * opacity + np.float32(255 * background) * (1 - opacity)
        return np.rint(mixed).astype(np.uint8)
    return (pixels * opacity + np.float32(background) * (1 - opacity)).astype(np.float32)


def _as_channels(pixels: Planes, channels: int | None) -> Planes:
    have = pixels.shape[2]
    if channels is None or channels == have:
        return pixels
    if have == 1 and channels == 3:
        return np.repeat(pixels, 3, axis=2)
    if have == 3 and channels == 1:
        if pixels.dtype == np.uint8:  # Pillow's integer luma, as `convert("L")` has it
            return np.asarray(Pillow.fromarray(pixels).convert("L"))[..., None]
        return pixels @ np.array([[0.299], [0.587], [0.114]], np.float32)
    raise InvalidArgument(
        f"the picture has {have} channel{'s' * (have > 1)} and the model takes {channels}; pick or "
        f"make {channels}, for example read_image(image.pixels[..., :{channels}], axes='YXC')"
    )


def _resized(
    plane: npt.NDArray[Any], size: tuple[int, int], filter_: Pillow.Resampling
) -> npt.NDArray[Any]:
    picture = Pillow.fromarray(np.ascontiguousarray(plane))
    return np.asarray(picture.resize((size[1], size[0]), filter_))


def _sampled(pixels: Planes, size: tuple[int, int]) -> Planes:
    """Bilinear interpolation without averaging: `antialias=False`."""
    bands = []
    for old, new in zip(pixels.shape[:2], size, strict=True):
        bands.append(band((np.arange(new) + 0.5) * (old / new), old, step=1.0))
    result = separable(np.moveaxis(pixels, 2, 0).astype(np.float32), *bands)
    result = np.moveaxis(result, 0, 2)
    return np.rint(result).astype(np.uint8) if pixels.dtype == np.uint8 else result
