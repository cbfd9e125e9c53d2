"""Names of hues: the twelve sectors of the colour wheel, and grey."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["GREY", "HUES", "hue_degrees", "hue_names"]

HUES = (
    *("red", "orange", "yellow", "chartreuse", "green", "spring green"),
    *("cyan", "azure", "blue", "violet", "magenta", "rose"),
)
"""The colour wheel of sRGB in steps of 30 degrees, red at 0."""

GREY = 8.0
"""Chroma C* below which a colour counts as grey."""


def hue_degrees(rgb: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Hue of sRGB colours (..., 3) on the hexagon of HSV, in [0, 360); 0 for greys.

    Smith: Color Gamut Transform Pairs, SIGGRAPH 1978.

    Example:
        >>> hue_degrees(np.array([[1, 0, 0], [0, 1, 1], [0.5, 0.5, 0.5]])).tolist()
        [0.0, 180.0, 0.0]
    """
    r, g, b = np.moveaxis(np.asarray(rgb, np.float64), -1, 0)
    high, low = np.maximum(np.maximum(r, g), b), np.minimum(np.minimum(r, g), b)
    span = np.where(high > low, high - low, 1.0)
    sixths = np.where(
        high == r, ((g - b) / span) % 6, np.where(high == g, (b - r) / span + 2, (r - g) / span + 4)
    )
    return np.asarray(np.where(high > low, 60 * sixths, 0.0) % 360)


def hue_names(rgb: npt.NDArray[Any], strength: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Number in `HUES` of each colour, and `len(HUES)` for greys.

    Args:
        rgb: (..., 3) sRGB in 0..1.
        strength: (...) chroma C* of the same colours.

    Example:
        >>> HUES[int(hue_names(np.array([1.0, 0.45, 0.1]), np.array(80.0)))]
        'orange'
    """
    sector = np.rint(hue_degrees(rgb) / 30).astype(np.intp) % len(HUES)
    return np.asarray(np.where(np.asarray(strength) < GREY, len(HUES), sector))
