"""Linear binning: each point's weight shared among the four pixel centres around it.

The weight of a pixel is (1 - |dr|)(1 - |dc|) times the point's, for distances below 1. Total and,
away from the border, mean position of the points are kept exactly (Jones, Lotwick 1984). Beyond the
outermost centres a point goes to the outermost pixels, as a reflection at the picture's edge does,
or is shared with a pixel beyond the edge where mass may leave the picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import ndtr

__all__ = ["binned", "binned_beyond"]

Floats = npt.NDArray[np.float64]


def binned(points: Floats, weights: Floats, size: tuple[int, int]) -> Floats:
    """Weights of the pixels, (H, W), of points (n, 2) within -0.5..H-0.5 and -0.5..W-0.5.

    Example:
        >>> binned(np.array([[0.0, 0.25]]), np.ones(1), (1, 3)).tolist()
        [[0.75, 0.25, 0.0]]
    """
    grid = np.zeros(size)
    _shared(np.ascontiguousarray(points), np.ascontiguousarray(weights), grid)
    return grid


def binned_beyond(
    points: Floats, weights: Floats, size: tuple[int, int], bandwidth: tuple[float, float]
) -> Floats:
    """As `binned`, on a grid with one more pixel on every side, (H + 2, W + 2).

    A point at x between the picture's edge, -1/2, and the outermost centre, 0, is shared so that
    after the Gaussian of width s as much of it is on the picture as before binning:

        share of pixel 0 = (P(x) - P(-1)) / (P(0) - P(-1)),   P(x) = Phi((x + 1/2) / s) - Phi((x + 1/2 - side) / s)

    which is 1 + x, linear binning, for wide Gaussians.

    Args:
        points: (n, 2), within -0.5..H-0.5 and -0.5..W-0.5.
        weights: (n,).
        size: H and W.
        bandwidth: s along rows and columns, pixels, above 0.

    Example:
        >>> grid = binned_beyond(np.array([[0.0, -0.25]]), np.ones(1), (1, 99), (1.0, 9.0))
        >>> grid[1, :3].round(3).tolist()
        [0.25, 0.75, 0.0]
    """
    places = np.empty_like(points)
    for axis, (side, width) in enumerate(zip(size, bandwidth, strict=True)):
        x = points[:, axis]
        beyond = np.minimum(np.minimum(x, side - 1 - x), 0.0)  # how far outside the centres
        least, most, kept = (_kept(x, side, width) for x in (-1.0, 0.0, beyond))
        inside = (kept - least) / (most - least)
        off = np.where(beyond < 0, inside - 1, 0.0)
        places[:, axis] = 1 + np.where(x < 0, off, np.minimum(x, side - 1) - off)
    return binned(places, weights, (size[0] + 2, size[1] + 2))


def _kept(x: Any, side: int, width: float) -> Any:
    """Share of a Gaussian about x on the picture; of very wide ones but for a constant."""
    near = ndtr((x + 0.5) / width)
    return near - ndtr((x + 0.5 - side) / width) if width < 100 * side else near


@njit(cache=True, nogil=True, error_model="numpy")
def _shared(points: Any, weights: Any, grid: Any) -> None:
    height, width = grid.shape
    for i in range(len(points)):
        r, c = np.floor(points[i, 0]), np.floor(points[i, 1])
        down, right = points[i, 0] - r, points[i, 1] - c
        top, left = max(int(r), 0), max(int(c), 0)
        bottom, beside = min(int(r) + 1, height - 1), min(int(c) + 1, width - 1)
        w = weights[i]
        grid[top, left] += w * (1 - down) * (1 - right)
        grid[top, beside] += w * (1 - down) * right
        grid[bottom, left] += w * down * (1 - right)
        grid[bottom, beside] += w * down * right
