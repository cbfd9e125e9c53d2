"""Grey histogram: how many pixels are how bright."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.given import checked_whole
from heatlens.distributions.pictures import Raw, Source, blocks, luma, name_of, opacity, whole
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image

__all__ = ["checked_bins", "histogram"]

Floats = npt.NDArray[np.float64]


@register(
    "histogram", unit="grey levels of the picture's own range", takes="images, heatmaps with range="
)
def histogram(
    source: Source,
    *,
    bins: int = 10,
    range: tuple[float, float] | None = None,
    unit: str = "levels",
) -> Distribution:
    """Count the pixels by their grey value, in bins of equal width.

    Colour turns grey by luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded to a level
    where levels are whole. Whole levels low..high are cut as [low, high + 1) into bins, so 8 bits
    as `numpy.histogram(range=(0, 256))` and `cv2.calcHist` have it, and a bin's point is the mean
    of the levels it spans: 256 bins lie at 0, 1, ..., 255. Other values are cut as [low, high].
    A pixel counts as much as it is opaque; a heatmap's pixels if they are valid.

    Args:
        source: a flat picture; 16 bits stay 16 bits. A heatmap needs `range`.
        bins: how many. Two grey levels in one bin are one: the ten of the textbooks are 25.6 levels
            of 0..255 wide, and a note says so; 256 leave nothing out.
        range: the values of black and white, in place of the picture's own. Pixels beyond are
            counted in the outermost bins, and a note says how many.
        unit: "levels", or "range" for fractions of the range, which makes 8 and 16 bits
            comparable.

    Returns:
        `bins` points (bins, 1), weighted by pixels; empty bins have weight 0.

    Example:
        >>> import numpy as np
        >>> from heatlens.image import Image
        >>> grey = Image(np.array([[0, 100], [200, 255]], np.uint8), "YX")
        >>> found = histogram(grey, bins=2)
        >>> found.weights.tolist(), found.points[:, 0].tolist(), found.unit
        ([2.0, 2.0], [63.5, 191.5], 'grey levels of 0..255')
    """
    bins = checked_bins(bins, "bins")
    if unit not in ("levels", "range"):
        raise InvalidArgument(f"unit is {unit!r}; it can be 'levels' or 'range'")
    own, whole_levels = _levels(source)
    if range is None and own is None:
        raise InvalidArgument(
            "a heatmap has no black and white; pass range=(low, high), the same for all maps that "
            "are to be compared, or take on='mass'"
        )
    low, high = _checked_range(range if range is not None else own)
    whole_levels = whole_levels and low == int(low) and high == int(high)
    top = high + 1 if whole_levels else high
    weights, beyond = np.zeros(bins), 0
    for values, counts in _values(source):
        if whole_levels:
            np.rint(values, out=values)
        beyond += int(((values < low) | (values > high)).sum())
        index = np.clip((values - low) * (bins / (top - low)), 0, bins - 1).astype(np.int64)
        weights += np.bincount(index.ravel(), counts, minlength=bins)
    width = (top - low) / bins
    points: Floats = low + width * np.arange(0.5, bins, dtype=np.float64) - 0.5 * whole_levels
    what = "grey levels" if own is not None else "units of the map"
    name = f"{what} of {low:g}..{high:g}"
    if unit == "range":
        points, width = (points - low) / (high - low), width / (high - low)
        name = f"fractions of the range of {what}"
    notes: tuple[str, ...] = ()
    if beyond:
        notes = (f"{beyond} pixels lie beyond {low:g}..{high:g}, in the last bins",)
    if (top - low) / bins > (1 if whole_levels else (high - low) / 256):
        each = "of the range" if unit == "range" else what
        notes += (f"bins are {width:.4g} {each} wide: distances are right to that",)
    return Distribution(
        weights,
        points[:, None],
        name,
        "histogram",
        name_of(source),
        info={"bins": bins, "range": (low, high), "width": width},
        notes=notes,
    )


def _levels(source: Source) -> tuple[tuple[float, float] | None, bool]:
    """The source's own range, and whether its levels are whole numbers."""
    if isinstance(source, Raw):
        raise InvalidArgument("an array (H, W) of masses has no histogram; read it as a picture")
    if isinstance(source, Heatmap):
        return None, False
    image = whole(source, "histogram")
    levels = image.pixels.dtype.kind == "u" and image.value_range[1] > 1
    return image.value_range, levels or (
        image.value_range == (0.0, 255.0) and not (image.pixels % 1).any()
    )


def _values(source: Source) -> Iterator[tuple[Floats, Floats | None]]:
    """Grey values, and what each counts, some rows at a time."""
    if isinstance(source, Heatmap):
        values = source.values.astype(np.float64)
        yield (values if source.valid is None else values[source.valid]), None
    elif isinstance(source, Image):
        seen = opacity(source)
        for rows in blocks(source.size):
            yield luma(source, rows), None if seen is None else seen[rows].ravel()


def _checked_range(given: Any) -> tuple[float, float]:
    try:
        low, high = (float(value) for value in given)
    except (TypeError, ValueError):
        raise InvalidArgument(f"range is {given!r}; it is (low, high)") from None
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InvalidArgument(f"range is ({low:g}, {high:g}); it is finite and rises")
    return low, high


def checked_bins(value: Any, name: str) -> int:
    """`value` as a whole number from 1 on.

    Raises:
        InvalidType: not a whole number.
        InvalidArgument: below 1.
    """
    return checked_whole(value, name)
