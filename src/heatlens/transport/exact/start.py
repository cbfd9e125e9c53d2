"""A first basis: each row in turn, the lightest first, ships to its cheapest open column.

Costs are taken less each column's mean cost over the mass of all rows, so that a column that is
far from everybody is not left to the last row at any price. On grids this starts within a few
percent of the optimum, on signatures within a fifth. Every step closes a row or a column, which is
what makes the arcs a spanning tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.lowest import lowest
from heatlens.transport.exact.tree import Integers, Nodes
from heatlens.transport.mass import Floats

__all__ = ["PIECE", "first_arcs", "whole_units"]

PIECE = 256
"""Columns between two looks at the minimum, so that finding its place is a short search."""


@njit(cache=True, nogil=True, error_model="numpy")
def whole_units(a: Any, b: Any) -> tuple[Integers, Integers]:
    """Masses as integers with one total near 2^60, disturbed so that no partial sums agree.

    In whole units flows are exact, however many exchanges there are. Each row gets one unit more
    than a multiple of n + 1 and the last column n more: the classical perturbation, under which
    every basis has positive flows only and the simplex cannot cycle. All of this is less than
    1e-15 of the total; the flows that are handed out are computed anew from a and b.
    """
    n, m = len(a), len(b)
    supply, demand = np.empty(n, np.int64), np.empty(m, np.int64)
    step = n + 1
    count = (1 << 60) // step
    left, largest = np.int64(0), 0
    total = a.sum()
    for i in range(n):
        units = np.int64(a[i] / total * count)
        supply[i] = step * units + 1
        left += units
    total = b.sum()
    for j in range(m):
        units = np.int64(b[j] / total * count)
        demand[j] = step * units
        left -= units
        if b[j] > b[largest]:
            largest = j
    demand[largest] += step * left
    demand[m - 1] += n
    return supply, demand


@njit(cache=True, nogil=True, error_model="numpy")
def first_arcs(
    cost: Any, a: Any, supply: Integers, demand: Integers
) -> tuple[Nodes, Nodes, Integers]:
    """Rows, columns and flows of the n + m - 1 arcs.

    Args:
        cost: (n, padded m), infinite in the padding.
        a: (n,) masses of the rows.
        supply: (n,) the same in whole units; used up.
        demand: (m,) of the columns, of the same total; used up.
    """
    n, m, padded = len(supply), len(demand), cost.shape[1]
    tails, heads = np.empty(n + m - 1, np.int32), np.empty(n + m - 1, np.int32)
    flows = np.empty(n + m - 1, np.int64)
    price = _mean_costs(cost, a, m)
    arcs, open_columns = 0, m
    for i in np.argsort(a):
        while True:
            least, j = np.inf, 0
            for start in range(0, padded, PIECE):
                count = min(PIECE, padded - start)
                found = lowest(cost, i * padded + start, price[start:], count)
                if found < least:
                    least, j = found, start
            while cost[i, j] - price[j] > least:
                j += 1
            tails[arcs], heads[arcs] = i, j
            # The last column stays open for all rows to come.
            if supply[i] < demand[j] or open_columns == 1:
                flows[arcs] = supply[i]
                demand[j] -= supply[i]
                arcs += 1
                break
            flows[arcs] = demand[j]
            supply[i] -= demand[j]
            price[j] = -np.inf
            open_columns -= 1
            arcs += 1
    return tails, heads, flows


@njit(cache=True, nogil=True, error_model="numpy")
def _mean_costs(cost: Any, a: Any, m: int) -> Floats:
    """Of each column, over the mass of the rows; 0 in the padding."""
    price = np.zeros(cost.shape[1])
    share = a / a.sum()
    for i in range(len(a)):
        for j in range(m):
            price[j] += share[i] * cost[i, j]
    return price
