"""The max-sliced Wasserstein distance: the direction in which two sides are farthest apart.

    max-SW_p(a, b) = max over unit vectors u of W_p(u.a, u.b)

Deshpande, Hu, Sun, Pyrros, Siddiqui, Koyejo, Zhao, Forsyth, Schwing: Max-sliced Wasserstein
distance and its use for GANs, CVPR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from heatlens.frozen import frozen
from heatlens.transport.line.merge import slopes
from heatlens.transport.line.rows import Rows, checked_count, checked_exponent
from heatlens.transport.mass import Floats, MassPolicy
from heatlens.transport.sliced.directions import checked_sides, directions, unit

__all__ = ["MaxSlicedDistance", "max_sliced_wasserstein"]

LONGEST = 2.0
"""First step, as a length on the sphere before it is brought back to it."""
SHORTEST = 1e-9
MOST = 16
"""The largest exponent: beyond it the power of a short distance underflows."""


@dataclass(frozen=True, eq=False)
class MaxSlicedDistance:
    """The best direction that was found.

    Attributes:
        value: W_p along it, in the unit of the points: a lower bound of the true maximum, and
            thereby of W_p with Euclidean ground distance. The p-th root is taken.
        direction: read-only unit vector (d,).
        values: (starts,) what each start arrived at; if many agree, the maximum is likely found.
        p: exponent.
        seed: of the random starts.
    """

    value: float
    direction: Floats
    values: Floats
    p: float
    seed: int

    def __float__(self) -> float:
        return self.value


def max_sliced_wasserstein(
    x: Any,
    y: Any,
    a: Any = None,
    b: Any = None,
    *,
    p: float = 2,
    starts: int = 8,
    steps: int = 100,
    seed: int = 0,
    mass: MassPolicy = "equal",
) -> MaxSlicedDistance:
    """The largest distance on a line over all directions, sought by gradient ascent.

    The function has many maxima, so what is returned is a lower bound of the largest. Starts are
    the difference of the means, the axis along which the spreads differ most, and random ones.
    A step that does not lead upwards is halved, so no start ends lower than it began.

    Args:
        x: points (n, d).
        y: points (m, d).
        a: masses at x (n,). None: 1/n each.
        b: masses at y (m,). None: 1/m each.
        p: exponent, 1 to 16.
        starts: directions to climb from; two of them are not random.
        steps: at most so many gradients a start.
        seed: of the random starts; the same seed gives the same direction.
        mass: "equal" or "normalise"; for the other policies see `emd`.

    Raises:
        InvalidType: not real numbers.
        InvalidArgument: as `sliced_wasserstein`.

    Example:
        >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        >>> found = max_sliced_wasserstein(square, square + [3.0, 4.0])
        >>> round(found.value, 6), found.direction.round(3).tolist()
        (5.0, [0.6, 0.8])
    """
    exponent = checked_exponent(p, MOST)
    count = checked_count(starts, "starts")
    most = checked_count(steps, "steps", 0)
    x, y, sides = checked_sides(x, y, a, b, mass)
    # On a scale of 1, about the common centre: no power over- or underflows, nothing cancels.
    centre = (x.min(0) + x.max(0)) / 2
    x, y = x - centre, y - centre
    scale = max(float(np.abs(x).max()), float(np.abs(y).max())) or 1.0
    x, y = x / scale, y / scale
    ends = [_climb(x, y, sides, exponent, start, most)
            for start in _starts(x, y, sides, count, seed)]  # fmt: skip
    values = scale * np.array([cost for cost, _ in ends]) ** (1 / exponent)
    best = int(np.argmax(values))
    direction = ends[best][1]
    direction = direction * (1.0 if direction[np.argmax(np.abs(direction))] > 0 else -1.0)
    return MaxSlicedDistance(float(values[best]), frozen(direction), frozen(values), exponent, seed)


def _starts(x: Floats, y: Floats, sides: Rows, count: int, seed: int) -> Floats:
    a, b = sides.a[0] / sides.a.sum(), sides.b[0] / sides.b.sum()
    mean_x, mean_y = a @ x, b @ y
    spread = (x - mean_x).T * a @ (x - mean_x) - (y - mean_y).T * b @ (y - mean_y)
    values, axes = np.linalg.eigh(spread)
    known = np.stack([mean_x - mean_y, axes[:, np.argmax(np.abs(values))]])
    return np.concatenate([unit(known), directions(max(count - 2, 0), x.shape[1], seed)])[:count]


def _climb(
    x: Floats, y: Floats, sides: Rows, p: float, direction: Floats, steps: int
) -> tuple[float, Floats]:
    """W_p^p at the end of one ascent, and the direction there."""
    cost, gradient = _gradient(x, y, sides, p, direction)
    length = LONGEST
    for _ in range(steps):
        uphill = gradient - (gradient @ direction) * direction
        steep = float(np.linalg.norm(uphill))
        if steep <= 1e-12 * max(cost, 1e-300) or length < SHORTEST:
            break
        while length >= SHORTEST:
            tried = unit(direction + length / steep * uphill)
            higher, slope = _gradient(x, y, sides, p, tried)
            if higher > cost:
                direction, cost, gradient = tried, higher, slope
                length = min(2 * length, LONGEST)
                break
            length /= 2
    return cost, direction


def _gradient(
    x: Floats, y: Floats, sides: Rows, p: float, direction: Floats
) -> tuple[float, Floats]:
    px, py = x @ direction, y @ direction
    order_x, order_y = np.argsort(px), np.argsort(py)
    by_x, by_y = np.empty(len(px)), np.empty(len(py))
    cost = slopes(px[order_x], py[order_y], sides.a[0][order_x], sides.b[0][order_y], p, by_x, by_y)
    gradient: Floats = (by_x @ x[order_x] + by_y @ y[order_y]) / sides.divisor
    return cost / sides.divisor, gradient
