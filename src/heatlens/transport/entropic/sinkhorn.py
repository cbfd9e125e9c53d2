"""Entropic transport between arrays, with a bracket around the exact value.

    min_P  <P, C> + epsilon KL(P, a (x) b)        P 1 = a,  P^T 1 = b,  P >= 0

Cuturi: Sinkhorn Distances, NeurIPS 2013. The plan is rounded onto the marginals (Altschuler, Weed,
Rigollet: Near-linear time approximation algorithms for optimal transport via Sinkhorn iteration,
NeurIPS 2017, algorithm 2), so its cost is an upper bound; the potentials become feasible by a
c-transform, so they give a lower one. Both hold wherever the iteration stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.transport.entropic.scaling import scale
from heatlens.transport.exact.problem import checked_ground
from heatlens.transport.mass import Floats, balanced, checked_masses, rounding_of

__all__ = ["MASS", "Entropic", "sinkhorn"]

MASS = ("equal", "normalise", "unbalanced-kl")


@dataclass(frozen=True, eq=False)
class Entropic:
    """A feasible plan and what it is worth.

    Attributes:
        value: sum of plan x cost (with "unbalanced-kl", the penalties included): never below the
            exact minimum.
        lower: a bound that the exact minimum is never below, from the potentials; like `value` up
            to the rounding of float64.
        plan: (n, m), with exactly the marginals that were asked for, up to rounding.
        potentials: u (n,) and v (m,) with u_i + v_j <= cost_ij everywhere.
        epsilon: strength of the entropy, in units of the cost.
        iterations: sweeps over both sides.
        marginal_error: how far, relative to the mass, the plan's marginals were off before the
            rounding, as the sum of absolute differences.
        converged: whether that, or with "unbalanced-kl" the change of the last sweep, came below
            the tolerance.
    """

    value: float
    lower: float
    plan: Floats
    potentials: tuple[Floats, Floats]
    epsilon: float
    iterations: int
    marginal_error: float
    converged: bool

    @property
    def bias(self) -> float:
        """At most so much is `value` above the exact minimum."""
        return max(self.value - self.lower, 0.0)

    def __repr__(self) -> str:
        """The bracket and where it comes from, in one line."""
        state = "converged" if self.converged else "NOT converged"
        return (
            f"Entropic({self.lower:.6g} <= exact <= {self.value:.6g}, epsilon {self.epsilon:.3g}, "
            f"{state} after {self.iterations} sweeps)"
        )


def sinkhorn(
    a: Any,
    b: Any,
    cost: Any = None,
    *,
    x: Any = None,
    y: Any = None,
    metric: str = "euclidean",
    p: float = 1,
    epsilon: float | None = None,
    mass: str = "equal",
    penalty: float | None = None,
    tolerance: float = 1e-4,
    iterations: int = 2000,
    threshold: float | None = None,
) -> Entropic:
    """Entropic transport of a to b; `lower` and `value` enclose the exact minimum, always.

    If the iterations run out, `converged` is False and the bracket is wide, not wrong.

    Args:
        a: masses (n,).
        b: masses (m,).
        cost: (n, m), in place of points.
        x: points (n, d), or numbers (n,).
        y: points (m, d); `x` if None.
        metric: ground distance between points, a name in `heatlens.transport.ground.METRICS`.
        p: exponent of the distance; no root is taken of the value.
        epsilon: strength of the entropy in units of the cost; 0.2 % of the costs' spread if None.
        mass: "equal", "normalise", or "unbalanced-kl": the marginals r and s of the plan are
            free, at the price penalty (KL(r, a) + KL(s, b)) with KL(r, a) = sum r log(r / a) - r + a.
            This is not the "unbalanced" of `emd`, which charges each unit alike.
        penalty: weight of "unbalanced-kl", in units of the cost.
        tolerance: error of the marginals, relative to the mass, at which the iteration stops.
        iterations: largest number of sweeps.
        threshold: distances above it count as it.

    Raises:
        InvalidArgument: masses, costs or settings that cannot be; the message says which.

    Example:
        >>> found = sinkhorn([1, 1], [1, 1], x=[0.0, 1.0], y=[0.5, 2.0], epsilon=0.01)
        >>> print(f"{found.lower:.3f} {found.value:.3f} {found.converged}")
        1.500 1.500 True
        >>> sinkhorn([1.0], [1.0], x=[0.0], y=[3.0]).plan
        array([[1.]])
    """
    _check_policy(mass, penalty)
    masses_a, masses_b = checked_masses(a, "a"), checked_masses(b, "b")
    if mass != "unbalanced-kl":
        masses_a, masses_b = balanced(masses_a, masses_b, mass, rounding_of(a, b))
    ground = checked_ground(len(masses_a), len(masses_b), cost, x, y, metric, p, threshold)
    costs = ground.block(np.arange(len(masses_a)), np.arange(len(masses_b)))
    spread = float(np.ptp(costs))
    epsilon = (0.002 * spread or 1.0) if epsilon is None else epsilon
    if not (0 < epsilon < np.inf and 0 < tolerance < np.inf and iterations >= 1):
        raise InvalidArgument(
            f"epsilon is {epsilon}, tolerance {tolerance} and iterations {iterations}; expected "
            "finite numbers above 0, and at least 1 sweep"
        )
    rows, columns = np.flatnonzero(masses_a), np.flatnonzero(masses_b)
    inner = costs[np.ix_(rows, columns)]
    inner_a, inner_b = masses_a[rows], masses_b[columns]
    total = 1.0 if penalty is not None else float(inner_a.sum())
    found = scale(inner_a / total, inner_b / total, inner, float(epsilon), penalty,
                  tolerance, iterations)  # fmt: skip
    moved = found.plan * total
    error = _marginal_error(moved, inner_a, inner_b) if penalty is None else found.error
    u, v = _feasible(costs, rows, columns, found.f)
    if penalty is None:
        moved = _rounded(moved, inner_a, inner_b)
        value = float((moved * inner).sum())
        lower = float(masses_a @ u + masses_b @ v)
    else:
        value, moved = _relaxed_value(moved, inner, inner_a, inner_b, penalty)
        lower, u, v = _relaxed_bound(u, v, masses_a, masses_b, penalty)
    plan = np.zeros_like(costs)
    plan[np.ix_(rows, columns)] = moved
    return Entropic(value, min(lower, value), plan, (u, v), float(epsilon), found.iterations,
                    error, error <= tolerance)  # fmt: skip


def _check_policy(mass: str, penalty: float | None) -> None:
    if mass in ("partial", "unbalanced"):
        raise InvalidArgument(
            f"mass={mass!r} is solved exactly by heatlens.transport.emd; here there are "
            f"{', '.join(map(repr, MASS))}"
        )
    if mass not in MASS:
        raise InvalidArgument(f"mass is {mass!r}; expected one of {', '.join(map(repr, MASS))}")
    if (mass == "unbalanced-kl") != (penalty is not None):
        raise InvalidArgument(
            f"penalty is {penalty} with mass={mass!r}; 'unbalanced-kl' needs one, the others none"
        )
    if penalty is not None and not 0 < penalty < np.inf:
        raise InvalidArgument(f"penalty is {penalty}; expected a finite number above 0")


def _marginal_error(plan: Floats, a: Floats, b: Floats) -> float:
    off = np.abs(plan.sum(1) - a).sum() + np.abs(plan.sum(0) - b).sum()
    return float(off / a.sum())


def _rounded(plan: Floats, a: Floats, b: Floats) -> Floats:
    """The plan with the marginals a and b: what is too much is cut, what is missing spread."""
    plan = plan * np.minimum(a / np.maximum(plan.sum(1), 1e-300), 1)[:, None]
    plan *= np.minimum(b / np.maximum(plan.sum(0), 1e-300), 1)
    missing_a, missing_b = np.maximum(a - plan.sum(1), 0), np.maximum(b - plan.sum(0), 0)
    amount = missing_b.sum()
    return plan + np.outer(missing_a, missing_b / amount) if amount > 0 else plan


def _feasible(costs: Floats, rows: Any, columns: Any, f: Floats) -> tuple[Floats, Floats]:
    """Potentials with u_i + v_j <= cost_ij everywhere, as large as can be where there is mass."""
    inner = costs[np.ix_(rows, columns)]
    v_inner = (inner - f[:, None]).min(0)
    u = (costs[:, columns] - v_inner).min(1)
    v = (costs - u[:, None]).min(0)
    return u, v


def _relaxed_value(
    plan: Floats, cost: Floats, a: Floats, b: Floats, penalty: float
) -> tuple[float, Floats]:
    """What a plan costs with the price of its marginals, after scaling it as is cheapest."""

    def terms(r: Floats, masses: Floats) -> float:
        return float((r * np.log(np.maximum(r, 1e-300) / masses)).sum())

    amount = float(plan.sum())
    moving = float((plan * cost).sum())
    mixed = terms(plan.sum(1), a) + terms(plan.sum(0), b)
    factor = float(np.exp(-(moving / penalty + mixed) / (2 * amount))) if amount > 0 else 1.0
    plan = plan * factor
    price = terms(plan.sum(1), a) + terms(plan.sum(0), b) - 2 * float(plan.sum())
    return factor * moving + penalty * (price + float(a.sum() + b.sum())), plan


def _relaxed_bound(
    u: Floats, v: Floats, a: Floats, b: Floats, penalty: float
) -> tuple[float, Floats, Floats]:
    """The dual's value under the penalty, after the best shift between the two potentials."""
    with np.errstate(over="ignore"):
        first, second = float(a @ np.exp(-u / penalty)), float(b @ np.exp(-v / penalty))
    if not 0 < first < np.inf or not 0 < second < np.inf:
        return -np.inf, u, v
    shift = penalty / 2 * float(np.log(first / second))
    bound = penalty * (float(a.sum() + b.sum()) - 2 * np.sqrt(first) * np.sqrt(second))
    return float(bound), u + shift, v - shift
