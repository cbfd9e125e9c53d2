"""The values along which a curve of dependence is drawn, and where they leave the data."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats.mstats import mquantiles

from heatlens.errors import InvalidArgument
from heatlens.importance.subject import Floats

__all__ = ["grid_of", "supported"]


def grid_of(
    values: Floats, grid: Any, percentiles: tuple[float, float] = (0.05, 0.95), name: str = ""
) -> Floats:
    """Values of one feature, rising.

    Args:
        values: (n,), those of the data.
        grid: how many, at even distances between the percentiles; or the values themselves. A
            feature with fewer different values gets these (as in scikit-learn).
        percentiles: the ends, as shares of the rows below.
        name: of the feature, for messages.

    Raises:
        InvalidArgument: fewer than two values, NaN, or percentiles that do not rise.

    Example:
        >>> grid_of(np.array([0.0, 1.0, 1.0]), 50).tolist()
        [0.0, 1.0]
    """
    if not isinstance(grid, int | np.integer):
        found = np.asarray(grid, np.float64)
        if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
            raise InvalidArgument(
                f"the grid of {name!r} has shape {found.shape}; finite values (g,) are meant, or "
                "how many"
            )
        return np.sort(found)
    if isinstance(grid, bool) or grid < 2:
        raise InvalidArgument(f"grid is {grid!r}; at least 2 values, or the values themselves")
    low, high = percentiles
    if not 0 <= low < high <= 1:
        raise InvalidArgument(f"percentiles {percentiles} have to rise within 0 to 1")
    unique = np.unique(values)
    if len(unique) < grid:
        return np.asarray(unique, np.float64)
    ends = mquantiles(values, prob=percentiles)
    if np.allclose(ends[0], ends[1]):
        raise InvalidArgument(
            f"nearly all rows have the same {name!r} ({ends[0]:.4g}), so the percentiles "
            f"{percentiles} are one value; give the grid's values"
        )
    return np.asarray(np.linspace(ends[0], ends[1], int(grid)), np.float64)


def supported(
    grids: tuple[Floats, ...], values: Floats, *, relative: bool = False
) -> npt.NDArray[np.bool_]:
    """Which points of a grid lie where there are data, of the grid's shape.

    Along one axis: between the least and the greatest of the data. Along two: inside of both, and
    nearest to at least one row or beside a point that is; elsewhere no row comes near. With
    `relative`, where at least half of the rows stay between the least and the greatest.

    Args:
        grids: the values along each axis.
        values: (n, axes), those of the data.
        relative: whether the grid is added to each row's own value.

    Example:
        >>> supported((np.array([-1.0, 0.0, 1.0]),), np.array([[0.0], [2.0]])).tolist()
        [False, True, True]
    """
    low, high = values.min(0), values.max(0)
    inside = []
    for k, grid in enumerate(grids):
        reach = grid + (values[:, k : k + 1] if relative else 0)
        share = ((reach >= low[k]) & (reach <= high[k])).reshape(-1, len(grid)).mean(0)
        inside.append(share >= (0.5 if relative else 1))
    if len(grids) == 1:
        return np.asarray(inside[0])
    both = inside[0][:, None] & inside[1]
    return both if relative else both & _near(grids, values)


def _near(grids: tuple[Floats, ...], values: Floats) -> npt.NDArray[np.bool_]:
    """Points (g, h) nearest to a row, and those beside them."""
    near = np.zeros([len(grid) for grid in grids], bool)
    places = [
        np.abs(column[:, None] - grid).argmin(1)
        for column, grid in zip(values.T, grids, strict=True)
    ]
    near[tuple(places)] = True
    padded = np.pad(near, 1)
    g, h = near.shape
    return np.any([padded[i : i + g, j : j + h] for i, j in product(range(3), repeat=2)], axis=0)
