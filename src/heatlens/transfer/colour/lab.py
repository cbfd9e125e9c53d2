"""CIELAB of many colours: `heatlens.render.cielab.from_srgb` as one compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.render import cielab
from heatlens.transfer.colour.strips import in_strips
from heatlens.transport.mass import Floats

__all__ = ["lab_of"]

_TO_CONES = cielab._XYZ / cielab._WHITE[:, None]
_CORNER = cielab._CORNER


def lab_of(rgb: npt.NDArray[Any]) -> Floats:
    """CIELAB (m, 3) of sRGB colours (m, 3) in 0..1.

    Example:
        >>> lab_of(np.ones((1, 3))).round(1).tolist()[0][0]
        100.0
    """
    return in_strips(_looped, np.ascontiguousarray(rgb, np.float64), _TO_CONES)


@njit(nogil=True, cache=True)
def _looped(
    rgb: npt.NDArray[np.float64], matrix: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    lab = np.empty(rgb.shape)
    linear, f = np.empty(3), np.empty(3)
    for m in range(rgb.shape[0]):
        for c in range(3):
            v = rgb[m, c]
            linear[c] = v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for c in range(3):
            t = matrix[c, 0] * linear[0] + matrix[c, 1] * linear[1] + matrix[c, 2] * linear[2]
            f[c] = t ** (1 / 3) if t > _CORNER**3 else t / (3 * _CORNER**2) + 4 / 29
        lab[m, 0] = 116 * f[1] - 16
        lab[m, 1] = 500 * (f[0] - f[1])
        lab[m, 2] = 200 * (f[1] - f[2])
    return lab
