"""Intensity, colour opponency and orientation on a Gaussian pyramid.

    I = (r + g + b) / 3;  r, g, b are divided by I where I > max(I) / 10, and 0 elsewhere
    R = r - (g + b) / 2,  G = g - (r + b) / 2,  B = b - (r + g) / 2,
    Y = (r + g) / 2 - |r - g| / 2 - b,  negative values set to 0;  RG = R - G,  BY = B - Y

Itti, Koch, Niebur: A Model of Saliency-Based Visual Attention for Rapid Scene Analysis, PAMI 1998,
section 2.1. Hue is not seen where it is dark, hence the division and its threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.perception.channels import colour
from heatlens.perception.static.feature_maps.gabor import ORIENTATIONS, oriented_energy
from heatlens.perception.static.feature_maps.pyramid import gaussian_pyramid

__all__ = ["CHANNELS", "EarlyFeatures", "early_features"]

Array = npt.NDArray[np.float32]

CHANNELS = ("intensity", "red-green", "blue-yellow", *(f"{d:g} degrees" for d in ORIENTATIONS))
"""What the rows of a level are, in their order."""

DARK = 0.1 + 1e-5
"""Share of the brightest intensity up to which no hue is seen; a tenth itself is dark, however the
pixels are stored: without a margin, rounding would tell."""


@dataclass(frozen=True, eq=False)
class EarlyFeatures:
    """Feature maps of a picture by level.

    Attributes:
        levels: from the level's number, each (7, h, w) in the order of `CHANNELS`; opponent
            channels are signed. Level n has 1 / 2^n of the picture's rows and columns.
    """

    levels: dict[int, Array]


def early_features(image: Image, finest: int, coarsest: int) -> EarlyFeatures:
    """All feature maps from level `finest` to `coarsest`.

    Where the picture is too small for the levels asked for, the pyramid ends with one pixel; and
    `finest` then is the finest level there is before it.

    Args:
        image: a flat picture, as `seen` gives it.
        finest: first level wanted, 0 for the picture's own grid.
        coarsest: last level wanted.
    """
    pyramid = gaussian_pyramid(_opponent(np.clip(colour(image), 0, None)), coarsest)
    kept = range(min(finest, len(pyramid) - 1), len(pyramid))
    return EarlyFeatures(
        {
            level: np.concatenate([pyramid[level], oriented_energy(pyramid[level][0])])
            for level in kept
        }
    )


@numba.njit(cache=True, nogil=True)
def _opponent(pixels):  # type: ignore[no-untyped-def]
    """Intensity, RG and BY, (3, H, W), of (H, W, 3) in 0..1."""
    height, width, _ = pixels.shape
    result = np.zeros((3, height, width), np.float32)
    brightest = np.float32(0)
    for i in range(height):
        for j in range(width):
            intensity = (pixels[i, j, 0] + pixels[i, j, 1] + pixels[i, j, 2]) / np.float32(3)
            result[0, i, j] = intensity
            brightest = max(brightest, intensity)
    zero, half = np.float32(0), np.float32(0.5)
    for i in range(height):
        for j in range(width):
            intensity = result[0, i, j]
            if intensity <= DARK * brightest:
                continue
            share = np.float32(1) / intensity
            r, g, b = pixels[i, j, 0] * share, pixels[i, j, 1] * share, pixels[i, j, 2] * share
            red, green = max(r - (g + b) * half, zero), max(g - (r + b) * half, zero)
            blue = max(b - (r + g) * half, zero)
            yellow = max((r + g) * half - abs(r - g) * half - b, zero)
            result[1, i, j], result[2, i, j] = red - green, blue - yellow
    return result
