"""Distractors: shapes that are no digits, as signed distances on a small window.

Each shape is a function ``(rng, y, x) -> distance`` on coordinates relative to its centre in units
of its radius (the window is -1..1), negative inside.  A shape stays within its radius.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Plane: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = Callable[[np.random.Generator, Plane, Plane], Plane]


def blob(rng: np.random.Generator, y: Plane, x: Plane) -> Plane:
    """A smooth lump: a circle whose radius three low harmonics disturb."""
    angle = np.arctan2(y, x)
    radius = np.full_like(angle, 0.72)
    for order in (2, 3, 5):
        strength, phase = rng.uniform(0.0, 0.09), rng.uniform(0, 2 * np.pi)
        radius += np.float32(strength) * np.cos(order * angle + np.float32(phase))
    return np.hypot(y, x) - radius


def bar(rng: np.random.Generator, y: Plane, x: Plane) -> Plane:
    """A straight bar in any direction."""
    direction, width = rng.uniform(0, np.pi), rng.uniform(0.14, 0.26)
    end = (0.75 * np.sin(direction), 0.75 * np.cos(direction))
    return _stroke(y, x, (-end[0], -end[1]), end) - np.float32(width)


def triangle(rng: np.random.Generator, y: Plane, x: Plane) -> Plane:
    """A filled triangle with corners on the circle."""
    start = rng.uniform(0, 2 * np.pi)
    first, second, third = start + np.array([0.0, 2.1, 4.2]) + rng.uniform(-0.35, 0.35, 3)
    pairs = ((first, second), (second, third), (third, first + 2 * np.pi))
    sides = [_half_plane(y, x, a, b, reach=0.95) for a, b in pairs]
    return np.maximum(np.maximum(sides[0], sides[1]), sides[2])


def ring(rng: np.random.Generator, y: Plane, x: Plane) -> Plane:
    """A circular ring; its size keeps it apart from a zero, which is at least twice as large."""
    width = np.float32(rng.uniform(0.14, 0.22))
    return np.abs(np.hypot(y, x) - np.float32(0.7)) - width


def cross(rng: np.random.Generator, y: Plane, x: Plane) -> Plane:
    """Two bars at a right angle."""
    direction, width = rng.uniform(0, np.pi / 2), rng.uniform(0.13, 0.22)
    arms = []
    for turn in (0.0, np.pi / 2):
        end = (0.75 * np.sin(direction + turn), 0.75 * np.cos(direction + turn))
        arms.append(_stroke(y, x, (-end[0], -end[1]), end))
    return np.minimum(arms[0], arms[1]) - np.float32(width)


def scribble(rng: np.random.Generator, y: Plane, x: Plane) -> Plane:
    """A capital letter none of whose forms is a digit, with jittered corners."""
    strokes = _LETTERS[int(rng.integers(len(_LETTERS)))]
    jitter = rng.uniform(-0.08, 0.08, (4, 2))
    nearest = np.full_like(y, np.inf)
    for count, (start, end) in enumerate(strokes):
        shift = jitter[count % 4]
        a = (start[0] + shift[0], start[1] + shift[1])
        nearest = np.minimum(nearest, _stroke(y, x, a, end))
    return nearest - np.float32(rng.uniform(0.1, 0.15))


_Point: TypeAlias = tuple[float, float]
# (y, x) of both ends of each stroke, in -1..1 with y downwards: A E F H K M N T V X Y.
_LETTERS: Final[tuple[tuple[tuple[_Point, _Point], ...], ...]] = (
    (((0.6, -0.5), (-0.6, 0.0)), ((-0.6, 0.0), (0.6, 0.5)), ((0.2, -0.3), (0.2, 0.3))),
    (
        ((-0.6, -0.4), (0.6, -0.4)),
        ((-0.6, -0.4), (-0.6, 0.45)),
        ((0.0, -0.4), (0.0, 0.35)),
        ((0.6, -0.4), (0.6, 0.45)),
    ),
    (((-0.6, -0.4), (0.6, -0.4)), ((-0.6, -0.4), (-0.6, 0.45)), ((0.0, -0.4), (0.0, 0.35))),
    (((-0.6, -0.45), (0.6, -0.45)), ((-0.6, 0.45), (0.6, 0.45)), ((0.0, -0.45), (0.0, 0.45))),
    (((-0.6, -0.4), (0.6, -0.4)), ((0.05, -0.4), (-0.6, 0.45)), ((0.0, -0.3), (0.6, 0.45))),
    (
        ((0.6, -0.55), (-0.6, -0.5)),
        ((-0.6, -0.5), (0.2, 0.0)),
        ((0.2, 0.0), (-0.6, 0.5)),
        ((-0.6, 0.5), (0.6, 0.55)),
    ),
    (((0.6, -0.45), (-0.6, -0.45)), ((-0.6, -0.45), (0.6, 0.45)), ((0.6, 0.45), (-0.6, 0.45))),
    (((-0.6, -0.5), (-0.6, 0.5)), ((-0.6, 0.0), (0.6, 0.0))),
    (((-0.6, -0.5), (0.6, 0.0)), ((0.6, 0.0), (-0.6, 0.5))),
    (((-0.6, -0.45), (0.6, 0.45)), ((0.6, -0.45), (-0.6, 0.45))),
    (((-0.6, -0.45), (0.0, 0.0)), ((-0.6, 0.45), (0.0, 0.0)), ((0.0, 0.0), (0.6, 0.0))),
)

SHAPES: Final[dict[str, Shape]] = {
    "blob": blob,
    "bar": bar,
    "triangle": triangle,
    "ring": ring,
    "cross": cross,
    "scribble": scribble,
}


def _stroke(y: Plane, x: Plane, start: _Point, end: _Point) -> Plane:
    """Distance to the segment from `start` to `end`."""
    dy, dx = end[0] - start[0], end[1] - start[1]
    length = max(dy * dy + dx * dx, 1e-9)
    along = np.clip(((y - start[0]) * dy + (x - start[1]) * dx) / length, 0.0, 1.0)
    return np.hypot(y - start[0] - along * dy, x - start[1] - along * dx).astype(np.float32)


def _half_plane(y: Plane, x: Plane, first: float, second: float, reach: float) -> Plane:
    """Distance to the line through two points of a circle, negative on the centre's side."""
    middle = (first + second) / 2
    offset = reach * np.cos((second - first) / 2)
    return (np.sin(middle) * y + np.cos(middle) * x - offset).astype(np.float32)
