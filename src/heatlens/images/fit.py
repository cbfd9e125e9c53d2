"""Bring a picture to a model's input size, and remember exactly where it went.

`crop` is torchvision's `Resize` + `CenterCrop` and timm's eval transform, bit for bit on 8-bit
pictures (the same Pillow filters on the same integers). The `Placement` that comes along undoes
it: see `heatlens.images.geometry`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.channels import FILTERS, colours, place, resize_channels
from heatlens.images.geometry import Placement
from heatlens.images.tiles import window_starts

__all__ = ["MODES", "Fitted", "fit"]

MODES = ("crop", "squash", "pad", "tile")
"""crop: cut the middle out. squash: change the aspect ratio. pad: shrink until all fits and add
borders. tile: several windows along the longer side."""

_LARGEST = 1 << 27
"""Pixels that a picture may be enlarged to on its way (a strip of 10 x 100 000 to 224 rows)."""

Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A picture as a model takes it, before mean and standard deviation.

    Attributes:
        pixels: (C, h, w) float32; black is 0 and white 1.
        placement: where the picture's pixels lie in it.
        notes: what a reader of the result has to know, one sentence each.
    """

    pixels: npt.NDArray[np.float32]
    placement: Placement
    notes: tuple[str, ...] = ()


def fit(
    image: Image,
    *,
    size: Size | int | None,
    mode: str = "crop",
    resize: Size | float | None = None,
    interpolation: str = "bilinear",
    antialias: bool = True,
    channels: int | None = 3,
    multiple_of: int | Size | None = None,
    fill: float | Sequence[float] | str = 0.0,
    background: float | None = 1.0,
    overlap: float = 0.25,
) -> list[Fitted]:
    """Fit a picture to a model's input; one `Fitted`, or one per window with `mode="tile"`.

    Args:
        image: axes `YX` or `YXC`.
        size: the input's (height, width); None takes the picture's own size.
        mode: one of `MODES`.
        resize: for "crop" (others ignore it): the shorter side before the crop (a whole number),
            timm's `crop_pct` (a float up to 1: the crop's share), or an exact (height, width).
            None: the shorter side becomes the crop's.
            With `size=None` a whole number is the new shorter side.
        interpolation: one of "nearest", "bilinear", "bicubic", "lanczos", "box", "hamming".
        antialias: False samples without averaging when a picture shrinks (as `cv2` and torch do
            by default); only with "bilinear" and "nearest".
        channels: channels the model takes; grey is repeated, colour turns grey by ITU-R 601 luma.
            None keeps the picture's own.
        multiple_of: round the size to whole multiples (a patch size): to the nearest, but with
            `size=None` down for "crop" and up for "pad".
        fill: what lies beside the picture, 0 black to 1 white, one value or one per channel;
            "edge" repeats its border.
        background: grey value 0..1 that transparent pixels are laid on (1: white, as a browser
            shows them); None ignores opacity, as `convert("RGB")` does.
        overlap: least share of a window that the next one repeats, for "tile".

    Raises:
        InvalidArgument: a volume or sequence, channels that cannot be matched, an unknown mode
            or interpolation, a picture too elongated to be enlarged.

    Example:
        >>> strip = Image(np.zeros((100, 400, 3), np.uint8))
        >>> [only] = fit(strip, size=(50, 50))
        >>> only.pixels.shape, only.placement.offset
        ((3, 50, 50), (0.0, -75.0))
        >>> only.notes[0]
        "the centre crop hides 75 % of the picture; fit 'pad' shows all of it"
        >>> len(fit(strip, size=(50, 50), mode="tile"))
        5
    """
    if mode not in MODES:
        raise InvalidArgument(f"`fit` is {mode!r}; it can be {', '.join(map(repr, MODES))}")
    if interpolation not in FILTERS:
        raise InvalidArgument(
            f"`interpolation` is {interpolation!r}; it can be {', '.join(map(repr, FILTERS))}"
        )
    if not antialias and interpolation not in ("nearest", "bilinear"):
        raise InvalidArgument(f"{interpolation!r} is there with antialias=True only")
    if image.axes not in ("YX", "YXC"):
        raise InvalidArgument(
            f"a picture with axes {image.axes!r} has to be taken apart first, one slice or frame "
            "at a time: read_image(..., slice=) or read_image(..., frame=)"
        )
    target, full, notes = _plan(image.size, size, mode, resize, multiple_of)
    if full[0] * full[1] > _LARGEST:
        raise InvalidArgument(
            f"a picture of {image.size[0]} x {image.size[1]} pixels would have to be enlarged to "
            f"{full[0]} x {full[1]}: it is too elongated for fit={mode!r}, take fit='pad'"
        )
    pixels, about = colours(image, channels, background)
    pixels = resize_channels(pixels, full, interpolation, antialias)
    scale = (full[0] / image.size[0], full[1] / image.size[1])
    fitted = []
    for top, left in _corners(full, target, mode, overlap):
        where = Placement(image.size, target, scale, (float(-top), float(-left)))
        cut = place(pixels, (top, left), target, fill)
        fitted.append(Fitted(cut, where, (*notes, *about)))
    if mode != "tile" and (hidden := fitted[0].placement.hidden_fraction) > 0.1:
        note = (
            f"the centre crop hides {hidden:.0%} of the picture; fit 'pad' shows all of it"
        ).replace("%", " %")
        fitted[0] = Fitted(fitted[0].pixels, fitted[0].placement, (note, *fitted[0].notes))
    return fitted


def _plan(
    own: Size,
    size: Size | int | None,
    mode: str,
    resize: Size | float | None,
    multiple_of: int | Size | None,
) -> tuple[Size, Size, tuple[str, ...]]:
    """The input's size, the size that the whole picture is resized to, and notes."""
    multiples = _pair(multiple_of if multiple_of is not None else 1, "multiple_of")
    if size is None:
        full = own
        if isinstance(resize, int):
            full = _shorter_side(own, resize)
        elif isinstance(resize, tuple):
            full = _pair(resize, "resize")
        target = _rounded(full, multiples, mode)
        return target, full if mode in ("crop", "pad") else target, ()
    wanted = _pair(size, "size")
    target = _rounded(wanted, multiples, "nearest")
    notes: tuple[str, ...] = ()
    if target != wanted:
        notes = (
            f"the input is {target[0]} x {target[1]} and not {wanted[0]} x {wanted[1]}: the model "
            f"takes multiples of {multiples[0]} x {multiples[1]}",
        )
    if mode == "squash":
        return target, target, notes
    if mode == "pad":
        return target, _keep_ratio(own, target, inside=True), notes
    return target, _before_crop(own, target, resize if mode == "crop" else None), notes


def _before_crop(own: Size, target: Size, resize: Size | float | None) -> Size:
    """The whole picture's size before the centre crop, by torchvision's and timm's rules."""
    if isinstance(resize, (tuple, list)):
        return _pair(resize, "resize")
    if isinstance(resize, int):
        if resize < 1:
            raise InvalidArgument(f"`resize` is {resize}; a side has at least 1 pixel")
        return _shorter_side(own, resize)
    share = 1.0 if resize is None else float(resize)
    if not 0 < share <= 1:
        raise InvalidArgument(
            f"`resize` is {resize}; as a fraction (timm's crop_pct) it lies above 0 and up to 1, "
            "as a length of the shorter side it is a whole number"
        )
    cover = (math.floor(target[0] / share), math.floor(target[1] / share))
    if cover[0] == cover[1]:
        return _shorter_side(own, cover[0])
    return _keep_ratio(own, cover, inside=False)


def _shorter_side(own: Size, short: int) -> Size:
    height, width = own
    long = int(short * max(own) / min(own))
    return (long, short) if width <= height else (short, long)


def _keep_ratio(own: Size, target: Size, *, inside: bool) -> Size:
    """The picture's size when it just lies inside of `target`, or just covers it."""
    ratios = (own[0] / target[0], own[1] / target[1])
    ratio = max(ratios) if inside else min(ratios)
    return max(1, round(own[0] / ratio)), max(1, round(own[1] / ratio))


def _corners(full: Size, target: Size, mode: str, overlap: float) -> list[Size]:
    """Top left corners of the windows in the resized picture; negative where there is padding."""
    if mode == "tile":
        if not 0 <= overlap < 1:
            raise InvalidArgument(f"`overlap` is {overlap}; it lies from 0 to below 1")
        starts = [window_starts(full[axis], target[axis], overlap) for axis in (0, 1)]
        return [(top, left) for top in starts[0] for left in starts[1]]
    top, left = (
        round((full[axis] - target[axis]) / 2)
        if full[axis] >= target[axis]
        else -((target[axis] - full[axis]) // 2)
        for axis in (0, 1)
    )
    return [(top, left)]


def _rounded(size: Size, multiples: Size, mode: str) -> Size:
    """`size` in whole multiples, at least one: down for "crop", up for "pad", else the nearest."""
    rounding = {"crop": math.floor, "pad": math.ceil}.get(mode, round)
    height, width = (max(1, rounding(n / m)) * m for n, m in zip(size, multiples, strict=True))
    return height, width


def _pair(value: object, name: str) -> Size:
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and n >= 1 for n in pair):
        raise InvalidArgument(
            f"`{name}` is {value!r}; it has to be one or two whole numbers from 1 up"
        )
    return int(pair[0]), int(pair[1])
