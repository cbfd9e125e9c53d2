"""CIELAB of many colours: `heatlens.render.cielab.from_srgb` as a compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.render import cielab

__all__ = ["lab_columns"]

_CONES = cielab._XYZ / cielab._WHITE[:, None]
_CORNER = cielab._CORNER


@njit(cache=True, nogil=True, error_model="numpy")
def lab_columns(rgb: Any) -> Any:
    """CIELAB (3, n) of sRGB colours (3, n) in 0..1.

    Example:
        >>> lab_columns(np.ones((3, 1))).round(1)[0].tolist()
        [100.0]
    """
    lab = np.empty(rgb.shape)
    for i in range(rgb.shape[1]):
        r, g, b = _linear(rgb[0, i]), _linear(rgb[1, i]), _linear(rgb[2, i])
        x = _root(_CONES[0, 0] * r + _CONES[0, 1] * g + _CONES[0, 2] * b)
        y = _root(_CONES[1, 0] * r + _CONES[1, 1] * g + _CONES[1, 2] * b)
        z = _root(_CONES[2, 0] * r + _CONES[2, 1] * g + _CONES[2, 2] * b)
        lab[0, i] = 116 * y - 16
        lab[1, i] = 500 * (x - y)
        lab[2, i] = 200 * (y - z)
    return lab


@njit(cache=True, nogil=True, error_model="numpy")
def _linear(v: float) -> float:
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


@njit(cache=True, nogil=True, error_model="numpy")
def _root(t: float) -> float:
    return np.cbrt(t) if t > _CORNER**3 else t / (3 * _CORNER**2) + 4 / 29
