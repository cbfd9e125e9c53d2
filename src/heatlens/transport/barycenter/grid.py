"""The mean of masses on one grid, by iterative Bregman projections without entropic blur.

With the kernel K = exp(-|i - j|^2 / (2 blur^2)), repeat for all k

    a_k = mu_k / (K b_k)
    bar = d * prod_k (K a_k)^w_k
    b_k = bar / (K a_k)
    d = sqrt(d * bar / (K d))

`d` is what takes the blur out again: with d = 1 these are the projections of Benamou, Carlier,
Cuturi, Nenna, Peyre (Iterative Bregman projections for regularized transportation problems, SIAM
J. Sci. Comput. 37(2), 2015), whose mean is wider than its inputs by about `blur`. With it, it is
the minimum of the debiased Sinkhorn divergences: Janati, Cuturi, Gramfort, Debiased Sinkhorn
barycenters, ICML 2020, algorithm 1. All of it runs in logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.transport.barycenter.shares import checked_shares
from heatlens.transport.barycenter.smoothing import LogSmoothing
from heatlens.transport.mass import Floats, checked_masses, checked_policy, rounding_of

__all__ = ["GridBarycenter", "barycenter_grid"]


@dataclass(frozen=True, eq=False)
class GridBarycenter:
    """A mean of masses on a grid, and how far to believe it.

    Attributes:
        values: (h, w) masses; their total is that of the inputs (1 if they were normalised).
        iterations: rounds of projections, all blurs together.
        change: share of the mass that the last round moved to another cell.
        error: largest share of an input's mass that the couplings put into a wrong cell.
        converged: whether `change` fell below the tolerance.
        blur: the standard deviation of the kernel, in cells.
    """

    values: Floats
    iterations: int
    change: float
    error: float
    converged: bool
    blur: float


def barycenter_grid(
    masses: Any,
    weights: Any = None,
    *,
    blur: float | None = None,
    mass: str = "equal",
    tolerance: float = 1e-6,
    max_iterations: int = 2000,
) -> GridBarycenter:
    """The debiased Sinkhorn barycenter of masses on one grid, for squared Euclidean distance.

    The mean of translated copies of a smooth shape is the shape at the mean place; shapes with
    detail finer than `blur` come out smoother than they are. Cost: O(k h w (h + w)) a round.

    Args:
        masses: (k, h, w), none negative.
        weights: (k,) how much each counts; equal by default. They are scaled to sum to 1.
        blur: standard deviation of the kernel in cells; in the usual notation for the cost
            |i - j|^2 it is sqrt(epsilon / 2). Small is sharp and slow. By default 1/35 of the
            longer side, at least 1: the least that can be had at full speed.
        mass: "equal" demands one total, "normalise" divides each by its own.
        tolerance: stop when a round moves less than this share of the mass.
        max_iterations: give up after so many rounds, all blurs together; `converged` is False then.
            A coarser blur takes 20 of them at most, and half of what is left.

    Raises:
        InvalidType: not real numbers.
        InvalidArgument: wrong shape, bad entries (named), totals that differ, a blur or limit that
            makes no sense.

    Example:
        >>> two = np.zeros((2, 3, 9))
        >>> two[0, 1, 2] = two[1, 1, 6] = 1
        >>> middle = barycenter_grid(two, blur=0.5)
        >>> middle.converged, int(middle.values[1].argmax()), float(middle.values.sum().round(9))
        (True, 4, 1.0)
    """
    stack, total = _checked(masses, mass)
    shares = checked_shares(weights, len(stack))
    longest = max(stack.shape[1:])
    blur = max(1.0, (longest - 1) / 35) if blur is None else float(blur)
    if not (np.isfinite(blur) and blur > 0):
        raise InvalidArgument(f"blur is {blur}; it is a width in cells, finite and above 0")
    if not tolerance > 0 or max_iterations < 1:
        raise InvalidArgument(
            f"tolerance is {tolerance} and max_iterations {max_iterations}: above 0 and at least 1 "
            "are meant"
        )
    stack, shares = stack[shares > 0], shares[shares > 0]
    rounds = _Rounds(stack, shares)
    for width in _widths(longest / 4, blur):
        left = max_iterations - rounds.iterations
        if width == blur:
            rounds.run(width, tolerance, left)
        else:
            rounds.run(width, 1e-2, min(20, left // 2))
    return GridBarycenter(
        rounds.values() * total,
        rounds.iterations,
        rounds.change,
        rounds.error(),
        rounds.change < tolerance,
        blur,
    )


def _checked(masses: Any, mass: str) -> tuple[Floats, float]:
    """Masses (k, h, w) that sum to 1 each, and the total they stand for."""
    checked_policy(mass, ("equal", "normalise"))
    array = np.asarray(masses)
    if array.ndim != 3 or array.size == 0:
        raise InvalidArgument(
            f"masses has shape {array.shape}; expected (k, h, w), k grids of one size"
        )
    stack = np.stack([_grid(grid, f"masses[{k}]") for k, grid in enumerate(array)])
    totals = stack.sum((1, 2))
    if mass == "equal" and np.ptp(totals) > rounding_of(masses) * totals.max():
        k = int(np.argmax(np.abs(totals - totals[0])))
        raise InvalidArgument(
            f"the totals differ: masses[0] has {totals[0]:.9g}, masses[{k}] has {totals[k]:.9g}; "
            "pass mass='normalise' to average shapes"
        )
    return stack / totals.reshape(-1, 1, 1), float(totals[0]) if mass == "equal" else 1.0


def _grid(values: Any, name: str) -> Floats:
    wrong = ~(np.isfinite(values) & (values >= 0)) if values.dtype.kind in "fiu" else None
    if wrong is not None and wrong.any():  # by row and column, not by the place in a flat array
        i, j = (int(index) for index in np.argwhere(wrong)[0])
        raise InvalidArgument(
            f"{name}[{i}, {j}] is {values[i, j]:g}: masses are finite and not negative"
        )
    return checked_masses(values.ravel(), name).reshape(values.shape)


def _widths(coarse: float, blur: float) -> list[float]:
    """Kernel widths, halved from a coarse one to `blur`: a cold start at a small one is slow."""
    widths = [blur]
    while widths[-1] * 2 < coarse:
        widths.append(widths[-1] * 2)
    return widths[::-1]


class _Rounds:
    """Bregman projections; potentials are kept in squared cells, so that the width may change."""

    def __init__(self, masses: Floats, shares: Floats) -> None:
        with np.errstate(divide="ignore"):
            self._log_masses = np.log(masses)
        self._masses = masses
        self._shares = shares[:, None, None]
        self._b = np.zeros(masses.shape)
        self._d = np.zeros(masses.shape[1:])
        self._bar = np.full(masses.shape[1:], -np.log(masses[0].size))
        self._scale = 1.0
        self.iterations, self.change = 0, np.inf

    def run(self, width: float, tolerance: float, limit: int) -> None:
        scale = 2 * width**2
        self._b *= self._scale / scale
        self._d *= self._scale / scale
        self._scale = scale
        self._smooth = LogSmoothing(self._masses.shape[1:], width)
        for _ in range(limit):
            before = self.values()
            self._round()
            self.iterations += 1
            self.change = float(np.abs(self.values() - before).sum() / 2)
            if self.change < tolerance:
                return

    def _round(self) -> None:
        a = self._log_masses - self._smooth(self._b)
        reached = self._smooth(a)
        self._bar = self._d + (self._shares * reached).sum(0)
        self._b = self._bar - reached
        self._d = (self._d + self._bar - self._smooth(self._d)) / 2

    def values(self) -> Floats:
        bar = np.exp(self._bar - self._bar.max())
        return bar / bar.sum()

    def error(self) -> float:
        """Half the L1 difference between the mean and the couplings' sums towards it."""
        a = self._log_masses - self._smooth(self._b)
        with np.errstate(over="ignore"):
            sums = np.exp(self._b + self._smooth(a))
        return float(np.abs(sums - self.values()).sum((1, 2)).max() / 2)
