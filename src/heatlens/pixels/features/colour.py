"""Colour as a vector: CIELAB, in which equal distances look about equally large."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.image import Image
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import rgb
from heatlens.render import cielab
from heatlens.transport.threads import over_rows

__all__ = ["colour"]

_CONES = (cielab._XYZ / cielab._WHITE[:, None]).astype(np.float32)
_KNOTS = 8192
_LEVELS = np.linspace(0, 1, _KNOTS + 1)
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""sRGB's curve at evenly spaced levels; read linearly between them it is off by less than 1e-7."""
_CORNER = np.float32(cielab._CORNER)


@register(
    FEATURES, range="L* 0..1, a* -0.87..0.99, b* -1.08..0.95 (CIELAB / 100)", signed=True, reach=0
)
def colour(image: Image) -> npt.NDArray[np.float32]:
    """CIELAB / 100 of each pixel, (H, W, 3): lightness, green to red, blue to yellow.

    A difference of 0.02 is just noticeable. Levels outside 0..1 are clipped; grey pictures have
    a* = b* = 0.

    Raises:
        InvalidArgument: neither one nor three channels.

    Example:
        >>> (100 * colour(Image(np.array([[[255, 0, 0]]], np.uint8))))[0, 0].round().tolist()
        [53.0, 80.0, 67.0]
    """
    unit = np.ascontiguousarray(rgb(image))
    found = np.empty_like(unit)
    over_rows(
        lambda start, stop: _lab(unit[start:stop], _LINEAR, _CONES, _CORNER, found[start:stop]),
        len(unit),
        least=1 + 200_000 // unit.shape[1],
    )
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _lab(unit: Any, linear: Any, cones: Any, corner: Any, found: Any) -> None:
    """CIELAB / 100 of (h, w, 3) sRGB into `found`."""
    c = np.float32(0.01)
    for y in range(unit.shape[0]):
        for x in range(unit.shape[1]):
            r = _level(unit[y, x, 0], linear)
            g = _level(unit[y, x, 1], linear)
            b = _level(unit[y, x, 2], linear)
            u = _root(cones[0, 0] * r + cones[0, 1] * g + cones[0, 2] * b, corner)
            v = _root(cones[1, 0] * r + cones[1, 1] * g + cones[1, 2] * b, corner)
            w = _root(cones[2, 0] * r + cones[2, 1] * g + cones[2, 2] * b, corner)
            found[y, x, 0] = c * (np.float32(116) * v - np.float32(16))
            found[y, x, 1] = np.float32(5) * (u - v)
            found[y, x, 2] = np.float32(2) * (v - w)


@njit(cache=True, nogil=True, error_model="numpy")
def _level(value: Any, linear: Any) -> Any:
    knots = len(linear) - 1
    place = min(max(value, np.float32(0)), np.float32(1)) * np.float32(knots)
    i = min(int(place), knots - 1)
    part = place - np.float32(i)
    return linear[i] + part * (linear[i + 1] - linear[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _root(t: Any, corner: Any) -> Any:
    """CIELAB's f: the cube root, and its tangent for the darkest.

    The root by four steps of Halley's rule, which vectorise; they leave float32's rounding.
    """
    if t <= corner * corner * corner:
        return t / (np.float32(3) * corner * corner) + np.float32(4 / 29)
    y = np.float32(0.5) + np.float32(0.5) * t
    for _ in range(4):
        cube = y * y * y
        y *= (cube + t + t) / (cube + cube + t)
    return y
