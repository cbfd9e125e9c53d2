"""A still picture as float planes, the form in which everything in this room works."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.read import read_image

__all__ = ["as_image", "as_picture", "grey", "planes", "rgb"]

Planes = npt.NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def as_picture(source: Any, what: str = "the picture") -> Image:
    """A still picture from whatever `read_image` reads.

    Raises:
        InvalidArgument: a film or a volume; the message says how to take one picture of it.
        UnreadableImage: NaN, nothing, or not a picture.

    Example:
        >>> as_picture(np.zeros((4, 6), np.uint8)).size
        (4, 6)
    """
    image = read_image(source)
    if image.axes not in ("YX", "YXC"):
        one = "slice" if image.axes.startswith("Z") else "frame"
        raise InvalidArgument(
            f"{what} has axes {image.axes!r}; pixels of one still picture are meant: give one "
            f"{one}, for example image.pixels[0]"
        )
    return image


def planes(image: Image) -> Planes:
    """All channels, (H, W, C) float32 with black 0 and white 1; opacity is ignored."""
    unit = image.unit()
    return unit[..., None] if unit.ndim == 2 else unit


def grey(image: Image) -> Planes:
    """Luma of ITU-R BT.601, (H, W) float32 with black 0 and white 1.

    0.299 R + 0.587 G + 0.114 B; one channel as it is, of any other number the mean.

    Example:
        >>> float(grey(Image(np.array([[[0, 255, 0]]], np.uint8)))[0, 0])
        0.587...
    """
    unit = planes(image)
    if unit.shape[2] == 3:
        return np.ascontiguousarray(unit @ _LUMA)
    return np.ascontiguousarray(unit[..., 0] if unit.shape[2] == 1 else unit.mean(axis=2))


def rgb(image: Image) -> Planes:
    """Red, green and blue, (H, W, 3) float32 with black 0 and white 1.

    One channel is repeated.

    Raises:
        InvalidArgument: neither one channel nor three.
    """
    unit = planes(image)
    if unit.shape[2] == 3:
        return unit
    if unit.shape[2] == 1:
        return np.repeat(unit, 3, axis=2)
    raise InvalidArgument(
        f"the picture has {unit.shape[2]} channels and none is known to be red, green or blue; "
        "take features=('channels',), or three channels, image.pixels[..., :3]"
    )


def as_image(unit: npt.NDArray[Any], like: Image) -> Image:
    """Planes (H, W, C) in unit range as an `Image` float32, named as `like`."""
    pixels = np.ascontiguousarray(unit, np.float32)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    axes = "YX" if pixels.ndim == 2 else "YXC"
    return Image(pixels, axes, (0.0, 1.0), like.name, spacing=like.spacing)
