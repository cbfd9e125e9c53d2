"""Where the items of a display stand: on a grid, each a little off its place."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument

__all__ = ["FILLED", "jittered_grid"]

FILLED = 0.6
"""Length of an item in cells."""

_LEAST = 8.0
"""Side of a cell in pixels below which a bar is no bar any more."""

_JITTER = 0.4
"""How much of the free room around an item it may use, on either side."""


def jittered_grid(
    items: int, size: tuple[int, int], rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], float]:
    """Positions of items on a grid of square cells with half a cell of margin, jittered.

    Cells that are left over are left empty, at random.

    Args:
        items: how many, at least 4: among fewer none is odd.
        size: height and width of the picture.
        rng: draws.

    Returns:
        Centres (items, 2) as (row, column), and the side of a cell in pixels.

    Raises:
        InvalidArgument: fewer than 4 items, or more than the picture has room for.

    Example:
        >>> centres, cell = jittered_grid(12, (80, 100), np.random.default_rng(0))
        >>> centres.shape, cell
        ((12, 2), 20.0)
    """
    height, width = size
    if not isinstance(items, int | np.integer) or items < 4:
        raise InvalidArgument(f"items is {items!r}; it takes at least 4 for one to be odd")
    rows, columns, cell = _fitted(items, height, width)
    if cell < _LEAST:
        most = max(0, int(height / _LEAST - 1)) * max(0, int(width / _LEAST - 1))
        raise InvalidArgument(
            f"{items} items do not fit into {height} x {width} pixels; there is room for "
            f"about {most}, or give a larger size="
        )
    cells = np.sort(rng.permutation(rows * columns)[:items])
    centres = np.stack(np.divmod(cells, columns), 1) + 0.5 - np.array([rows, columns]) / 2
    room = _JITTER * (1 - FILLED) / 2
    centres = (centres + rng.uniform(-room, room, centres.shape)) * cell
    return centres + (np.array(size) - 1) / 2, cell


def _fitted(items: int, height: int, width: int) -> tuple[int, int, float]:
    """Rows, columns and the side of a cell: the largest cells that hold all items."""
    best = (1, items, 0.0)
    for columns in range(1, items + 1):
        rows = math.ceil(items / columns)
        cell = min(height / (rows + 1), width / (columns + 1))
        if cell > best[2]:
            best = (rows, columns, cell)
    return best
