"""A picture as a pyramid of bands, one octave of frequencies each.

    G_0 = picture,  G_k+1 = every second pixel of the smoothed G_k
    band_k = G_k - (G_k+1 spread out and smoothed);  the last band is what remains, G_last

Smoothing is by [1, 4, 6, 4, 1] / 16 along both axes, the edges mirrored. Adding up from the last
band gives the picture back. Burt, Adelson: The Laplacian pyramid as a compact image code, IEEE
Transactions on Communications 31(4), 1983.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve1d

from heatlens.transport.mass import Floats

__all__ = ["laplacian_pyramid"]

KERNEL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


def laplacian_pyramid(picture: Floats, levels: int) -> list[Floats]:
    """Bands from the finest to the coarsest.

    Args:
        picture: (H, W, C).
        levels: number of bands; 1 gives the picture as it is.

    Example:
        >>> [band.shape for band in laplacian_pyramid(np.ones((9, 6, 1)), 3)]
        [(9, 6, 1), (5, 3, 1), (3, 2, 1)]
    """
    bands = []
    for _ in range(levels - 1):
        smaller = _smooth(picture, KERNEL)[::2, ::2]
        bands.append(picture - _enlarged(smaller, picture.shape))
        picture = smaller
    return [*bands, picture]


def _enlarged(picture: Floats, shape: tuple[int, ...]) -> Floats:
    sparse = np.zeros(shape)
    sparse[::2, ::2] = picture
    return _smooth(sparse, 2 * KERNEL)  # twice along each axis, for three of four pixels are 0


def _smooth(picture: Floats, kernel: Floats) -> Floats:
    rows: Floats = convolve1d(picture, kernel, axis=0, mode="mirror")
    both: Floats = convolve1d(rows, kernel, axis=1, mode="mirror")
    return both
