"""From a picture's pixels to clusters of its colours in one compiled call, and how good they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.distributions.lab import lab_columns
from heatlens.distributions.lattice import occupied
from heatlens.distributions.lloyd import fitted, nearest

__all__ = ["colour_clusters", "mean_distance"]


@njit(cache=True, nogil=True, error_model="numpy")
def colour_clusters(
    pixels: Any, low: float, scale: float, seen: Any, bits: int, draws: Any, iterations: int,
    tolerance: float,
) -> Any:  # fmt: skip
    """Gather the pixels on a lattice of colours, and cluster its cells in CIELAB.

    Args:
        pixels: (H, W, 3) of any type.
        low: value that is black.
        scale: 1 over the difference between white and black.
        seen: (H, W) opacities; (0, 0) if all pixels are opaque.
        bits: per channel of the lattice.
        draws: (k, trials), numbers in 0..1 for the start.
        iterations: at most so many.
        tolerance: as in `kmeans`.

    Returns:
        Centres (m, 3) in CIELAB, masses (m,), and the number of occupied cells.
    """
    height, width = pixels.shape[:2]
    rows, columns = np.array([0, height]), np.array([0, width])
    sums, _ = occupied(pixels, low, scale, seen, bits, rows, columns, height * width, False)
    count = len(sums)
    weights, rgb = np.empty(count), np.empty((3, count))
    for cell in range(count):
        weights[cell] = sums[cell, 0]
        for c in range(3):
            rgb[c, cell] = min(sums[cell, 1 + c] / weights[cell], 1.0)
    start = draws[: min(len(draws), count)]
    centres, masses, _ = fitted(lab_columns(rgb), weights, start, iterations, tolerance)
    return centres, masses, count


@njit(cache=True, nogil=True, error_model="numpy")
def mean_distance(
    pixels: Any, low: float, scale: float, seen: Any, step: int, centres: Any
) -> float:
    """Mean CIELAB distance of every `step`-th pixel of every `step`-th row to its nearest centre.

    NaN if all of them are transparent. Arguments as of `colour_clusters`.
    """
    height, width = pixels.shape[:2]
    top, left = min(step // 2, height - 1), min(step // 2, width - 1)
    most = (-(-(height - top) // step)) * (-(-(width - left) // step))
    rgb, weights, count = np.empty((3, most)), np.empty(most), 0
    for y in range(top, height, step):
        for x in range(left, width, step):
            for c in range(3):
                rgb[c, count] = min(max((pixels[y, x, c] - low) * scale, 0.0), 1.0)
            weights[count] = 1.0 if seen.size == 0 else seen[y, x]
            count += 1
    squared = nearest(lab_columns(rgb), centres)[1]
    return (weights * np.sqrt(squared)).sum() / weights.sum()
