"""Local binary patterns: which neighbours on a circle are as bright as the middle.

Rotation invariant and uniform (Ojala, Pietikaeinen, Maeenpaea 2002, eq. 9): the number of
neighbours that are at least as bright, if these lie side by side; `points` + 1 if they do not.
Neighbours between pixels are interpolated bilinearly, as scikit-image does; but from the offsets
alone, so that a pattern is the same wherever it lies: scikit-image rounds with the pixel's row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.image import Image
from heatlens.pixels.checks import checked_count, checked_number
from heatlens.pixels.levels import eight_bits, few_levels
from heatlens.pixels.part import FEATURES, register

__all__ = ["local_binary_patterns"]


@register(
    FEATURES,
    range="0..1",
    paper="doi:10.1109/TPAMI.2002.1017623",
    reach=lambda p: int(np.ceil(p["radius"])) + 1,
    remarks=few_levels,
)
def local_binary_patterns(
    image: Image, *, points: int = 8, radius: float = 1.0
) -> npt.NDArray[np.float32]:
    """The pattern's number over `points` + 1.

    0 is a bright spot, 1/2 about a straight edge, `points` / (`points` + 1) a dark spot or a flat
    place, 1 an irregular pattern. Brightness itself does not matter, only its order; 8-bit levels
    are compared, so that rounding of floats makes no pattern.

    Args:
        image: any still picture; levels outside its range are clipped, and the border is repeated.
        points: on the circle.
        radius: of the circle, pixels.

    Example:
        >>> spot = np.zeros((3, 3), np.uint8)
        >>> spot[1, 1] = 255
        >>> local_binary_patterns(Image(spot, "YX"))[1, 1].item()
        0.0
    """
    points = checked_count("points", points, 2)
    radius = checked_number("radius", radius, 0, above=True)
    levels = eight_bits(image).astype(np.int16)
    angles = 2 * np.pi * np.arange(points) / points
    offsets = np.round(radius * np.stack([-np.sin(angles), np.cos(angles)], 1), 5)
    first = np.floor(offsets)
    reach = int(np.ceil(radius)) + 1
    padded = np.pad(levels, reach, mode="edge")
    found = np.empty(levels.shape, np.float32)
    _patterns(padded, reach, first.astype(np.intp), offsets - first, found)
    return found


@njit(cache=True, nogil=True)  # pragma: no cover
def _patterns(padded, reach, first, share, found):  # type: ignore[no-untyped-def]
    """Differences to the middle are interpolated, not levels: of equal ones nothing remains."""
    count = len(first)
    side = np.empty(count, np.bool_)
    for y in range(found.shape[0]):
        for x in range(found.shape[1]):
            middle, bright = padded[y + reach, x + reach], 0
            for k in range(count):
                r, c = y + reach + first[k, 0], x + reach + first[k, 1]
                down, right = share[k, 0], share[k, 1]
                upper = (1 - right) * (padded[r, c] - middle)
                upper += right * (padded[r, c + 1] - middle)
                under = (1 - right) * (padded[r + 1, c] - middle)
                under += right * (padded[r + 1, c + 1] - middle)
                side[k] = (1 - down) * upper + down * under >= 0
                bright += side[k]
            turns = 0
            for k in range(count):
                turns += side[k] != side[k - 1]
            found[y, x] = (bright if turns <= 2 else count + 1) / (count + 1)
