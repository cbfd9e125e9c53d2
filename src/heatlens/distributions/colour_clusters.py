"""From a picture's pixels to clusters of its colours, in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.distributions.lab import lab_columns
from heatlens.distributions.lattice import occupied
from heatlens.distributions.lloyd import fitted

__all__ = ["colour_clusters"]


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
