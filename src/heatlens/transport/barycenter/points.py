"""The mean of weighted points, with a support that is free to move.

    min over X (k, d) of f(X) = sum_s w_s W_2^2((a, X), (b_s, Y_s))

Two steps in turn, neither of which can raise f: the exact plans P_s from X to each Y_s, and

    x_i = sum_s w_s sum_j P_s[i, j] y_sj / a_i

Cuturi, Doucet: Fast computation of Wasserstein barycenters, ICML 2014, algorithm 2 with fixed
weights a.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.barycenter.shares import checked_shares
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import Floats, balanced, checked_masses, checked_policy, rounding_of

__all__ = ["PointsBarycenter", "barycenter_points"]


@dataclass(frozen=True, eq=False)
class PointsBarycenter:
    """A mean of weighted points.

    Attributes:
        weights: (k,) masses; their total is that of the inputs (1 if they were normalised).
        points: (k, d).
        objective: the mean squared W2 distance to the inputs, of distributions with mass 1.
        history: the objective at each step, never rising.
        converged: whether the last step gained less than the tolerance. The problem is not
            convex: what was found is a minimum nearby, not always the least of all.
    """

    weights: Floats
    points: Floats
    objective: float
    history: tuple[float, ...]
    converged: bool

    @property
    def iterations(self) -> int:
        """How often all plans were solved."""
        return len(self.history)


def barycenter_points(
    distributions: Sequence[tuple[Any, Any]],
    weights: Any = None,
    *,
    k: int | None = None,
    seed: int = 0,
    start: tuple[Any, Any] | None = None,
    mass: str = "equal",
    tolerance: float = 1e-9,
    max_iterations: int = 100,
) -> PointsBarycenter:
    """The free-support W2 barycenter of weighted points, by exact plans.

    Args:
        distributions: pairs (masses (n,), points (n, d)), of any sizes n.
        weights: how much each counts; equal by default. They are scaled to sum to 1.
        k: number of points of the mean, all of one mass, which begin at points drawn from the
            inputs. None begins with the largest input, its masses kept.
        seed: of the draw.
        start: (masses, points) to begin with instead; excludes `k`.
        mass: "equal" demands one total, "normalise" divides each by its own.
        tolerance: stop when a step lowers the objective by less than this share of it.
        max_iterations: give up after so many steps; `converged` is False then.

    Raises:
        InvalidType: a distribution that is no pair of masses and points.
        InvalidArgument: no distributions, points of different dimension, totals that differ, or
            bad entries (named).

    Example:
        >>> middle = barycenter_points([([1.0], [[0.0, 0.0]]), ([1.0], [[2.0, 4.0]])])
        >>> middle.points.tolist(), middle.objective
        ([[1.0, 2.0]], 5.0)
    """
    checked_policy(mass, ("equal", "normalise"))
    if not tolerance >= 0 or max_iterations < 1:
        raise InvalidArgument(
            f"tolerance is {tolerance} and max_iterations {max_iterations}: at least 0 and at "
            "least 1 are meant"
        )
    given, total = _checked(distributions, mass)
    shares = checked_shares(weights, len(given))
    pairs = [pair for pair, share in zip(given, shares, strict=True) if share > 0]
    shares = shares[shares > 0]
    a, x = _start(pairs, shares, k, seed, start)

    history: list[float] = []
    while True:
        value, means = _step(a, x, pairs, shares)
        history.append(value)
        gain = np.inf if len(history) == 1 else history[-2] - value
        if gain <= tolerance * max(value, np.finfo(np.float64).tiny) or value == 0:
            return PointsBarycenter(a * total, x, value, tuple(history), True)
        if len(history) == max_iterations:
            return PointsBarycenter(a * total, x, value, tuple(history), False)
        x = means


def _step(
    a: Floats, x: Floats, pairs: list[tuple[Floats, Floats]], shares: Floats
) -> tuple[float, Floats]:
    """The objective at x, and the means of where the exact plans send each point."""
    from heatlens.transport import emd

    value, means = 0.0, np.zeros_like(x)
    for share, (b, y) in zip(shares, pairs, strict=True):
        found = emd(a, b, x=x, y=y, p=2)
        value += share * found.value
        means += share * (found.plan.tocsr() @ y) / a[:, None]
    return float(value), means


def _checked(distributions: Any, mass: str) -> tuple[list[tuple[Floats, Floats]], float]:
    if not isinstance(distributions, Sequence) or isinstance(distributions, (str, bytes)):
        raise InvalidType(
            f"distributions is a {type(distributions).__name__}; expected a list of pairs "
            "(masses, points)"
        )
    if not distributions:
        raise InvalidArgument("there are no distributions to average")
    pairs: list[tuple[Floats, Floats]] = []
    total = 0.0
    for s, entry in enumerate(distributions):
        b, y = _pair(entry, f"distributions[{s}]")
        if s == 0:
            total = float(b.sum())
        elif y.shape[1] != pairs[0][1].shape[1]:
            raise InvalidArgument(
                f"distributions[{s}] has points of {y.shape[1]} coordinates, distributions[0] has "
                f"{pairs[0][1].shape[1]}"
            )
        elif mass == "equal":
            balanced(np.array([total]), b, "equal", rounding_of(entry[0], distributions[0][0]))
        pairs.append((b / b.sum(), y))
    return pairs, total if mass == "equal" else 1.0


def _pair(entry: Any, name: str) -> tuple[Floats, Floats]:
    if not isinstance(entry, (tuple, list)) or len(entry) != 2:
        raise InvalidType(f"{name} is no pair (masses, points)")
    b, y = checked_masses(entry[0], f"{name} masses"), checked_points(entry[1], f"{name} points")
    if len(b) != len(y):
        raise InvalidArgument(f"{name} has {len(b)} masses and {len(y)} points")
    return b[b > 0], y[b > 0]


def _start(
    pairs: list[tuple[Floats, Floats]],
    shares: Floats,
    k: int | None,
    seed: int,
    start: tuple[Any, Any] | None,
) -> tuple[Floats, Floats]:
    if start is not None:
        if k is not None:
            raise InvalidArgument("give `k` or `start`, not both")
        a, x = _pair(start, "start")
        if x.shape[1] != pairs[0][1].shape[1]:
            raise InvalidArgument(
                f"start has points of {x.shape[1]} coordinates, the distributions have "
                f"{pairs[0][1].shape[1]}"
            )
        return a / a.sum(), x
    if k is None:
        b, y = max(pairs, key=lambda pair: len(pair[0]))
        return b, y
    if k < 1:
        raise InvalidArgument(f"k is {k}; the mean has at least one point")
    pool = np.concatenate([y for _, y in pairs])
    chance = np.concatenate([share * b for share, (b, _) in zip(shares, pairs, strict=True)])
    drawn = np.random.default_rng(seed).choice(len(pool), k, k > len(pool), chance / chance.sum())
    # Points that coincide would move as one: part them by a hair of the cloud's width.
    hair = 1e-9 * np.ptp(pool, axis=0) * np.random.default_rng(seed).standard_normal((k, 1))
    return np.full(k, 1 / k), pool[drawn] + (hair if k > len(pool) else 0)
