"""Sinkhorn's iteration between two arrays of masses: stabilised scaling, from coarse to fine.

    f_i = -l e log sum_j b_j exp((g_j - C_ij) / e)       and the same for g with a

with l = 1 for given marginals and l = penalty / (penalty + e) for marginals under a
Kullback-Leibler penalty (Chizat et al.: Scaling Algorithms for Unbalanced Optimal Transport
Problems, Mathematics of Computation 87, 2018). The kernel holds exp((f + g - C) / e) for potentials
of a while ago, so an iteration is two products of a matrix with a vector. It is made anew, by
sums of logarithms term by term, when the potentials have moved on by many e, or a sum underflows.
Schmitzer: Stabilized Sparse Scaling Algorithms for Entropy Regularized Transport Problems, SIAM
Journal on Scientific Computing 41(3), 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from heatlens.transport.entropic.schedule import blurs
from heatlens.transport.mass import Floats

__all__ = ["Scaled", "scale"]

_FAR = 100.0
_RELAXATION = 1.5
_SMALLEST_SUM = 1e-200
_COARSE_SWEEPS, _COARSE_TOLERANCE = 100, 1e-2


@dataclass(frozen=True)
class Scaled:
    """Where the iteration stopped.

    Attributes:
        f: potential of a (n,).
        g: potential of b (m,).
        plan: (n, m), a_i b_j exp((f_i + g_j - C_ij) / epsilon).
        iterations: sweeps, those of the larger epsilons included.
        error: how far, relative to the mass, the last sweep but one moved the marginals.
    """

    f: Floats
    g: Floats
    plan: Floats
    iterations: int
    error: float


class _Sweeps:
    """Potentials as those in the kernel and a step, in units of epsilon, since."""

    def __init__(
        self, a: Floats, b: Floats, cost: Floats, epsilon: float, penalty: float | None, g: Floats
    ) -> None:
        self._a, self._b, self._cost, self._epsilon = a, b, cost, epsilon
        self._damping = 1.0 if penalty is None else penalty / (penalty + epsilon)
        self._g, self._step_g = g, np.zeros_like(b)
        self._renew()

    def _renew(self) -> float:
        """Both potentials from the other, term by term, and a kernel for them; error unknown."""
        e, cost = self._epsilon, self._cost
        self._g = self.g
        with np.errstate(divide="ignore"):
            log_a, log_b = np.log(self._a), np.log(self._b)
        self._f = -self._damping * e * logsumexp((self._g - cost) / e + log_b, 1)
        self._g = -self._damping * e * logsumexp((self._f[:, None] - cost) / e + log_a[:, None], 0)
        kernel = self._f[:, None] + self._g - cost
        kernel /= e
        self._kernel = np.exp(kernel, out=kernel)
        self._step_f, self._step_g = np.zeros_like(self._f), np.zeros_like(self._g)
        return np.inf

    def sweep(self, relaxation: float = _RELAXATION) -> float:
        """One update of both; returns what the errors of the marginals were, roughly, before."""
        sums = self._kernel @ (self._b * np.exp(self._step_g))
        if sums.min() < _SMALLEST_SUM:
            return self._renew()
        change = self._damped(self._f, sums) - self._step_f
        error = float(self._a @ np.abs(np.expm1(np.clip(change, -50, 50)))) / self._a.sum()
        self._step_f += relaxation * change
        sums = (self._a * np.exp(self._step_f)) @ self._kernel
        if sums.min() < _SMALLEST_SUM:
            return self._renew()
        change = self._damped(self._g, sums) - self._step_g
        error += float(self._b @ np.abs(np.expm1(np.clip(change, -50, 50)))) / self._b.sum()
        self._step_g += relaxation * change
        if max(np.abs(self._step_f).max(), np.abs(self._step_g).max()) > _FAR:
            return self._renew()
        return float(error)

    def _damped(self, held: Floats, sums: Floats) -> Floats:
        step: Floats = (self._damping - 1) * held / self._epsilon - self._damping * np.log(sums)
        return step

    @property
    def f(self) -> Floats:
        return self._f + self._epsilon * self._step_f

    @property
    def g(self) -> Floats:
        return self._g + self._epsilon * self._step_g

    @property
    def plan(self) -> Floats:
        left, right = self._a * np.exp(self._step_f), self._b * np.exp(self._step_g)
        return left[:, None] * self._kernel * right


def scale(
    a: Floats,
    b: Floats,
    cost: Floats,
    epsilon: float,
    penalty: float | None,
    tolerance: float,
    iterations: int,
) -> Scaled:
    """Iterate from an epsilon as large as the spread of the costs down to `epsilon`.

    Args:
        a: masses (n,), all above 0.
        b: masses (m,), all above 0.
        cost: (n, m).
        epsilon: in units of the cost.
        penalty: weight of the Kullback-Leibler penalty; None for given marginals.
        tolerance: error at which it stops.
        iterations: largest number of sweeps in all.
    """
    g, done, error = np.zeros_like(b), 0, np.inf
    epsilons = blurs(float(np.ptp(cost)), epsilon, 0.25)
    for current in epsilons:
        last = current == epsilons[-1]
        sweeps = _Sweeps(a, b, cost, current, penalty, g)
        wanted = tolerance if last else max(tolerance, _COARSE_TOLERANCE)
        limit = iterations - 1 if last else min(done + _COARSE_SWEEPS, iterations - 1)
        error = np.inf
        while done < limit and error > wanted:
            error = sweeps.sweep()
            done += 1
        g = sweeps.g
    sweeps.sweep(1.0)
    return Scaled(sweeps.f, sweeps.g, sweeps.plan, done + 1, error)
