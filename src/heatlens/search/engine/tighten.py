"""The second look: the dual bound of each candidate that the first one left."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.search.bounds.dual import (
    LEAST,
    SINGLE,
    costs,
    earned,
    kernel,
    padded,
    scaled,
    to_factors,
    to_prices,
)

__all__ = ["tighten"]

_WIDE, _FEW = np.float32(0.5), 5
_NARROW, _MORE = np.float32(0.25), 15
"""Bandwidths of Sinkhorn's kernel as parts of the threshold, and steps at each."""


@njit(cache=True, nogil=True, error_model="numpy")
def tighten(
    rows: Any,
    bounds: Any,
    start: int,
    stop: int,
    threshold: float,
    weights: Any,
    starts: Any,
    points: Any,
    b: Any,
    y: Any,
    reach: float,
    kernels: int = 2,
) -> None:
    """Raise the bounds of the candidates start..stop where the dual bound is higher.

    Prices that were good for one candidate are tried on the next, and are where its own start from.

    Args:
        rows: (n,) candidates.
        bounds: (n,) float64, raised in place.
        start: first candidate.
        stop: one past the last.
        threshold: a bound above it need not be better.
        weights: (total,) float32 masses of all rows.
        starts: (N + 1,) where each begins.
        points: (total, d) float32.
        b: (m,) float32 masses of the query.
        y: (m, d) float32 points of the query.
        reach: no coordinate of a row or of the query is larger.
        kernels: 1 takes the wide one alone, which is quick.
    """
    count, d = y.shape
    width = padded(count)
    largest = 0
    for k in range(start, stop):
        largest = max(largest, starts[rows[k] + 1] - starts[rows[k]])
    centre = _centroid(b, y)  # all points are moved there: small numbers round less
    longest = max(4.0 * np.sqrt(d) * reach, LEAST)
    rounding = (d + 24) * SINGLE * longest
    limit = np.float32(longest)
    columns = np.zeros((d, width), np.float32)
    columns[0] = np.float32(16 * longest)  # where there is no point, nobody is near
    demand = np.zeros(width, np.float32)
    for j in range(count):
        demand[j] = b[j]
        for axis in range(d):
            columns[axis, j] = y[j, axis] - centre[axis]
    room = np.empty((largest, width), np.float32)
    bits = np.empty((largest, width), np.int32)
    gibbs = bits.view(np.float32)
    moved = np.empty((largest, d), np.float32)
    u, v, summed_up = (
        np.empty(largest, np.float32),
        np.empty(width, np.float32),
        np.empty(width, np.float32),
    )
    factor_bits, prices = np.empty(width, np.int32), np.empty(width, np.float32)
    factors = factor_bits.view(np.float32)
    prices[:] = np.float32(0)
    bandwidth = np.float32(min(max(threshold, 1e-6 * longest), longest))
    for k in range(start, stop):
        first, last = starts[rows[k]], starts[rows[k] + 1]
        n = last - first
        for i in range(n):
            for axis in range(d):
                moved[i, axis] = points[first + i, axis] - centre[axis]
        cost, a = room[:n], weights[first:last]
        costs(moved[:n], columns, cost)
        if k > start:  # the prices of the one before may do
            bound = earned(cost, a, demand, prices, count, u, v) - rounding
            bounds[k] = max(bounds[k], bound)
            if bounds[k] > threshold:
                continue
        for narrow in range(kernels):
            part = _NARROW if narrow else _WIDE
            kernel(cost, part * bandwidth, bits[:n])
            to_factors(prices, part * bandwidth, factor_bits)
            scaled(gibbs[:n], a, demand, factors, summed_up, _MORE if narrow else _FEW)
            to_prices(factor_bits, part * bandwidth, limit, prices, count)
            bound = earned(cost, a, demand, prices, count, u, v) - rounding
            bounds[k] = max(bounds[k], bound)
            if bounds[k] > threshold:
                break


@njit(cache=True, nogil=True, error_model="numpy")
def _centroid(b: Any, y: Any) -> Any:
    centre = np.zeros(y.shape[1], np.float32)
    for axis in range(y.shape[1]):
        summed, mass = 0.0, 0.0
        for j in range(len(b)):
            summed += np.float64(b[j]) * y[j, axis]
            mass += b[j]
        centre[axis] = summed / mass
    return centre
