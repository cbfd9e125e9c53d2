"""Sinkhorn's iteration for two distributions and for each with itself, from coarse to fine.

    f = -epsilon log sum_j exp(log b_j + (g_j - C_ij) / epsilon)       and the same for g

The potentials of a blur are the start for the next, smaller one, corrected by what the blur
itself does to them: the potential of each distribution with itself, which is known at both
blurs. Without this correction the start is wrong at all lengths, and the long ones need a number
of sweeps that grows as 1 / epsilon. Sweeps are over-relaxed (Thibault et al.: Overrelaxed
Sinkhorn-Knopp Algorithm for Regularized Optimal Transport, Algorithms 14(5), 2021). The potential
of a distribution with itself is found by averaging (Feydy et al.: Interpolating between Optimal
Transport and MMD using Sinkhorn Divergences, AISTATS 2019). The correction is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from heatlens.errors import NotCertified

__all__ = ["Epsilon", "Operator", "Own", "Potentials", "Space", "anneal"]

_SWEEPS = 4
_COARSE_SWEEPS = 100
_COARSE_ERROR, _LAST_ERROR = 0.05, 0.25
_OWN_SWEEPS = 2
_RELAXATION = 1.5
_ROUNDING = 1e-6

Epsilon = float | Tensor
"""In units of the cost; (N, 1) where the rows of a batch differ."""


class Operator(Protocol):
    """Sums against a kernel in the log domain."""

    def __call__(self, h: Tensor, wanted: Tensor | None = None) -> Tensor:
        """`log sum exp(h - C / epsilon)`."""

    def transposed(self) -> Operator:
        """The same, the other way."""


Own = Callable[[Tensor, Tensor, bool], tuple[Tensor, Tensor]]
"""Sums like an operator's for both distributions; True if they are wanted where mass is only."""


class Space(Protocol):
    """Two distributions, each of total 1, and where they have mass, at some resolution."""

    a: Tensor
    b: Tensor
    log_a: Tensor
    log_b: Tensor
    in_a: Tensor
    in_b: Tensor

    def cross(self, epsilon: Epsilon, reference: Tensor) -> Operator:
        """From the places of b to those of a; the argument will be like `reference`."""

    def own(self, epsilon: Epsilon) -> Own:
        """From the places of a to themselves, and of b."""

    def extended(self, coarse: Space, epsilon: Epsilon, old: Potentials) -> Potentials:
        """Potentials that were found in a coarser space, here."""


@dataclass(frozen=True)
class Potentials:
    """f and g of a and b with each other, p of a with itself, q of b with itself."""

    f: Tensor
    g: Tensor
    p: Tensor
    q: Tensor


def anneal(
    stages: Sequence[tuple[Epsilon, Space]], tolerance: float, iterations: int
) -> tuple[Tensor, Potentials]:
    """The debiased divergence (N,), and the potentials it was computed from.

    A row stops for itself, and one whose epsilon is the next stage's too has not begun: its value
    does not hang on the other rows of the batch.

    Args:
        stages: epsilon and the space it is solved in, coarse to fine.
        tolerance: largest change of the divergence in the last sweep, relative to it plus epsilon.
        iterations: largest number of sweeps of a stage.

    Raises:
        NotCertified: the last stage has not come to rest after that many: the value changes, or a
            quarter of the mass and more is not where it should be; or the value is lost in the
            rounding of the potentials.
    """
    epsilon, space = stages[0]
    own = space.own(epsilon)
    p, q = (-epsilon / 2 * sums for sums in own(space.log_a, space.log_b, True))
    now = Potentials(p, q, p, q)
    for index, (finer, there) in enumerate(stages):
        if there is not space:
            now = there.extended(space, epsilon, now)
        if index:
            own = there.own(finer)
        epsilon, space, last = finer, there, index == len(stages) - 1
        p, q = now.p, now.q
        for _ in range(_OWN_SWEEPS):
            p, q = _own_sweep(space, epsilon, own, p, q)
        f, g = (now.f + p - now.p, now.g + q - now.q) if index else (p, q)
        forth = space.cross(epsilon, g / epsilon)
        cross = forth, forth.transposed()
        if last:
            break
        begun = _begun(space, epsilon, stages[index + 1][0])
        f, g = _approach(space, epsilon, cross, f, g, begun, iterations)
        now = _where(begun, Potentials(f, g, p, q), now)
    return _settle(space, epsilon, own, cross, Potentials(f, g, p, q), tolerance, iterations)


def _begun(space: Space, epsilon: Epsilon, following: Epsilon) -> Tensor:
    """(N,) rows that have something to do before the next stage."""
    differs = torch.as_tensor(epsilon != following, device=space.a.device)
    return differs.flatten().expand(len(space.a))


def _where(rows: Tensor, these: Potentials, others: Potentials) -> Potentials:
    """The potentials `these` in some rows, the others elsewhere."""
    if bool(rows.all()):
        return these
    return Potentials(
        *(
            torch.where(rows.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in (
                (these.f, others.f),
                (these.g, others.g),
                (these.p, others.p),
                (these.q, others.q),
            )
        )
    )


def _approach(
    space: Space,
    epsilon: Epsilon,
    cross: tuple[Operator, Operator],
    f: Tensor,
    g: Tensor,
    moving: Tensor,
    iterations: int,
) -> tuple[Tensor, Tensor]:
    """Potentials that are good enough to start from at a smaller epsilon."""
    for done in range(1, min(iterations, _COARSE_SWEEPS) + 1):
        old = Potentials(f, g, f, g)
        f, g, _, off = _sweep(space, epsilon, cross, f, g)
        found = _where(moving, Potentials(f, g, f, g), old)
        f, g = found.f, found.g
        if done >= _SWEEPS:
            moving = moving & ~(off <= _COARSE_ERROR)
            if not bool(moving.any()):
                break
    return f, g


def _settle(
    space: Space,
    epsilon: Epsilon,
    own: Own,
    cross: tuple[Operator, Operator],
    start: Potentials,
    tolerance: float,
    iterations: int,
) -> tuple[Tensor, Potentials]:
    f, g, p, q = start.f, start.g, start.p, start.q
    unit = epsilon.flatten() if isinstance(epsilon, Tensor) else epsilon
    values = torch.full_like(space.a.flatten(1).sum(1), torch.inf)
    moving, found = torch.ones_like(values, dtype=torch.bool), start
    change = off = values
    for _ in range(iterations):
        old_p, old_q, old_g = p, q, g
        p, q = _own_sweep(space, epsilon, own, p, q)
        f, g, fresh, off = _sweep(space, epsilon, cross, f, g)
        # Each of the three is the dual's value: 2 p - old_p is the map applied to old_p.
        value = _inner(space.a, fresh - p) + _inner(space.b, old_g - q)
        change = (value - values).abs() / (value.abs() + unit)
        found = _where(moving, Potentials(fresh, old_g, old_p, old_q), found)
        values = torch.where(moving, value, values)
        moving = moving & ~((off <= _LAST_ERROR) & (change <= tolerance))
        if not bool(moving.any()):
            _complain_of_rounding(space, found, values, tolerance * (values.abs() + unit))
            # The true value is not negative; the dual's approaches it from below.
            return values.clamp_min(0), found
    raise NotCertified(
        f"after iterations={iterations} the divergence still changes by "
        f"{float(change[moving].max()):.2g} of its size a sweep, and the marginals are off by "
        f"{float(off[moving].max()):.2g}; allow more iterations, or choose a larger blur, or a "
        f"tolerance above {tolerance:g}"
    )


def _complain_of_rounding(space: Space, found: Potentials, values: Tensor, allowed: Tensor) -> None:
    """The value is a difference of sums of potentials: their last digits must not decide on it."""
    rounding = torch.finfo(values.dtype).eps * (
        _inner(space.a, found.f.abs() + found.p.abs())
        + _inner(space.b, found.g.abs() + found.q.abs())
    )
    lost = rounding > torch.maximum(allowed, _ROUNDING * values.abs())
    if bool(lost.any()):
        row = int(lost.nonzero()[0, 0])
        raise NotCertified(
            f"the divergence of row {row} is {float(values[row]):.2g}, and rounding is up to "
            f"{float(rounding[row]):.2g}: the points lie too far apart for their distance; choose "
            "a larger blur, or compare the parts that are far from each other on their own"
        )


def _own_sweep(
    space: Space, epsilon: Epsilon, own: Own, p: Tensor, q: Tensor
) -> tuple[Tensor, Tensor]:
    sums = own(p / epsilon + space.log_a, q / epsilon + space.log_b, True)
    return (p - epsilon * sums[0]) / 2, (q - epsilon * sums[1]) / 2


def _sweep(
    space: Space, epsilon: Epsilon, cross: tuple[Operator, Operator], f: Tensor, g: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Potentials f and g after one sweep, the f that fits the g before, and the marginals' error (N,).

    The error is the share of the mass that was not where it should be, of both sides together.
    """
    fresh = -epsilon * cross[0](g / epsilon + space.log_b, space.in_a)
    move = fresh - f
    f = f + _RELAXATION * move
    change = -epsilon * cross[1](f / epsilon + space.log_a, space.in_b) - g
    off = _inner(space.a, _off(move, epsilon)) + _inner(space.b, _off(change, epsilon))
    return f, g + _RELAXATION * change, fresh, off


def _off(change: Tensor, epsilon: Epsilon) -> Tensor:
    return (change / -epsilon).clamp_max_(50).expm1_().abs_()


def _inner(masses: Tensor, values: Tensor) -> Tensor:
    return (masses * values).flatten(1).sum(1)
