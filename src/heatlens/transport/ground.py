"""Ground distances: what it costs to carry a unit of mass from one point to another.

    cost(x, y) = min(d(x, y), threshold) ** p

A threshold says that beyond some distance far is far (Pele, Werman: Fast and robust Earth Mover's
Distances, ICCV 2009); a thresholded metric is a metric still.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.transport.mass import Floats, real_array

__all__ = [
    "METRICS",
    "Metric",
    "box",
    "checked_cost",
    "checked_metric",
    "checked_points",
    "ground_cost",
    "is_metric",
    "require_range",
]


_MOST = 1e250
"""Costs above it could overflow where many are added up."""

_DECADES = 250
"""Distances and their powers stay within so many decades of 1."""


@dataclass(frozen=True)
class Metric:
    """A ground distance.

    Attributes:
        name: as SciPy's `cdist` calls it.
        code: its number inside the compiled kernels.
        meaning: the formula, in words.
    """

    name: str
    code: int
    meaning: str


METRICS = {
    metric.name: metric
    for metric in (
        Metric("euclidean", 0, "length of the straight line"),
        Metric("cityblock", 1, "sum of the absolute differences of the coordinates"),
        Metric("chebyshev", 2, "largest absolute difference of a coordinate"),
    )
}


def checked_points(values: Any, name: str = "x") -> Floats:
    """Points (n, d) as float64; numbers (n,) are points on a line, (n, 1).

    Raises:
        InvalidType: not real numbers.
        InvalidArgument: wrong shape, or a coordinate that is NaN or infinite (it says which).
    """
    array = real_array(values, name, "coordinates")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidArgument(f"{name} has shape {np.shape(values)}; expected points (n, d)")
    points: Floats = np.ascontiguousarray(array, np.float64)
    if not np.isfinite(points).all():
        i, k = (int(index) for index in np.argwhere(~np.isfinite(points))[0])
        raise InvalidArgument(f"{name}[{i}, {k}] is {points[i, k]}: coordinates are finite")
    return points


def checked_cost(values: Any, shape: tuple[int, int] | None = None) -> Floats:
    """A cost matrix (n, m) as float64; negative costs are allowed, NaN and infinite ones are not.

    Raises:
        InvalidArgument: wrong shape, or an entry that is not finite (it says which).
    """
    array = real_array(values, "cost", "costs")
    if array.ndim != 2 or (shape is not None and array.shape != shape):
        expected = "(n, m)" if shape is None else f"{shape}, masses of a by masses of b"
        raise InvalidArgument(f"cost has shape {array.shape}; expected {expected}")
    cost: Floats = np.ascontiguousarray(array, np.float64)
    if not np.isfinite(cost).all():
        i, j = (int(index) for index in np.argwhere(~np.isfinite(cost))[0])
        raise InvalidArgument(
            f"cost[{i}, {j}] is {cost[i, j]}; to forbid a way give it a finite cost above all "
            "others, a thousand times as large, say"
        )
    largest = float(np.abs(cost).max())
    if largest > _MOST:
        raise InvalidArgument(
            f"the largest cost is {largest:g}, and sums of costs would overflow; scale them down"
        )
    return cost


def checked_metric(metric: str, p: float, threshold: float | None) -> Metric:
    """The metric by its name, with the exponent and the threshold checked as well."""
    if metric not in METRICS:
        raise UnknownName("ground metric", metric, METRICS)
    for value, name in ((p, "p"), (threshold, "threshold")):
        if value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
            raise InvalidType(f"{name} is {value!r}; expected a number")
    if not (np.isfinite(p) and p > 0):
        raise InvalidArgument(f"p is {p}; the exponent of the distance is finite and above 0")
    if threshold is not None and not threshold > 0:
        raise InvalidArgument(f"threshold is {threshold}; it is a distance above 0")
    return METRICS[metric]


def box(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The lowest and the highest coordinates (d,) of points x (n, d) and y (m, d)."""
    # NumPy is slow along the first axis of a narrow array.
    along = [np.ascontiguousarray(points.T) for points in (x, y)]
    low: Floats = np.minimum(*(points.min(1) for points in along))
    high: Floats = np.maximum(*(points.max(1) for points in along))
    return low, high


def require_range(x: Floats, y: Floats, metric: Metric, p: float) -> None:
    """An `InvalidArgument` if distances between the points, or their powers, leave the doubles.

    Args:
        x: points (n, d).
        y: points (m, d).
        metric: of the distance, which squares coordinates if it is Euclid's.
        p: exponent.
    """
    low, high = box(x, y)
    with np.errstate(over="ignore"):
        widest = float((high - low).max())
    if widest == 0:
        return
    power = max(p, 2.0) if metric.name == "euclidean" else p
    size = power * (np.log10(widest) + np.log10(x.shape[1])) if np.isfinite(widest) else np.inf
    if not -_DECADES < size < _DECADES:
        raise InvalidArgument(
            f"the points span {widest:g}, and distances to the power {p:g} "
            f"{'overflow' if size > 0 else 'vanish'}; bring the points to another scale first"
        )


def is_metric(p: float) -> bool:
    """Whether the distance to the power p obeys the triangle inequality, whatever the points."""
    return p <= 1


def ground_cost(
    x: Any, y: Any, metric: str = "euclidean", p: float = 1, threshold: float | None = None
) -> Floats:
    """The matrix of costs (n, m) between points x (n, d) and y (m, d).

    Args:
        x: points (n, d), or numbers (n,).
        y: points (m, d), or numbers (m,).
        metric: a name in `METRICS`.
        p: exponent of the distance.
        threshold: distances above it count as it.

    Raises:
        InvalidArgument: points that do not fit each other or are not finite, or an overflow.

    Example:
        >>> ground_cost([0.0, 3.0], [4.0], p=2).tolist()
        [[16.0], [1.0]]
        >>> ground_cost([0.0, 3.0], [4.0], threshold=2).tolist()
        [[2.0], [1.0]]
    """
    checked_metric(metric, p, threshold)
    x, y = checked_points(x, "x"), checked_points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise InvalidArgument(f"x has {x.shape[1]} coordinates a point, y has {y.shape[1]}")
    squared = metric == "euclidean" and p == 2 and threshold is None
    require_range(x, y, METRICS[metric], p)
    distance: Floats = cdist(x, y, "sqeuclidean" if squared else metric)
    if threshold is not None:
        np.minimum(distance, threshold, out=distance)
    cost = distance if squared or p == 1 else distance**p
    if not np.isfinite(cost).all():
        raise InvalidArgument(
            "the ground costs overflow; bring the points to a smaller scale first"
        )
    return cost
