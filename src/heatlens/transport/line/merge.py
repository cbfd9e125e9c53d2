"""The walk through two sorted rows that moves mass from the left to the right.

On a line the best plan keeps the order: the leftmost mass of one side goes to the leftmost mass
of the other. The loops release the GIL.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from heatlens.transport.mass import Floats

__all__ = ["distances", "paired_distances", "slopes"]

EPSILON = float(np.finfo(np.float64).eps)


@njit(cache=True, nogil=True, error_model="numpy")
def power(distance: float, p: float) -> float:
    """Distance to the power p, without the slow call for 1 and 2."""
    if p == 1:
        return distance
    if p == 2:
        return distance * distance
    return distance**p


@njit(cache=True, nogil=True, error_model="numpy")
def walk(
    x: Floats, y: Floats, a: Floats, b: Floats, p: float, scale: float, negligible: float
) -> tuple[float, float]:
    """Sum of mass times (distance / scale)^p, and the largest distance.

    A move of no more mass than `negligible` does not count for the largest distance.
    """
    i, j, left, right = 0, 0, a[0], b[0]
    total, largest = 0.0, 0.0
    while True:
        distance = abs(x[i] - y[j])
        mass = min(left, right)
        if mass > 0:  # 0 x inf is not a number
            total += mass * power(distance / scale, p)
        if mass > negligible and distance > largest:
            largest = distance
        if left <= right:
            right -= left
            i += 1
            if i == len(a):
                break
            left = a[i]
        else:
            left -= right
            j += 1
            if j == len(b):
                break
            right = b[j]
    return total, largest


@njit(cache=True, nogil=True, error_model="numpy")
def distances(
    x: Floats, y: Floats, a: Floats, b: Floats, p: float, divisor: float, out: Floats
) -> None:
    """W_p of each row.

    Args:
        x: sorted positions (N, n), or one row for all.
        y: sorted positions (N, m), or one row for all.
        a: masses at x (N, n), or one row for all.
        b: masses at y, likewise, with the same totals.
        p: exponent, at least 1; may be infinite.
        divisor: what all masses are divided by.
        out: (N,), receives the distances.
    """
    for row in range(len(out)):
        x_row, y_row = x[row if len(x) > 1 else 0], y[row if len(y) > 1 else 0]
        a_row, b_row = a[row if len(a) > 1 else 0], b[row if len(b) > 1 else 0]
        if p == 1:
            out[row] = walk(x_row, y_row, a_row, b_row, 1.0, 1.0, 0.0)[0] / divisor
            continue
        rounding = 0.0
        if p == np.inf:
            rounding = EPSILON * (len(a_row) + len(b_row)) * a_row.sum()
        largest = walk(x_row, y_row, a_row, b_row, 1.0, 1.0, rounding)[1]
        out[row] = largest
        if largest > 0 and p < np.inf:  # divided by it, no power over- or underflows
            total = walk(x_row, y_row, a_row, b_row, p, largest, 0.0)[0]
            out[row] = largest * (total / divisor) ** (1 / p)


@njit(cache=True, nogil=True, error_model="numpy")
def paired_distances(x: Floats, y: Floats, p: float, out: Floats) -> None:
    """W_p of each row of sorted positions (N, n) that all have the mass 1/n."""
    n = x.shape[1]
    for row in range(len(out)):
        total, largest = 0.0, 0.0
        if p == 1:
            for i in range(n):
                total += abs(x[row, i] - y[row, i])
            out[row] = total / n
            continue
        for i in range(n):
            largest = max(largest, abs(x[row, i] - y[row, i]))
        out[row] = largest
        if largest > 0 and p < np.inf:
            for i in range(n):
                total += power(abs(x[row, i] - y[row, i]) / largest, p)
            out[row] = largest * (total / n) ** (1 / p)


@njit(cache=True, nogil=True, error_model="numpy")
def slopes(
    x: Floats, y: Floats, a: Floats, b: Floats, p: float, by_x: Floats, by_y: Floats
) -> float:
    """The cost sum of mass x distance^p of one sorted pair of rows, and its gradient.

    Args:
        x: sorted positions (n,).
        y: sorted positions (m,).
        a: masses at x.
        b: masses at y, with the same total.
        p: exponent, at least 1.
        by_x: (n,), receives the derivatives by x.
        by_y: (m,), receives the derivatives by y.
    """
    by_x[:] = 0
    by_y[:] = 0
    i, j, left, right = 0, 0, a[0], b[0]
    total = 0.0
    while True:
        difference = x[i] - y[j]
        mass = min(left, right)
        total += mass * power(abs(difference), p)
        pull = mass * p * power(abs(difference), p - 1) * np.sign(difference)
        by_x[i] += pull
        by_y[j] -= pull
        if left <= right:
            right -= left
            i += 1
            if i == len(a):
                break
            left = a[i]
        else:
            left -= right
            j += 1
            if j == len(b):
                break
            right = b[j]
    return total
