"""Directions, and what is projected onto them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.transport.ground import checked_points
from heatlens.transport.line.rows import Rows, checked_count, rows_of
from heatlens.transport.mass import Floats, real_array

__all__ = ["LARGEST", "checked_sides", "directions", "projected", "unit"]

ROOM = 4_000_000
"""Projected numbers held at a time, over both sides."""
LARGEST = 1e150
"""A coordinate or pixel beyond it has a square that is not finite."""


def checked_sides(x: Any, y: Any, a: Any, b: Any, mass: str) -> tuple[Floats, Floats, Rows]:
    """Points (n, d) and (m, d), and their masses as `Rows`, whose positions mean nothing yet."""
    x, y = checked_points(x, "x"), checked_points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise InvalidArgument(f"x has {x.shape[1]} coordinates a point, y has {y.shape[1]}")
    for name, points in (("x", x), ("y", y)):
        if np.abs(points).max() > LARGEST:
            raise InvalidArgument(
                f"squares of {name} overflow; bring the points to a smaller scale"
            )
    for name, masses, points in (("a", a, x), ("b", b, y)):
        shape = (len(points),) if masses is None else real_array(masses, name, "masses").shape
        if len(shape) != 1:
            raise InvalidArgument(f"{name} has shape {shape}; expected ({len(points)},)")
    return x, y, rows_of(x[:, 0], y[:, 0], a, b, mass)


def directions(count: int, dimensions: int, seed: int) -> Floats:
    """Independent directions (count, dimensions), uniform on the sphere; a seed gives the same.

    Example:
        >>> np.linalg.norm(directions(3, 2, seed=0), axis=1).round(12).tolist()
        [1.0, 1.0, 1.0]
    """
    checked_count(seed, "seed", 0)
    normal: Floats = np.random.default_rng(seed).standard_normal((count, dimensions))
    return unit(normal)


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1 along the last axis; a vector of zeros becomes the first axis."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    first = np.zeros(vectors.shape[-1])
    first[0] = 1
    result: Floats = np.where(length > 0, vectors / np.where(length > 0, length, 1), first)
    return result


def projected(x: Floats, y: Floats, sides: Rows, onto: Floats) -> Iterator[Rows]:
    """`sides` as seen along some directions at a time: one row a direction."""
    step = max(1, ROOM // (len(x) + len(y)))
    for start in range(0, len(onto), step):
        some = onto[start : start + step]
        yield Rows(
            some @ x.T, some @ y.T, sides.a, sides.b, sides.divisor, len(some), False, sides.alike
        )
