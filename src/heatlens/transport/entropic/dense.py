"""Sums against a kernel on points, in the log domain: a product with a matrix.

    out_i = log sum_j exp(h_j - C_ij / epsilon)

A reference close to h is moved into the matrix, which is computed once and used many times; what
is left of h spans few orders of magnitude. A sum below 1e-135 may have lost terms to underflow:
it is summed again, term by term (Schmitzer: Stabilized Sparse Scaling Algorithms for Entropy
Regularized Transport Problems, SIAM Journal on Scientific Computing 41(3), 2019).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["EMPTY", "SAFE", "Dense", "exponential", "log_mass"]

EMPTY = -1e10
"""Logarithm that stands for no mass: finite, so that differences stay numbers."""

SAFE = 1e-135
"""A sum above it has lost nothing that counts: a lost term is below 1e-151."""

_LOWEST = math.exp(-349)


def log_mass(a: Tensor) -> Tensor:
    """The logarithm, `EMPTY` where there is none."""
    return a.log().clamp_min(EMPTY)


def exponential(logs: Tensor) -> Tensor:
    """exp in place, 0 below e^-349: a product of two is never subnormal, which is slow."""
    powers = logs.clamp_min_(-350.0).exp_()
    return torch.nn.functional.threshold(powers, _LOWEST, 0.0, inplace=True)


class Dense:
    """The map above between points, for a batch of cost matrices."""

    def __init__(
        self, epsilon: float | Tensor, cost: Tensor, reference: Tensor | None = None
    ) -> None:
        """Prepare the kernel.

        Args:
            epsilon: in units of the cost; (N, 1) if each matrix has its own.
            cost: (N, n, m).
            reference: (N, m) that h resembles; 0 if None.
        """
        each = torch.as_tensor(epsilon, dtype=cost.dtype, device=cost.device).reshape(-1, 1, 1)
        self._epsilon, self._cost = each.expand(len(cost), 1, 1), cost
        logs = cost / -self._epsilon
        self._source = logs.new_zeros(logs.shape[0], logs.shape[2])
        if reference is not None:
            self._source = reference - reference.amax(1, keepdim=True)
            logs += self._source[:, None, :]
        self._target = logs.amax(2)
        logs -= self._target[:, :, None]
        self._kernel = exponential(logs)

    def transposed(self) -> Dense:
        """The map back, with the same kernel."""
        other = object.__new__(Dense)
        other._epsilon, other._cost = self._epsilon, self._cost.mT
        other._source, other._target = -self._target, -self._source
        other._kernel = self._kernel.mT
        return other

    def __call__(self, h: Tensor, wanted: Tensor | None = None) -> Tensor:
        """The sums (N, n) for h (N, m).

        Args:
            h: finite; `EMPTY` stands for -inf.
            wanted: True where the sum has to be right (None: everywhere).
        """
        level = h - self._source
        top = level.amax(1, keepdim=True)
        sums = torch.matmul(self._kernel, exponential(level - top)[:, :, None])[:, :, 0]
        low = sums < SAFE
        out = sums.clamp_min_(SAFE).log_().add_(top).add_(self._target)
        if bool(low.any()):
            rows, places = (low if wanted is None else low & wanted).nonzero(as_tuple=True)
            cost = self._cost[rows, places] / self._epsilon[rows, 0]
            out[rows, places] = torch.logsumexp(h[rows] - cost, 1)
        return out

    def slope(self, h: Tensor, x: Tensor, y: Tensor, p: float) -> Tensor:
        """The gradient of -epsilon out_i with respect to x_i, C_ij being |x_i - y_j|^p: (N, n, d)."""
        share = torch.softmax(h[:, None, :] - self._cost / self._epsilon, 2)
        if p != 2:
            # p d^(p - 2), written with the cost; a pair at distance 0 pulls nowhere.
            pull = self._cost.pow((p - 2) / p).mul_(p / 2)
            share = share * pull.masked_fill_(self._cost == 0, 0)
        return 2 * (x * share.sum(2, keepdim=True) - torch.matmul(share, y))
