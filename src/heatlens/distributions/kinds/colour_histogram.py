"""Colour histogram: the occupied boxes of a colour space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, coloured, name_of, opacity, whole
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.render.cielab import from_srgb

__all__ = ["colour_histogram"]

Floats = npt.NDArray[np.float64]

_BLOCK = 1 << 18
_LAB = (np.array([0.0, -110.0, -110.0]), np.array([100.0, 110.0, 110.0]))
"""A box that holds all of sRGB: its a* reach from -86.2 to 98.2, its b* from -107.9 to 94.5."""


@register("colour-histogram", unit="RGB levels, or CIELAB units")
def colour_histogram(source: Source, *, bins: int = 8, space: str = "rgb") -> Distribution:
    """Count the pixels by their colour, in boxes of equal size; only occupied boxes are kept.

    Args:
        source: a flat picture; grey is taken as R = G = B.
        bins: per channel.
        space: "rgb", cut over the picture's own range as `histogram` cuts grey levels, or "lab":
            L* cut over 0..100, a* and b* over -110..110.

    Returns:
        Centres of the boxes (n, 3), weighted by pixels (each as much as it is opaque).

    Example:
        >>> import numpy as np
        >>> from heatlens.image import Image
        >>> red = Image(np.full((2, 2, 3), [255, 0, 0], np.uint8))
        >>> found = colour_histogram(red, bins=4)
        >>> found.weights.tolist(), found.points.tolist(), found.unit
        ([4.0], [[223.5, 31.5, 31.5]], 'RGB levels of 0..255')
    """
    image = whole(source, "colour-histogram")
    bins = checked_bins(bins, "bins")
    if bins > 256:
        raise InvalidArgument(f"bins is {bins}; at most 256 a channel are counted")
    if space not in ("rgb", "lab"):
        raise InvalidArgument(f"space is {space!r}; it can be 'rgb' or 'lab'")
    low, high = image.value_range
    if space == "lab":
        bottom, top, half = *_LAB, 0.0
        unit = "CIELAB units"
    else:
        half = 0.5 if image.pixels.dtype.kind == "u" else 0.0
        bottom, top = np.full(3, low), np.full(3, high + 2 * half)
        unit = f"RGB levels of {low:g}..{high:g}"
    counts = _counted(image, bins, space, bottom, top)
    index = np.flatnonzero(counts)
    boxes = np.stack(np.unravel_index(index, (bins,) * 3), axis=-1)
    points = bottom + (top - bottom) / bins * (boxes + 0.5) - half
    info = {"bins": bins, "space": space, "occupied": len(index)}
    return Distribution(counts[index], points, unit, "colour-histogram", name_of(image), info=info)


def _counted(image: Image, bins: int, space: str, bottom: Floats, top: Floats) -> Floats:
    """Weight of each of the bins^3 boxes."""
    pixels = coloured(image).reshape(-1, 3)
    seen = opacity(image)
    counts = np.zeros(bins**3)
    low, high = image.value_range
    for start in range(0, len(pixels), _BLOCK):
        colours = pixels[start : start + _BLOCK].astype(np.float64)
        if space == "lab":
            colours = from_srgb(np.clip((colours - low) / (high - low), 0, 1))
        boxes = np.floor((colours - bottom) * (bins / (top - bottom)))
        red, green, blue = np.clip(boxes, 0, bins - 1).astype(np.int64).T
        weights = None if seen is None else seen.ravel()[start : start + _BLOCK]
        counts += np.bincount((red * bins + green) * bins + blue, weights, minlength=bins**3)
    return counts
