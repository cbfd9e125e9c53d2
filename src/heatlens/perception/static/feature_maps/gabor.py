"""Oriented energy: how strongly a map is striped, by direction.

    g_theta(x, y) = exp(-(x^2 + y^2) / (2 sigma^2)) exp(i 2 pi u / lambda),
    u = x cos(theta) + y sin(theta),         O_theta = |I * (g_theta - mean)|

A quadrature pair of even and odd Gabor filters, so that a line and an edge count alike. The even
filter is made free of a mean, so that plain ground gives 0. `theta` is the direction across the
stripes: 0 answers to vertical lines.

Itti, Koch, Niebur: A Model of Saliency-Based Visual Attention for Rapid Scene Analysis, PAMI 1998,
section 2.1; Greenspan et al.: Overcomplete Steerable Pyramid Filters, CVPR 1994.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

__all__ = ["ORIENTATIONS", "gabor_pairs", "oriented_energy"]

Array = npt.NDArray[np.float32]

ORIENTATIONS = (0.0, 45.0, 90.0, 135.0)
"""Degrees across the stripes."""

WAVELENGTH = 7.0
"""Pixels of a stripe and its gap."""

SIGMA = WAVELENGTH / 3
"""Pixels of the window's deviation: about one octave of bandwidth."""

RADIUS = 6
"""Pixels from the filter's middle to its end, about 2.5 sigma."""


@lru_cache(maxsize=8)
def gabor_pairs(orientations: tuple[float, ...] = ORIENTATIONS) -> Array:
    """Even and odd filters, (2 x orientations, 13, 13): first all even ones, then all odd ones.

    Each answers to stripes of its own wavelength and amplitude 1 with 1.

    Example:
        >>> filters = gabor_pairs()
        >>> filters.shape, bool(np.abs(filters.sum((1, 2))).max() < 1e-6)
        ((8, 13, 13), True)
    """
    y, x = np.mgrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1].astype(np.float64)
    window = np.exp(-(x**2 + y**2) / (2 * SIGMA**2))
    even: list[npt.NDArray[np.float64]] = []
    odd: list[npt.NDArray[np.float64]] = []
    for degrees in orientations:
        theta = np.deg2rad(degrees)
        phase = 2 * np.pi / WAVELENGTH * (x * np.cos(theta) + y * np.sin(theta))
        for filters, wave in ((even, np.cos(phase)), (odd, np.sin(phase))):
            kernel = window * wave
            kernel -= window * (kernel.sum() / window.sum())
            filters.append(kernel / (kernel * wave).sum())
    return np.stack(even + odd).astype(np.float32)


def oriented_energy(grey: Array, orientations: tuple[float, ...] = ORIENTATIONS) -> Array:
    """The energy of each orientation, (orientations, H, W) >= 0, of an (H, W) map.

    Mirrored at the border; any size from one pixel on.

    Example:
        >>> lines = np.tile(np.cos(2 * np.pi * np.arange(28) / 7), (28, 1)).astype(np.float32)
        >>> oriented_energy(lines)[:, 14, 14].round(1).astype(float).round(1).tolist()
        [1.0, 0.3, 0.0, 0.3]
    """
    padded = torch.from_numpy(np.pad(grey, RADIUS, mode="symmetric"))[None, None]
    with torch.no_grad():
        answers = F.conv2d(padded, torch.from_numpy(gabor_pairs(orientations))[:, None])[0]
        even, odd = answers.chunk(2)
        return torch.hypot(even, odd).numpy()
