"""Handwritten digits as smooth shapes: from 8x8 grey values to a signed distance field.

A distance field gives an edge of exactly one antialiased pixel at every size and rotation, which
blown-up grey values cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.scenes.sources import digit_pixels

_ZOOM: Final = 6
_PADDING: Final = 2  # empty cells around the 8x8 digit, before zooming
_INK_LEVEL: Final = 0.44  # of the digit's own maximum; below it, thin strokes break less often


@dataclass(frozen=True, slots=True)
class Glyph:
    """The shape of one digit.

    Attributes:
        distance: (72, 72) float32, signed distance to the outline in tile pixels, positive
            outside the ink.
        outline: (K, 2) float64, the (v, u) positions of the inked pixels at the border.
        extent: the longer side of the ink's bounding box, in tile pixels.
        centre: (v, u) of that bounding box.
    """

    distance: NDArray[np.float32]
    outline: NDArray[np.float64]
    extent: float
    centre: tuple[float, float]


@cache
def glyph(number: int) -> Glyph:
    """Return the shape of digit `number` of ``load_digits``.

    Example:
        >>> shape = glyph(0)
        >>> shape.distance.shape, 36 < shape.extent < 60
        ((72, 72), True)
    """
    from scipy import ndimage

    pixels = np.pad(digit_pixels()[0][number], _PADDING)
    smooth = ndimage.zoom(pixels, _ZOOM, order=3, mode="grid-constant", grid_mode=True)
    ink = ndimage.gaussian_filter(smooth, 1.0) > _INK_LEVEL * pixels.max()
    outside = ndimage.distance_transform_edt(~ink)
    inside = ndimage.distance_transform_edt(ink)
    # Half a pixel each way puts the zero between the last inked pixel and the first empty one.
    distance = np.where(ink, 0.5 - inside, outside - 0.5)
    distance = ndimage.gaussian_filter(distance, 0.8).astype(np.float32)
    v, u = np.nonzero((distance <= 0) & (distance > -2.0))
    low, high = np.array([v.min(), u.min()]), np.array([v.max(), u.max()])
    centre = (low + high) / 2
    return Glyph(
        distance=distance,
        outline=np.stack([v, u], axis=1).astype(np.float64),
        extent=float((high - low).max() + 1),
        centre=(float(centre[0]), float(centre[1])),
    )
