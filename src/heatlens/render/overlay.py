"""A heatmap laid over its picture, opaque where the evidence is and nowhere else.

    opacity(p) = alpha |v(p)| / m        shown(p) = (1 - opacity) picture + opacity colour(v)

with m the largest magnitude of the scale. Where there is no evidence the picture is untouched; a
uniform wash of colour would hide it there, and would make a weak map look like a strong one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.colour import Scale, Sign, scale_for
from heatlens.render.display import check_same_grid

__all__ = ["blend", "hatched", "opacity", "overlay"]

_LUMA = np.array([0.299, 0.587, 0.114])


def overlay(
    heatmap: Heatmap,
    image: Image,
    *,
    scale: Scale | None = None,
    sign: Sign = "positive",
    colour_map: str | None = None,
    alpha: float = 0.75,
    threshold: float = 0.0,
    desaturate: float | None = None,
) -> npt.NDArray[np.uint8]:
    """The picture with the evidence over it, uint8 (H, W, 3) on the picture's own grid.

    Args:
        heatmap: a two-dimensional map of the picture's size.
        image: the picture.
        scale: what the colours mean; by default that of this map alone. Maps that are to be
            compared need a common one: `scale_for(first, second)`.
        sign: what a scale of its own shows; "positive" is the evidence for the target.
        colour_map: the colour map of a scale of its own.
        alpha: opacity (0..1) of the strongest evidence on the scale.
        threshold: evidence below this fraction (0..1) of the scale's largest magnitude is left
            out.
        desaturate: how much of the picture's own colour to take away, 0..1. By default 0.6
            under a signed scale, whose tints photographs share, else nothing.

    Raises:
        InvalidArgument: sizes that differ, a scale together with `colour_map`, or a number
            outside of its range.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> grey = Image(np.full((1, 3, 3), 100, np.uint8), "YXC")
        >>> heat = Heatmap(np.array([[0.0, 2.0, 4.0]]), Provenance("by hand"))
        >>> overlay(heat, grey, colour_map="gray", alpha=1.0)[0, :, 0].tolist()
        [100, 114, 255]
    """
    if heatmap.axes != "YX":
        raise InvalidArgument(f"an overlay needs one picture; the map has axes {heatmap.axes!r}")
    check_same_grid(heatmap, image)
    if scale is None:
        scale = scale_for(heatmap, sign=sign, colour_map=colour_map)
    elif colour_map is not None:
        raise InvalidArgument("the scale names its colour map already: leave `colour_map` out")
    return blend(
        image.rgb(),
        heatmap.values,
        scale,
        alpha=alpha,
        threshold=threshold,
        desaturate=desaturate,
        valid=heatmap.valid,
    )


def blend(
    rgb: npt.NDArray[np.uint8],
    values: npt.NDArray[Any],
    scale: Scale,
    *,
    alpha: float,
    threshold: float = 0.0,
    desaturate: float | None = None,
    valid: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.uint8]:
    """`overlay` on arrays: pixels uint8 (..., 3) under values (...)."""
    if desaturate is None:
        desaturate = 0.6 if scale.symmetric else 0.0
    if not 0 <= desaturate <= 1:
        raise InvalidArgument(f"desaturate is {desaturate:g}; it lies in 0..1")
    picture = rgb.astype(np.float32)
    if desaturate:
        grey = (picture @ _LUMA.astype(np.float32))[..., None]
        picture += np.float32(desaturate) * (grey - picture)
    share = opacity(values, scale, alpha, threshold).astype(np.float32)[..., None]
    picture += share * (scale.colours(values) - picture)
    shown = np.rint(picture).astype(np.uint8)
    return shown if valid is None else hatched(shown, valid)


def opacity(
    values: npt.NDArray[Any], scale: Scale, alpha: float, threshold: float = 0.0
) -> npt.NDArray[np.float64]:
    """How opaque the evidence is drawn: `alpha` times its strength on the scale, 0..1."""
    for name, number in (("alpha", alpha), ("threshold", threshold)):
        if not 0 <= number <= 1:
            raise InvalidArgument(f"{name} is {number:g}; it lies in 0..1")
    strength = scale.strength(values)
    return np.where(strength >= threshold, alpha * strength, 0)


def hatched(rgb: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Grey out and hatch the pixels (H, W, 3) that the model never saw (`valid` is False)."""
    if valid.all():
        return rgb
    height, width = valid.shape
    faded = 0.35 * (rgb @ _LUMA) + 0.65 * 205
    period = max(6, max(height, width) // 45)
    y, x = np.ogrid[:height, :width]
    # Soft-edged lines: the distance to the nearest diagonal, in pixels.
    distance = np.abs((x + y) % period - period / 2) / np.sqrt(2)
    line = np.clip(period / 14 + 0.5 - distance, 0, 1)
    grey = np.rint(faded * (1 - 0.35 * line))[..., None]
    return np.where(valid[..., None], rgb, grey).astype(np.uint8)
