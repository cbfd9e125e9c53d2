"""Pictures reduced to a few pixels, by averages of areas."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.image import Image

__all__ = ["reduced"]


def reduced(image: Image, longest: int) -> Image:
    """A flat picture with at most `longest` pixels along the longer side.

    Each new pixel is the mean of the old ones whose centres it covers (Pillow's box filter), each
    counted as much as it is opaque. Smaller pictures and volumes come back as they are.

    Example:
        >>> small = reduced(Image(np.uint8([[0, 100, 200, 250]]), "YX"), 2)
        >>> small.pixels.tolist(), small.size
        ([[50, 225]], (1, 2))
    """
    if image.axes not in ("YX", "YXC") or max(image.size) <= longest:
        return image
    height, width = (max(1, round(n * longest / max(image.size))) for n in image.size)
    levels = image.pixels.reshape(*image.size, -1)
    eight_bits = levels.dtype == np.uint8 and levels.shape[2] in (1, 3)
    pixels: npt.NDArray[Any]
    if image.alpha is None and eight_bits:
        picture = Pillow.fromarray(levels if levels.shape[2] == 3 else levels[..., 0])
        pixels, share = np.asarray(_boxed(picture, width, height)), None
    else:
        seen = np.float32(1) if image.alpha is None else image.alpha
        share = None if image.alpha is None else _plane(image.alpha, width, height)
        planes = np.moveaxis(levels, 2, 0).astype(np.float32)
        pixels = np.stack([_mean(plane, seen, share, width, height) for plane in planes], -1)
        if levels.dtype.kind == "u":
            pixels = np.rint(pixels).astype(levels.dtype)
    return _with(image, pixels.reshape(height, width, *image.pixels.shape[2:]), share)


def _mean(
    plane: npt.NDArray[Any], seen: Any, share: npt.NDArray[Any] | None, width: int, height: int
) -> npt.NDArray[Any]:
    """Means of areas, weighted by opacity where there is any."""
    weighted = _plane(plane * seen, width, height)
    if share is None:
        return weighted
    return np.where(share > 0, weighted / np.where(share > 0, share, 1), 0)


def _with(image: Image, pixels: npt.NDArray[Any], alpha: npt.NDArray[Any] | None) -> Image:
    """The picture with other pixels; what is measured in the old ones no longer holds."""
    spacing = image.spacing
    if spacing is not None:
        ratio = [old / new for old, new in zip(image.size, pixels.shape[:2], strict=True)]
        spacing = (*spacing[:-2], spacing[-2] * ratio[0], spacing[-1] * ratio[1])
    return image.with_(pixels=pixels, alpha=alpha, spacing=spacing, affine=None)


def _plane(values: npt.NDArray[Any], width: int, height: int) -> npt.NDArray[np.float32]:
    return np.asarray(_boxed(Pillow.fromarray(values.astype(np.float32)), width, height))


def _boxed(picture: Pillow.Image, width: int, height: int) -> Pillow.Image:
    return picture.resize((width, height), Pillow.Resampling.BOX)
