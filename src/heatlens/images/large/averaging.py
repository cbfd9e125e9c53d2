"""A large picture averaged down while its bands go by, in 0..1."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.area import AreaMean
from heatlens.images.large.source import LargeSource

__all__ = ["Progress", "averaged_unit"]

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do, both in pixels."""

Size = tuple[int, int]


def averaged_unit(
    bands: Iterable[tuple[int, npt.NDArray[Any]]],
    whole: Size,
    size: Size,
    source: LargeSource,
    value_range: tuple[float, float],
    progress: Progress | None = None,
) -> npt.NDArray[np.float32]:
    """Means over the cells of a smaller grid, (v - black) / (white - black).

    Args:
        bands: (first row, band) from top to bottom.
        whole: height and width of the picture.
        size: height and width of the result.
        source: says channels and type.
        value_range: black and white.
        progress: called after each band.

    Returns:
        (h, w, channels).
    """
    low, high = value_range
    mean = AreaMean(whole, size, source.channels)
    # Far from zero, a mean in single precision is too coarse: it is measured from black.
    far = source.dtype.itemsize >= 4 and abs(low) > high - low
    black = low if far else 0.0
    for top, band in bands:
        mean.add(band - np.float64(black) if far else band, top, 0)
        if progress is not None:
            progress((top + len(band)) * whole[1], whole[0] * whole[1])
    return (mean.result() - np.float32(low - black)) / np.float32(high - low)
