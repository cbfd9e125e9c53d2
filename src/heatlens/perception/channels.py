"""What models of saliency look at: grey, colours, opponent colours, on a reduced picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.area import reduced, reduced_size
from heatlens.parameters import check_at_least

__all__ = ["LUMA", "blurred", "colour", "grey", "opponent", "seen"]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in brightness, ITU-R BT.601."""

Array = npt.NDArray[np.float32]


def colour(image: Image) -> Array:
    """Red, green and blue in 0..1, (H, W, 3); grey three times. Opacity is not looked at.

    Example:
        >>> colour(Image(np.uint8([[0, 255]]), "YX"))[0].tolist()
        [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    _flat(image)
    unit = image.unit().reshape(*image.size, -1)
    if unit.shape[2] < 3:
        return np.repeat(unit[..., :1], 3, axis=2)
    return np.ascontiguousarray(unit[..., :3])


def grey(image: Image) -> Array:
    """Brightness in 0..1, (H, W): .299 red + .587 green + .114 blue (ITU-R BT.601).

    Example:
        >>> grey(Image(np.uint8([[[255, 0, 0], [0, 255, 0]]]))).astype(float).round(3).tolist()
        [[0.299, 0.587]]
    """
    _flat(image)
    unit = image.unit().reshape(*image.size, -1)
    return np.ascontiguousarray(unit[..., 0]) if unit.shape[2] < 3 else unit[..., :3] @ LUMA


def seen(image: Image, longest: int | None) -> Image:
    """The picture as float32 in 0..1, its longer side averaged down to `longest` pixels.

    Each new pixel is the mean over the area that it covers. A picture that is small enough is not
    resized, so that reducing twice is reducing once.

    Raises:
        InvalidArgument: a `longest` below 1, or a film or volume.

    Example:
        >>> seen(Image(np.uint8([[0, 255, 255, 255]]), "YX"), 2).pixels.tolist()
        [[0.5, 1.0]]
    """
    _flat(image)
    size = reduced_size(image.size, longest)
    if size != image.size:
        image = Image(reduced(image.pixels, size), image.axes, image.value_range, image.name)
    return Image(image.unit(), image.axes, (0.0, 1.0), image.name)


def opponent(red_green_blue: Array) -> tuple[Array, Array]:
    """Red against green and blue against yellow, each (H, W) in -1..1, of tuned colours.

        R = r - (g + b) / 2    G = g - (r + b) / 2    B = b - (r + g) / 2
        Y = (r + g) / 2 - |r - g| / 2 - b             (all cut off at 0)

    Itti, Koch, Niebur: A Model of Saliency-Based Visual Attention, PAMI 1998, section 2.1.
    """
    r, g, b = np.moveaxis(red_green_blue, -1, 0)
    red, green, blue = (
        np.maximum(first - (second + third) / 2, 0)
        for first, second, third in ((r, g, b), (g, r, b), (b, r, g))
    )
    yellow = np.maximum((r + g) / 2 - np.abs(r - g) / 2 - b, 0)
    return red - green, blue - yellow


def blurred(values: Array, sigma: float) -> Array:
    """Gaussian blur over the last two axes, mirrored at the border.

    Args:
        values: (..., H, W).
        sigma: in pixels; 0 changes nothing.

    Raises:
        InvalidArgument: a negative `sigma`.
    """
    check_at_least("a blur", 0, sigma=sigma)
    if sigma == 0:
        return values
    sigmas = (0.0,) * (values.ndim - 2) + (sigma, sigma)
    return scipy.ndimage.gaussian_filter(values, sigmas, mode="reflect", truncate=4.0)


def _flat(image: Image) -> None:
    if image.axes not in ("YX", "YXC"):
        raise InvalidArgument(f"a still picture has axes YX or YXC, not {image.axes}")
