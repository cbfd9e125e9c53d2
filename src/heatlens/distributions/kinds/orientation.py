"""Orientation of edges: which way the grey values change, and how strongly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, blocks, luma, name_of, whole
from heatlens.errors import InvalidArgument
from heatlens.image import Image

__all__ = ["orientation"]


@register("orientation", unit="degrees modulo 180", period=180.0)
def orientation(source: Source, *, bins: int = 36) -> Distribution:
    """Weigh the directions of the gradient by its magnitude, modulo 180 degrees.

    Central differences of luma; pixels at the border, and those beside a transparent one, are left
    out. Angles run from the x axis towards the bottom, as rows do: 0 for a vertical edge,
    whichever side is bright. Distances between angles go round the circle: 175 and 5 degrees are
    10 apart.

    Args:
        source: a flat picture of at least 3 x 3 pixels.
        bins: number of directions; bin k is centred at 180 k / bins degrees.

    Returns:
        Angles (bins, 1) in degrees, 0 up to 180, weighted by the sum of the magnitudes (in units
        of the picture's range per pixel).

    Raises:
        InvalidArgument: the picture is flat: no gradient, no direction.

    Example:
        >>> from heatlens.image import Image
        >>> edge = Image(np.repeat([[0, 0, 255, 255]], 4, axis=0).astype(np.uint8), "YX")
        >>> found = orientation(edge)
        >>> int(found.weights.argmax()), float(found.total)
        (0, 2.0)
    """
    image = whole(source, "orientation")
    bins = checked_bins(bins, "bins")
    if min(image.size) < 3:
        raise InvalidArgument(f"a picture of {image.size} pixels has no inner ones; 3 x 3 is least")
    weights = np.zeros(bins)
    for rows in blocks(image.size):
        weights += _directions(image, slice(max(0, rows.start - 1), rows.stop + 1), bins)
    if not weights.any():
        raise InvalidArgument("the picture is flat: without a gradient there is no orientation")
    return Distribution(
        weights,
        np.linspace(0, 180, bins, endpoint=False)[:, None],
        "degrees modulo 180",
        "orientation",
        name_of(image),
        info={"bins": bins, "period": 180.0},
    )


def _directions(image: Image, rows: slice, bins: int) -> npt.NDArray[np.float64]:
    """Magnitude in each direction, of the inner pixels of some rows."""
    low, high = image.value_range
    grey = luma(image, rows)
    grey /= high - low
    if len(grey) < 3:
        return np.zeros(bins)
    dy = (grey[2:, 1:-1] - grey[:-2, 1:-1]) / 2
    dx = (grey[1:-1, 2:] - grey[1:-1, :-2]) / 2
    magnitude = np.hypot(dy, dx)
    if image.alpha is not None:
        seen = image.alpha[rows] > 0
        magnitude *= seen[1:-1, 1:-1] & seen[2:, 1:-1] & seen[:-2, 1:-1]
        magnitude *= seen[1:-1, 2:] & seen[1:-1, :-2]
    index = np.rint(np.arctan2(dy, dx) * (bins / np.pi)).astype(np.int64) % bins
    return np.bincount(index.ravel(), magnitude.ravel(), minlength=bins).astype(np.float64)
