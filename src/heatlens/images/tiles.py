"""Windows that cover a long picture, and their maps blended into one.

Each window's map is weighted by a tent, 1 in the window's middle and near 0 at its edge, and the
weighted mean is taken where windows overlap: no seam, and no pixel counts the part of a window
where the model had the least context.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.geometry import Placement

__all__ = ["blend", "tents", "window_starts"]


def window_starts(length: int, window: int, overlap: float = 0.25) -> list[int]:
    """Where windows start that cover `length`, evenly spread, overlapping by at least `overlap`.

    Example:
        >>> window_starts(500, 224)
        [0, 138, 276]
        >>> window_starts(224, 224)
        [0]
    """
    if length <= window:
        return [0]
    stride = max(1.0, window * (1 - overlap))
    count = int(np.ceil((length - window) / stride)) + 1
    return [round(k * (length - window) / (count - 1)) for k in range(count)]


def blend(
    placements: Sequence[Placement], maps: Sequence[npt.ArrayLike]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Bring the maps of several windows of one picture back on its grid, as one map.

    With one placement this is `placement.back(map)`. Memory: the result and one window.

    Args:
        placements: where each window lies, all of the same picture.
        maps: one (..., gh, gw) per placement, alike in all but the grid.

    Returns:
        The values (..., H, W), 0 where no window looked, and the (H, W) mask of pixels that any
        window saw.

    Raises:
        InvalidArgument: no or not equally many maps, or placements of different pictures.

    Example:
        >>> left = Placement((4, 8), (4, 5))
        >>> right = Placement((4, 8), (4, 5), offset=(0.0, -3.0))
        >>> values, valid = blend([left, right], [np.ones((1, 1)), np.ones((2, 2))])
        >>> bool(np.allclose(values, 1)), bool(valid.all())
        (True, True)
    """
    if not placements or len(placements) != len(maps):
        raise InvalidArgument(f"{len(placements)} placements for {len(maps)} maps")
    original = placements[0].original
    if any(place.original != original for place in placements):
        raise InvalidArgument("the placements belong to pictures of different sizes")
    grids = [np.asarray(values) for values in maps]
    if len(placements) == 1:
        return placements[0].back(grids[0]), placements[0].valid()
    dtype = np.result_type(np.float32, *(grid.dtype for grid in grids if grid.dtype.kind == "f"))
    total = np.zeros((*grids[0].shape[:-2], *original), dtype)
    weight = np.zeros(original, dtype)
    for place, grid in zip(placements, grids, strict=True):
        window = place.window
        rows, columns = tents(place)
        tent = (rows[:, None] * columns).astype(dtype)
        total[(..., *window)] += place.back_window(grid) * tent
        weight[window] += tent
    valid = weight > 0
    total /= np.where(valid, weight, 1)
    return total, valid


def tents(place: Placement) -> Iterator[npt.NDArray[np.float64]]:
    """Weights of the window's rows, then of its columns: 1 in the middle, above 0 at the edge."""
    for axis, seen in enumerate(place.window):
        size = place.input[axis]
        position = np.clip(place.positions(axis)[seen] / size, 0, 1)
        yield np.maximum(1 - np.abs(2 * position - 1), 1e-3)
