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

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from heatlens.errors import NotCertified

__all__ = ["Operator", "Own", "Potentials", "Space", "anneal", "blurs"]

_SWEEPS = 4
_COARSE_SWEEPS = 100
_COARSE_ERROR, _LAST_ERROR = 0.05, 0.25
_OWN_SWEEPS = 2
_RELAXATION = 1.5


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

    def cross(self, epsilon: float, reference: Tensor) -> Operator:
        """From the places of b to those of a; the argument will be like `reference`."""

    def own(self, epsilon: float) -> Own:
        """From the places of a to themselves, and of b."""

    def extended(self, coarse: Space, epsilon: float, old: Potentials) -> Potentials:
        """Potentials that were found in a coarser space, here."""


@dataclass(frozen=True)
class Potentials:
    """f and g of a and b with each other, p of a with itself, q of b with itself."""

    f: Tensor
    g: Tensor
    p: Tensor
    q: Tensor


def blurs(largest: float, smallest: float, scaling: float) -> list[float]:
    """A geometric sequence from `largest` down to `smallest`, steps no smaller than `scaling`.

    Example:
        >>> [round(blur, 9) for blur in blurs(8.0, 1.0, 0.5)]
        [8.0, 4.0, 2.0, 1.0]
        >>> blurs(0.5, 1.0, 0.5)
        [1.0]
    """
    if largest <= smallest:
        return [smallest]
    steps = math.ceil(math.log(largest / smallest) / -math.log(scaling) - 1e-9)
    return [smallest * (largest / smallest) ** (i / steps) for i in range(steps, -1, -1)]


def anneal(
    stages: Sequence[tuple[float, Space]], tolerance: float, iterations: int
) -> tuple[Tensor, Potentials]:
    """The debiased divergence (N,), and the potentials it was computed from.

    Args:
        stages: epsilon and the space it is solved in, coarse to fine.
        tolerance: largest change of the divergence in the last sweep, relative to it plus epsilon.
        iterations: largest number of sweeps of a stage.

    Raises:
        NotCertified: the last stage has not come to rest after that many: the value changes, or a
            quarter of the mass and more is not where it should be.
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
        back = forth.transposed()
        if last:
            break
        for done in range(1, min(iterations, _COARSE_SWEEPS) + 1):
            f, g, _, off = _sweep(space, epsilon, (forth, back), f, g)
            if done >= _SWEEPS and off <= _COARSE_ERROR:
                break
        now = Potentials(f, g, p, q)
    return _settle(space, epsilon, own, (forth, back), Potentials(f, g, p, q),
                   tolerance, iterations)  # fmt: skip


def _settle(
    space: Space,
    epsilon: float,
    own: Own,
    cross: tuple[Operator, Operator],
    start: Potentials,
    tolerance: float,
    iterations: int,
) -> tuple[Tensor, Potentials]:
    f, g, p, q = start.f, start.g, start.p, start.q
    before = torch.full_like(space.a.flatten(1).sum(1), torch.inf)
    change, off = before, math.inf
    for _ in range(iterations):
        old_p, old_q, old_g = p, q, g
        p, q = _own_sweep(space, epsilon, own, p, q)
        f, g, fresh, off = _sweep(space, epsilon, cross, f, g)
        # Each of the three is the dual's value: 2 p - old_p is the map applied to old_p.
        value = _inner(space.a, fresh - p) + _inner(space.b, old_g - q)
        change = (value - before).abs() / (value.abs() + epsilon)
        if off <= _LAST_ERROR and bool((change <= tolerance).all()):
            # The true value is not negative; the dual's approaches it from below.
            return value.clamp_min(0), Potentials(fresh, old_g, old_p, old_q)
        before = value
    raise NotCertified(
        f"after iterations={iterations} the divergence still changes by {float(change.max()):.2g} "
        f"of its size a sweep, and the marginals are off by {off:.2g}; allow more iterations, or "
        f"choose a larger blur, or a tolerance above {tolerance:g}"
    )


def _own_sweep(
    space: Space, epsilon: float, own: Own, p: Tensor, q: Tensor
) -> tuple[Tensor, Tensor]:
    sums = own(p / epsilon + space.log_a, q / epsilon + space.log_b, True)
    return (p - epsilon * sums[0]) / 2, (q - epsilon * sums[1]) / 2


def _sweep(
    space: Space, epsilon: float, cross: tuple[Operator, Operator], f: Tensor, g: Tensor
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Potentials f and g after one sweep, the f that fits the g before, and the marginals' error.

    The error is the share of the mass that was not where it should be, of both sides together.
    """
    fresh = -epsilon * cross[0](g / epsilon + space.log_b, space.in_a)
    move = fresh - f
    f = f + _RELAXATION * move
    change = -epsilon * cross[1](f / epsilon + space.log_a, space.in_b) - g
    off = _inner(space.a, _off(move, epsilon)) + _inner(space.b, _off(change, epsilon))
    return f, g + _RELAXATION * change, fresh, float(off.max())


def _off(change: Tensor, epsilon: float) -> Tensor:
    return (change / -epsilon).clamp_max_(50).expm1_().abs_()


def _inner(masses: Tensor, values: Tensor) -> Tensor:
    return (masses * values).flatten(1).sum(1)
