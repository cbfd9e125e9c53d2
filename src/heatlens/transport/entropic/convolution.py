"""Sums against a Gaussian kernel on a grid, in the log domain: two products with small matrices.

    out(x) = log sum_y exp(h(y) - |x - y|^2 / epsilon)

The kernel is a product over the axes, so the sum runs along the rows first and along the columns
next. Each of the two is a matrix product of exponentials, which is some twenty times faster than
a logarithm of sums term by term, and loses small terms to underflow. Two things keep it exact:

* a reference, one function per axis, is moved from h into the kernel, and each row is scaled by
  its largest entry: what is left spans few orders of magnitude;
* a sum below 1e-135 may have lost terms. If that counts in the result, its row is summed again,
  term by term. Above, a lost term (less than 1e-151) is below the rounding of the sum.

The reference follows Schmitzer: Stabilized Sparse Scaling Algorithms for Entropy Regularized
Transport Problems, SIAM Journal on Scientific Computing 41(3), 2019; the scaling by rows and the
second sum are ours.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from heatlens.transport.entropic.dense import EMPTY, SAFE, exponential

__all__ = ["Convolution"]

_CHUNK = 4_000_000
_ALIKE, _NOTHING = 1e-12, 28.0


class Convolution:
    """The map above from a grid of sources to a grid of targets.

    Attributes:
        repaired: rows that had to be summed again so far.
    """

    def __init__(
        self,
        epsilon: float,
        targets: tuple[Tensor, Tensor],
        sources: tuple[Tensor, Tensor],
        reference: Tensor | None = None,
        present: Tensor | None = None,
    ) -> None:
        """Prepare the kernels.

        Args:
            epsilon: in units of the squared distance.
            targets: y (H,) and x (W,) of the grid where sums are wanted.
            sources: y (h,) and x (w,) of the grid of the terms.
            reference: (N, h, w) that h resembles; its means along the axes go into the kernel.
            present: where there is mass; only there the reference counts.
        """
        self._cost = tuple(
            (t[:, None] - s).square_().div_(epsilon) for t, s in zip(targets, sources, strict=True)
        )
        self._source, masks = _means(reference, present, sources)
        logs = [mean[:, None, :] - c for mean, c in zip(self._source, self._cost, strict=True)]
        for log, mask in zip(logs, masks, strict=True):
            log.masked_fill_(~mask[:, None, :], -torch.inf)
        self._target = [log.amax(2) for log in logs]
        self._kernel = [
            exponential(log - top[:, :, None]) for log, top in zip(logs, self._target, strict=True)
        ]
        self.repaired = 0

    def transposed(self) -> Convolution:
        """The map from the targets to the sources, with the same kernels."""
        other = object.__new__(Convolution)
        other._cost = tuple(c.T for c in self._cost)
        other._source = [-top for top in self._target]
        other._target = [-mean for mean in self._source]
        other._kernel = [k.transpose(1, 2) for k in self._kernel]
        other.repaired = 0
        return other

    def __call__(self, h: Tensor, wanted: Tensor | None = None) -> Tensor:
        """The sums (N, H, W) for h (N, h, w).

        Args:
            h: finite; `EMPTY` stands for -inf.
            wanted: True where the sum has to be right (None: everywhere).
        """
        rows, low = self._along(h, 1)
        doubtful = bool(low.any())
        # A low sum was taken at its largest; so much can have come of all of a column at most.
        excess = (
            rows.masked_fill(~low, EMPTY).amax(1) + math.log(rows.shape[1]) if doubtful else None
        )
        out, lost = self._along(rows.mT, 0)
        if excess is not None and bool(
            self._within(lost | (out - excess[:, :, None] < _NOTHING), wanted)
        ):
            self._complete(rows, low, h, wanted)
            out, lost = self._along(rows.mT, 0)
        if bool(self._within(lost, wanted)):
            lost = lost if wanted is None else lost & wanted.mT
            self._repair(out, rows.mT, lost.any(2), self._cost[0])
        return out.mT

    @staticmethod
    def _within(columns: Tensor, wanted: Tensor | None) -> Tensor:
        """Whether any of `columns` (N, W, H) is True where it matters."""
        return columns.any() if wanted is None else (columns & wanted.mT).any()

    def _along(self, h: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        """Sums along the last axis of h (N, rows, s): (N, rows, t), and where they are low.

        Where they are, the largest that the sum could be is given.
        """
        level = h - self._source[axis][:, None, :]
        top = level.amax(2, keepdim=True)
        sums = torch.matmul(exponential(level - top), self._kernel[axis].mT)
        low = sums < SAFE
        out = sums.clamp_min_(SAFE).log_().add_(top).add_(self._target[axis][:, None, :])
        return out, low

    def _complete(self, rows: Tensor, low: Tensor, h: Tensor, wanted: Tensor | None) -> None:
        """Repair those low sums along the rows that count in the sums along the columns.

        None counts where the low sums at their largest, and without them, give the same.
        """
        most, _ = self._along(rows.mT, 0)
        least, lost = self._along(rows.masked_fill(low, EMPTY).mT, 0)
        lost |= most - least > _ALIKE
        if wanted is not None:
            lost &= wanted.mT
        if bool(lost.any()):
            low = low & lost.any(2)[:, None, :] & (h.amax(2, keepdim=True) > EMPTY / 10)
            self._repair(rows, h, low.any(2), self._cost[1])

    def _repair(self, out: Tensor, h: Tensor, rows: Tensor, cost: Tensor) -> None:
        index = rows.nonzero(as_tuple=True)
        step = max(1, _CHUNK // cost.numel())
        for start in range(0, len(index[0]), step):
            part = tuple(i[start : start + step] for i in index)
            out[part] = torch.logsumexp(h[part][:, None, :] - cost, 2)
            self.repaired += len(part[0])


def _means(
    reference: Tensor | None, present: Tensor | None, axes: tuple[Tensor, Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """Means of the reference over columns and over rows, and where there is mass."""
    if reference is None or present is None:
        zeros = [torch.zeros_like(axis)[None] for axis in axes]
        return zeros, [torch.ones_like(zero, dtype=torch.bool) for zero in zeros]
    known = reference * present
    means = [known.sum(k) / present.sum(k).clamp_min_(1) for k in (2, 1)]
    return means, [present.any(k) for k in (2, 1)]
