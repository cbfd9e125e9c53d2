"""Four plain shapes, drawn for many pictures at once with soft edges."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHAPES", "coverage"]

SHAPES: Final = ("square", "circle", "triangle", "cross")
"""Names of the shapes, in the order of their numbers."""

Plane = NDArray[np.float32]


def coverage(
    shapes: NDArray[np.int64],
    centres: NDArray[np.float32],
    radii: NDArray[np.float32],
    turns: NDArray[np.float32],
    side: int,
) -> Plane:
    """How much of each pixel lies inside a shape, one shape a picture.

    Args:
        shapes: (N,) numbers in `SHAPES`.
        centres: (N, 2) rows and columns in pixels; the middle of the first pixel is 0.
        radii: (N,) in pixels; a shape stays within 1.05 of it.
        turns: (N,) angles in radians.
        side: of the square pictures, in pixels.

    Returns:
        (N, side, side) in 0..1; pixels of 0.5 and more are inside.

    Example:
        >>> one = np.ones(1, np.float32)
        >>> inside = coverage(np.array([1]), 2 * np.ones((1, 2), np.float32), one, 0 * one, 5)
        >>> float(inside[0, 2, 2]), float(inside[0, 0, 0])
        (1.0, 0.0)
    """
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    scale = radii[:, None, None]
    down = (rows - centres[:, 0, None, None]) / scale
    right = (columns - centres[:, 1, None, None]) / scale
    cosine, sine = np.cos(turns)[:, None, None], np.sin(turns)[:, None, None]
    y, x = cosine * down - sine * right, sine * down + cosine * right
    distance = np.choose(shapes[:, None, None], [_square(y, x), _circle(y, x), *_others(y, x)])
    inside: Plane = np.clip(0.5 - distance * scale, 0, 1).astype(np.float32)
    return inside


def _square(y: Plane, x: Plane) -> Plane:
    edge: Plane = np.maximum(np.abs(y), np.abs(x)) - np.float32(0.72)
    return edge


def _circle(y: Plane, x: Plane) -> Plane:
    edge: Plane = np.hypot(y, x) - np.float32(0.85)
    return edge


def _others(y: Plane, x: Plane) -> tuple[Plane, Plane]:
    slope = np.abs(x) * np.float32(np.sqrt(0.75)) - y * np.float32(0.5)
    triangle: Plane = np.maximum(y, slope) - np.float32(0.52)
    tall = np.maximum(np.abs(x) - np.float32(0.26), np.abs(y) - np.float32(0.95))
    wide = np.maximum(np.abs(y) - np.float32(0.26), np.abs(x) - np.float32(0.95))
    cross: Plane = np.minimum(tall, wide)
    return triangle, cross
