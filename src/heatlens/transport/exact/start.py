"""A first basis: row after row ships to its cheapest open column.

Cheap means: less the column's price. The price is the column's cost in the mean over all mass, so
that a column that is far from everybody is not left to the last row; rows that can ship cheaply go
first. On signatures this starts within a sixth of the optimum. Where prices are known from a
coarser problem they are nearly right, and it pays to look again after each step which row can ship
most cheaply: on heatmaps that starts within about one percent. Every step closes a row or a
column, which is what makes the arcs a spanning tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.costs import padded
from heatlens.transport.exact.lowest import column_of, least
from heatlens.transport.exact.tree import Integers, Nodes
from heatlens.transport.mass import Floats

__all__ = ["first_arcs", "whole_units"]


@njit(cache=True, nogil=True, error_model="numpy")
def whole_units(a: Any, b: Any) -> tuple[Integers, Integers]:
    """Masses as integers with one total near 2^60, disturbed so that no partial sums agree.

    In whole units flows are exact, however many exchanges there are. Each row gets one unit more
    than a multiple of n + 1 and the last column n more: the classical perturbation, under which
    every basis has positive flows only and the simplex cannot cycle. An entry is off by no more
    than (n + 1) / 2^60 of the total, 1e-14 of it for ten thousand rows, and so are partial sums;
    the flows that are handed out are computed anew from a and b.
    """
    n, m = len(a), len(b)
    step = n + 1
    supply, demand = _rounded(a, (1 << 60) // step), _rounded(b, (1 << 60) // step)
    for i in range(n):
        supply[i] = step * supply[i] + 1
    for j in range(m):
        demand[j] *= step
    demand[m - 1] += n
    return supply, demand


@njit(cache=True, nogil=True, error_model="numpy")
def _rounded(masses: Any, units: int) -> Integers:
    """Shares of `units`, 1 or more, rounded by their running sum, so that nothing piles up.

    With an entry of 0 the simplex could cycle, with one below 0 it would leave the tree.
    """
    shares = np.empty(len(masses), np.int64)
    total, running, before = masses.sum(), 0.0, np.int64(0)
    for k in range(len(masses)):
        running += masses[k]
        until: Any = np.int64(min(running / total, 1.0) * units)
        # At least one unit for this one and for each to come. (As a float, `units` may round up.)
        until = max(min(until, units - (len(masses) - 1 - k)), before + 1)
        shares[k] = until - before
        before = until
    shares[-1] += units - before
    return shares


@njit(cache=True, nogil=True, error_model="numpy")
def first_arcs(
    cost: Any, a: Any, prices: Any, supply: Integers, demand: Integers
) -> tuple[Nodes, Nodes, Integers]:
    """Rows, columns and flows of the n + m - 1 arcs.

    Args:
        cost: (n, padded m), infinite in the padding.
        a: (n,) masses of the rows.
        prices: (padded m,) what to take off each column's costs; of size 0 if nothing is known.
        supply: (n,) the masses of the rows in whole units; used up.
        demand: (m,) of the columns, of the same total; used up.
    """
    n, m = len(supply), len(demand)
    tails, heads = np.empty(n + m - 1, np.int32), np.empty(n + m - 1, np.int32)
    flows = np.empty(n + m - 1, np.int64)
    look_again = len(prices) > 0
    price = prices.copy() if look_again else _mean_costs(cost, a, m)
    nearest, keys = np.empty(n, np.int64), np.full((1, padded(n)), np.inf)
    for i in range(n):
        keys[0, i], piece = least(cost, i, price)
        nearest[i] = column_of(cost, i, price, keys[0, i], piece)
    order, nothing = np.argsort(keys[0, :n]), np.zeros(padded(n))
    arcs, open_columns, turn = 0, m, 0
    while arcs < n + m - 1:
        i = order[turn]
        if look_again:
            value, piece = least(keys, 0, nothing)
            i = column_of(keys, 0, nothing, value, piece)
        j = nearest[i]
        if price[j] != -np.inf:
            tails[arcs], heads[arcs] = i, j
            arcs += 1
            # The last column stays open for all rows to come.
            if supply[i] < demand[j] or open_columns == 1:
                flows[arcs - 1] = supply[i]
                demand[j] -= supply[i]
                keys[0, i] = np.inf
                turn += 1
                continue
            flows[arcs - 1] = demand[j]
            supply[i] -= demand[j]
            price[j] = -np.inf
            open_columns -= 1
        keys[0, i], piece = least(cost, i, price)
        nearest[i] = column_of(cost, i, price, keys[0, i], piece)
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
