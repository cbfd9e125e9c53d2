"""The dual bound: any prices on one side prove that W1 is no less than what they earn.

    W1(a, b) >= sum_i a_i u_i + sum_j b_j v_j      with u_i = min_j (c_ij - v_j)

for whatever v. Good prices make the bound tight, and they are cheap: a few steps of Sinkhorn's
iteration in single precision. What the iteration does wrong (a crude exponential, few steps, an
underflow) makes the bound weaker, never wrong, because u is computed from v by the minimum itself.
Then v is raised to min_i (c_ij - u_i), which can only add to the sum.

Kantorovich's duality; Cuturi: Sinkhorn Distances, NeurIPS 2013, for the prices. The exponential
by the bits of a float: Schraudolph, Neural Computation 11, 1999.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.search.bounds.bound import register
from heatlens.transport.mass import Floats

__all__ = [
    "FAR",
    "LANES",
    "LEAST",
    "SINGLE",
    "costs",
    "dual",
    "earned",
    "kernel",
    "padded",
    "scaled",
    "to_factors",
    "to_prices",
]

LANES = 32
"""Columns are padded to a multiple of this: whole vectors, whatever the machine's width."""

FAR = np.float32(1e30)
"""Cost of a column that is padding: nobody's minimum."""

SINGLE = 2.0**-24
"""Rounding of one operation in single precision."""

LEAST = 1e-12
"""Of a length that rounding is a part of: squares of far smaller ones vanish in single precision."""

_FAST = {"reassoc", "contract", "nsz", "arcp", "nnan", "ninf"}
_SLOPE, _OFFSET = np.float32(-12102203.0), np.float32(1064866805.0)
_TINY = np.float32(1e-30)


@register("dual", cost="n m (d + steps)", paper="Kantorovich 1942; Cuturi 2013")
def dual(a: Floats, x: Floats, b: Floats, y: Floats, steps: int = 20) -> float:
    """What prices earn that a few steps of Sinkhorn's iteration have found.

    What the compiled functions of this file do from one side, plainly and in double precision, from
    both.

    Example:
        >>> dual(np.ones(1), np.zeros((1, 2)), np.ones(1), np.array([[3.0, 4.0]]))
        5.0
    """
    cost = np.sqrt(((x[:, None] - y) ** 2).sum(-1))
    return max(_earned(cost, a, b, steps), _earned(cost.T, b, a, steps), 0.0)


def _earned(cost: Floats, a: Floats, b: Floats, steps: int) -> float:
    bandwidth = 0.1 * cost.mean() or 1.0
    gibbs, factors = np.exp(-cost / bandwidth), np.ones(len(b))
    for _ in range(steps):
        rows = a / (gibbs @ factors + 1e-30)
        factors = b / (gibbs.T @ rows + 1e-30)
    prices = bandwidth * np.log(factors + 1e-30)
    u = (cost - prices).min(1)
    v = (cost - u[:, None]).min(0)
    return float(a @ u + b @ v)


@njit(cache=True, nogil=True, error_model="numpy")
def padded(columns: int) -> int:
    """The length of a row of so many columns."""
    return -(-columns // LANES) * LANES


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def costs(x: Any, columns: Any, cost: Any) -> None:
    """Euclidean distances in single precision.

    Args:
        x: (n, d) float32.
        columns: (d, width) float32: the other side, transposed and padded.
        cost: (n, width) float32, filled.
    """
    width = columns.shape[1]
    for i in range(len(x)):
        row, own, others = cost[i], x[i, 0], columns[0]
        for j in range(width):
            row[j] = (own - others[j]) * (own - others[j])
        for axis in range(1, len(columns)):
            own, others = x[i, axis], columns[axis]
            for j in range(width):
                row[j] += (own - others[j]) * (own - others[j])
        for j in range(width):
            row[j] = np.sqrt(row[j])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def kernel(cost: Any, bandwidth: Any, bits: Any) -> None:
    """exp(-cost / bandwidth), within 3 per cent, as the bits of float32; 0 where it is tiny.

    Args:
        cost: (n, width) float32.
        bandwidth: float32 above 0.
        bits: (n, width) int32, filled; seen as float32 it is the kernel.
    """
    slope = _SLOPE / bandwidth
    for i in range(len(cost)):
        row, into = cost[i], bits[i]
        for j in range(len(row)):
            into[j] = np.int32(max(row[j] * slope + _OFFSET, np.float32(0)))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def scaled(gibbs: Any, a: Any, b: Any, factors: Any, summed: Any, steps: int) -> None:
    """Sinkhorn's iteration: factors of the columns, in place.

    Args:
        gibbs: (n, width) float32, the kernel.
        a: (n,) float32, masses of the rows.
        b: (width,) float32, masses of the columns; 0 in the padding.
        factors: (width,) float32, where to start from; changed in place.
        summed: (width,) float32, room.
        steps: of both sides.
    """
    width = gibbs.shape[1]
    for _ in range(steps):
        for j in range(width):
            summed[j] = np.float32(0)
        for i in range(len(gibbs)):
            row, reached = gibbs[i], _TINY
            for j in range(width):
                reached += row[j] * factors[j]
            share = a[i] / reached
            for j in range(width):
                summed[j] += row[j] * share
        for j in range(width):
            factors[j] = b[j] / (summed[j] + _TINY)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def to_prices(bits: Any, bandwidth: Any, limit: Any, prices: Any, count: int) -> None:
    """bandwidth log(factors), within 1 per cent of the bandwidth; none above `limit` in size.

    Args:
        bits: (width,) int32: the factors, none negative, seen as integers.
        bandwidth: float32 of the kernel.
        limit: float32.
        prices: (width,) float32, filled; 0 in the padding.
        count: columns without padding.
    """
    unit = bandwidth * np.float32(0.6931472)
    for j in range(count):
        exponent = np.float32((bits[j] >> 23) - 127)
        rest = np.float32(bits[j] & 0x7FFFFF) * np.float32(1 / (1 << 23))
        curved = rest * (np.float32(1.3465) - np.float32(0.3465) * rest)
        prices[j] = min(max(unit * (exponent + curved), -limit), limit)
    for j in range(count, len(prices)):
        prices[j] = np.float32(0)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def to_factors(prices: Any, bandwidth: Any, bits: Any) -> None:
    """exp(prices / bandwidth) as the bits of float32, kept within what can be multiplied."""
    slope = -_SLOPE / bandwidth
    for j in range(len(prices)):
        size = min(max(prices[j] * slope, np.float32(-5e8)), np.float32(5e8))
        bits[j] = np.int32(size + _OFFSET)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _minima(cost: Any, prices: Any, u: Any, v: Any) -> None:
    """u_i = min_j (c_ij - prices_j), then v_j = min_i (c_ij - u_i)."""
    width = cost.shape[1]
    for j in range(width):
        v[j] = FAR
    for i in range(len(cost)):
        row, best = cost[i], FAR
        for j in range(width):
            best = min(best, row[j] - prices[j])
        u[i] = best
        for j in range(width):
            v[j] = min(v[j], row[j] - best)


@njit(cache=True, nogil=True, error_model="numpy")
def earned(cost: Any, a: Any, b: Any, prices: Any, count: int, u: Any, v: Any) -> float:
    """What the prices earn per unit of mass; summed in double precision.

    It can lie above the true bound by the rounding of the costs and of one subtraction, which the
    caller takes off.

    Args:
        cost: (n, width) float32.
        a: (n,) float32 masses.
        b: (width,) float32 masses, of which `count` count.
        prices: (width,) float32 of the columns.
        count: columns without padding.
        u: (n,) float32, room.
        v: (width,) float32, room; the improved prices when it returns.
    """
    _minima(cost, prices, u, v)
    rows, mass, columns, other = 0.0, 0.0, 0.0, 0.0
    for i in range(len(cost)):
        rows += np.float64(a[i]) * u[i]
        mass += a[i]
    for j in range(count):
        columns += np.float64(b[j]) * v[j]
        other += b[j]
    return rows / mass + columns / other
