"""Exact sums over the cells of a coarser (or finer) grid.

A cell takes of every pixel the share of its area that it covers, so the total stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from heatlens.distributions.pictures import blocks

__all__ = ["area_shares", "area_sums"]

Floats = npt.NDArray[np.float64]


def area_shares(pixels: int, cells: int) -> Floats:
    """Share of each pixel's length that falls into each cell, sparse (cells, pixels).

    Columns sum to 1.

    Example:
        >>> area_shares(3, 2).toarray().tolist()
        [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    """
    from scipy import sparse

    # In units of 1 / cells of a pixel all edges are whole numbers: shares have one rounding.
    edges = np.union1d(np.arange(pixels + 1) * cells, np.arange(cells + 1) * pixels)
    start, length = edges[:-1], np.diff(edges)
    return sparse.csr_array(
        (length / cells, (start // pixels, start // cells)), shape=(cells, pixels)
    )


def area_sums(
    rows_of: Callable[[slice], Floats], size: tuple[int, int], grid: tuple[int, int]
) -> Floats:
    """Sum a mass (H, W) over the cells of a grid (h, w), a block of rows at a time.

    Args:
        rows_of: gives the mass of some rows.
        size: H and W.
        grid: h and w.

    Example:
        >>> area_sums(lambda rows: np.ones((3, 4))[rows], (3, 4), (1, 2)).tolist()
        [[6.0, 6.0]]
    """
    down, across = area_shares(size[0], grid[0]), area_shares(size[1], grid[1])
    result = np.zeros((grid[0], size[1]))
    for rows in blocks(size):
        result += down[:, rows] @ rows_of(rows)
    return np.ascontiguousarray((across @ result.T).T)
