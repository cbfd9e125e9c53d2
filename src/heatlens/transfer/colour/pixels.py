"""The pixels of a picture as a list of colours, whatever its layout and type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.transport.mass import Floats

__all__ = ["colours_of", "eight_bits", "is_grey", "opened", "sampled"]


def opened(source: Any, name: str) -> Image:
    """`source` as a single picture, grey or of three colours.

    Raises:
        InvalidArgument: a film, a volume, or another number of channels.
    """
    image = read_image(source)
    if image.axes not in ("YX", "YXC"):
        raise InvalidArgument(
            f"{name} has axes {image.axes!r}; colours are transferred between single pictures, so "
            "give one frame or slice"
        )
    if image.channels not in (1, 3):
        raise InvalidArgument(
            f"{name} has {image.channels} channels; 3 are a colour picture, 1 a grey one"
        )
    if image.alpha is not None and not image.alpha.any():
        raise InvalidArgument(f"{name} is transparent everywhere: there are no colours to count")
    return image


def is_grey(image: Image) -> bool:
    """Whether there is one channel only."""
    return image.channels == 1


def eight_bits(image: Image) -> bool:
    """Whether the pixels are levels of 0..255."""
    return image.pixels.dtype == np.uint8 and tuple(image.value_range) == (0, 255)


def colours_of(image: Image) -> npt.NDArray[Any]:
    """The pixels as (m, 3) in their own type; grey is repeated."""
    pixels = image.pixels if image.axes == "YXC" else image.pixels[..., None]
    return np.repeat(pixels, 3, axis=2).reshape(-1, 3) if is_grey(image) else pixels.reshape(-1, 3)


def sampled(
    image: Image, count: int, generator: np.random.Generator, *, blurred: bool = False
) -> Floats:
    """`count` colours (count, 3) in 0..1, drawn evenly over the picture where it is opaque.

    Args:
        image: as `opened` gives it.
        count: number of colours; one pixel may be drawn several times.
        generator: of the draw.
        blurred: spread each 8-bit level over its own width, half a level to each side.
    """
    flat = image.pixels.reshape(image.size[0] * image.size[1], -1)
    place = (np.arange(count) + generator.random(count)) / count  # one in each of equal parts
    if image.alpha is None:
        chosen = np.minimum((place * len(flat)).astype(np.intp), len(flat) - 1)
    else:
        opaque = np.cumsum(image.alpha.ravel(), dtype=np.float64)
        chosen = np.searchsorted(opaque, place * opaque[-1], side="right")
        chosen = np.minimum(chosen, len(flat) - 1)
    colours = flat[chosen].astype(np.float64)
    if blurred and np.issubdtype(image.pixels.dtype, np.integer):
        colours += generator.random(colours.shape) - 0.5
    low, high = image.value_range
    colours = np.clip((colours - low) / (high - low), 0, 1)
    return np.repeat(colours, 3, axis=1) if is_grey(image) else colours
