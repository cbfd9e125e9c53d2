"""What is left to solve of two distributions: no empty places, no mass that can stay."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.exact.simplex import NO_LIMIT
from heatlens.transport.ground import (
    METRICS,
    box,
    checked_cost,
    checked_metric,
    checked_points,
    ground_cost,
    is_metric,
    require_range,
)
from heatlens.transport.mass import (
    Floats,
    balanced,
    checked_masses,
    checked_policy,
    rounding_of,
)

__all__ = [
    "Ground",
    "Sides",
    "checked_ground",
    "checked_limit",
    "checked_penalty",
    "checked_sides",
    "require_plain_cost",
]


@dataclass(frozen=True)
class Ground:
    """How costs come about: a matrix, or points with a metric.

    Attributes:
        cost: (n, m), or None.
        x: points (n, d), or None.
        y: points (m, d), or None.
        metric: name of the ground distance.
        p: its exponent.
        threshold: distances above it count as it; infinite if there is none.
        stays: whether mass can stay where it is: x is y, and the cost is a metric.
    """

    cost: Floats | None
    x: Floats | None
    y: Floats | None
    metric: str
    p: float
    threshold: float
    stays: bool

    def dearest(self) -> float:
        """No cost is above it."""
        if self.cost is not None:
            return float(self.cost.max())
        assert self.x is not None
        assert self.y is not None
        low, high = box(self.x, self.y)
        corner = ground_cost(low[None], high[None], self.metric, self.p)
        return min(float(corner[0, 0]), self.threshold**self.p)

    def block(self, rows: Any, columns: Any) -> Floats:
        """The costs between some rows and some columns."""
        if self.cost is not None:
            return self.cost[np.ix_(rows, columns)]
        assert self.x is not None
        assert self.y is not None
        threshold = None if self.threshold == np.inf else self.threshold
        return ground_cost(self.x[rows], self.y[columns], self.metric, self.p, threshold)


@dataclass(frozen=True)
class Sides:
    """Masses after the policy, and what may be made or destroyed.

    Attributes:
        a: (n,).
        b: (m,).
        made: mass that may come from nowhere, 0 if none.
        destroyed: mass that may go nowhere, 0 if none.
        extra: what either costs a unit.
        surcharge: what the difference of the totals costs in any case.
    """

    a: Floats
    b: Floats
    made: float = 0.0
    destroyed: float = 0.0
    extra: float = 0.0
    surcharge: float = 0.0

    def relaxed(self, dearest: float) -> Sides:
        """The same problem with smaller numbers, where making and destroying never pays.

        A unit destroyed here and made there costs two penalties. If that is no less than the
        dearest way, as much is carried as can be, and only the difference of the totals pays.
        """
        if not self.extra or 2 * self.extra < dearest:
            return self
        over = float(self.a.sum() - self.b.sum())
        if abs(over) <= 1e-15 * self.a.sum():  # rounding, which must not pay a large penalty
            return Sides(self.a, self.b)
        pays = self.extra * abs(over)
        return Sides(self.a, self.b, max(-over, 0.0), max(over, 0.0), 0.0, pays)


def checked_ground(
    n: int,
    m: int,
    cost: Any,
    x: Any,
    y: Any,
    metric: str,
    p: float,
    threshold: float | None,
) -> Ground:
    """Costs by matrix or by points, checked against n and m masses.

    Raises:
        InvalidArgument: both or neither given, shapes that do not fit, entries that are not
            finite.
    """
    checked_metric(metric, p, threshold)
    limit = np.inf if threshold is None else float(threshold)
    if cost is not None:
        require_plain_cost(x, y, metric, p)
        matrix = checked_cost(cost, (n, m))
        if limit < np.inf:
            matrix = np.minimum(matrix, limit)
        return Ground(matrix, None, None, metric, p, limit, False)
    if x is None:
        raise InvalidArgument(
            "there is no ground cost: pass the matrix `cost` (n, m), or the points `x` (n, d) and "
            "`y` (m, d)"
        )
    first = checked_points(x, "x")
    same = y is None or y is x
    second = first if same else checked_points(y, "y")
    for points, count, name, side in (
        (first, n, "x", "a"),
        (second, m, "y" if not same else "x", "b"),
    ):
        if len(points) != count:
            raise InvalidArgument(
                f"{name} has {len(points)} points and {side} has {count} masses; they go together"
            )
    if first.shape[1] != second.shape[1]:
        raise InvalidArgument(
            f"x has {first.shape[1]} coordinates a point, y has {second.shape[1]}"
        )
    require_range(first, second, METRICS[metric], p)
    same = same or (first.shape == second.shape and bool((first == second).all()))
    return Ground(None, first, second, metric, p, limit, same and is_metric(p))


def require_plain_cost(x: Any, y: Any, metric: str, p: float) -> None:
    """An `InvalidArgument` if points, a metric or an exponent are given beside a cost matrix."""
    if x is not None or y is not None:
        raise InvalidArgument("pass either `cost` or the points `x` (and `y`), not both")
    if metric != "euclidean" or p != 1:
        raise InvalidArgument(
            "metric and p belong to points; a `cost` is taken as it is, so raise it to the power "
            "beforehand"
        )


def checked_limit(limit: int | None) -> int:
    """The number of exchanges at most, a whole number of 1 or more; None means no limit."""
    if limit is None:
        return int(NO_LIMIT)
    try:
        count = index(limit)
    except TypeError:
        raise InvalidType(f"limit is {limit!r}; expected a whole number or None") from None
    if count < 1:
        raise InvalidArgument(f"limit is {count}; at least 1, or None for no limit")
    return min(count, int(NO_LIMIT))


def checked_penalty(mass: str, penalty: float | None) -> float:
    """The penalty of "unbalanced"; 0 for the other policies, which take none."""
    if mass != "unbalanced":
        if penalty is not None:
            raise InvalidArgument(f"a penalty belongs to mass='unbalanced', not to {mass!r}")
        return 0.0
    if penalty is None or not (np.isfinite(penalty) and penalty > 0):
        raise InvalidArgument(
            f"mass='unbalanced' needs a penalty above 0 for each unit made or destroyed, in units "
            f"of the cost; received {penalty}"
        )
    return float(penalty)


def checked_sides(a: Any, b: Any, mass: str, penalty: float | None) -> Sides:
    """Masses checked, and balanced as the policy says.

    Raises:
        InvalidArgument: see `heatlens.transport.mass`.
    """
    checked_policy(mass)
    extra = checked_penalty(mass, penalty)
    first, second = checked_masses(a, "a"), checked_masses(b, "b")
    if mass in ("equal", "normalise"):
        return Sides(*balanced(first, second, mass, rounding_of(a, b)))
    total_a, total_b = float(first.sum()), float(second.sum())
    if mass == "unbalanced":
        return Sides(first, second, total_b, total_a, extra)
    if abs(total_a - total_b) <= rounding_of(a, b) * max(total_a, total_b):
        return Sides(*balanced(first, second, "equal", rounding_of(a, b)))
    return Sides(first, second, max(total_b - total_a, 0.0), max(total_a - total_b, 0.0))
