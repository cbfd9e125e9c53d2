"""CIELAB and the CIEDE2000 colour difference: how far apart two colours look.

Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, Color Research & Application 30(1),
2005. sRGB as IEC 61966-2-1, white point D65 (2 degree observer).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ciede2000", "from_srgb", "to_srgb"]

Floats = npt.NDArray[np.float64]

_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_CORNER = 6 / 29


def from_srgb(rgb: npt.NDArray[Any]) -> Floats:
    """CIELAB (..., 3), L* in 0..100, of sRGB colours (..., 3) in 0..1.

    Example:
        >>> from_srgb(np.array([1.0, 1.0, 1.0])).round(1).tolist()[0]
        100.0
    """
    rgb = np.asarray(rgb, np.float64)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _XYZ.T / _WHITE
    f = np.where(ratio > _CORNER**3, np.cbrt(ratio), ratio / (3 * _CORNER**2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    lab: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return lab


def to_srgb(lab: npt.NDArray[Any]) -> Floats:
    """sRGB (..., 3), clipped to 0..1, of CIELAB colours (..., 3)."""
    lab = np.asarray(lab, np.float64)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > _CORNER, f**3, 3 * _CORNER**2 * (f - 4 / 29))
    linear = np.clip((ratio * _WHITE) @ np.linalg.inv(_XYZ).T, 0, 1)
    rgb: Floats = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb


def ciede2000(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Floats:
    """Perceived difference of CIELAB colours (..., 3); about 1 is just noticeable.

    Example:
        >>> ciede2000(np.array([50.0, 2.6772, -79.7751]), np.array([50.0, 0.0, -82.7485])).round(4)
        np.float64(2.0425)
    """
    L1, a1, b1 = np.moveaxis(np.asarray(first, np.float64), -1, 0)
    L2, a2, b2 = np.moveaxis(np.asarray(second, np.float64), -1, 0)

    # Greys spread: a* is stretched where chroma is low.
    G = 0.5 * (1 - np.sqrt(_seventh((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2)))
    C1, C2 = np.hypot((1 + G) * a1, b1), np.hypot((1 + G) * a2, b2)
    h1 = np.arctan2(b1, (1 + G) * a1) % (2 * np.pi)
    h2 = np.arctan2(b2, (1 + G) * a2) % (2 * np.pi)

    grey = C1 * C2 == 0
    turn = h2 - h1
    turn = np.where(grey, 0, (turn + np.pi) % (2 * np.pi) - np.pi)
    dL, dC, dH = L2 - L1, C2 - C1, 2 * np.sqrt(C1 * C2) * np.sin(turn / 2)

    L, C = (L1 + L2) / 2, (C1 + C2) / 2
    h = np.where(grey, h1 + h2, (h1 + turn / 2) % (2 * np.pi))
    T = (
        1
        - 0.17 * np.cos(h - np.pi / 6)
        + 0.24 * np.cos(2 * h)
        + 0.32 * np.cos(3 * h + np.deg2rad(6))
        - 0.20 * np.cos(4 * h - np.deg2rad(63))
    )
    SL = 1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2)
    SC = 1 + 0.045 * C
    SH = 1 + 0.015 * C * T
    blue = np.deg2rad(30) * np.exp(-(((np.rad2deg(h) - 275) / 25) ** 2))
    RT = -2 * np.sqrt(_seventh(C)) * np.sin(2 * blue)

    lightness, chroma, hue = dL / SL, dC / SC, dH / SH
    squared = lightness**2 + chroma**2 + hue**2 + RT * chroma * hue
    return np.asarray(np.sqrt(np.maximum(squared, 0)))[()]


def _seventh(C: Floats) -> Floats:
    return C**7 / (C**7 + 25.0**7)
