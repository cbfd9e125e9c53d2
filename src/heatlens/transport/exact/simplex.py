"""The network simplex on a dense cost matrix, from masses to a certified basis.

Rows are looked through in turn; from a few of them the arc of least reduced cost enters the
basis. When no row has one below zero the basis is optimal. Then flows and potentials are computed
anew from the tree, and the potentials' own bound on the value (the dual) is put beside the value:
their difference, the gap, is the certificate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.lowest import lowest
from heatlens.transport.exact.start import PIECE, first_arcs, whole_units
from heatlens.transport.exact.tree import ROOT, Tree, exchange, new_tree, plant
from heatlens.transport.mass import Floats

__all__ = ["UNFINISHED", "bound", "is_tight", "solve", "value_of"]

UNFINISHED = -1
"""The number of exchanges of a problem that did not come to its end."""

_SLACK = 1e-14
"""A reduced cost above -_SLACK x the largest potential is rounding."""

_ROUNDS = 4
"""How often the potentials are computed anew before a problem counts as unfinished."""


@njit(cache=True, nogil=True, error_model="numpy")
def solve(cost: Any, a: Any, b: Any, limit: int) -> tuple[Tree, int]:
    """An optimal basis, with flows and potentials of its own.

    Args:
        cost: (n, padded m) float64, finite but for the padding, which is infinite.
        a: (n,) masses above 0.
        b: (m,) masses above 0 with the same total.
        limit: exchanges at most.

    Returns:
        The tree, and the number of exchanges or `UNFINISHED`. `tree.flow` is in whole units;
        `carried` gives the masses.
    """
    n, m, padded = len(a), len(b), cost.shape[1]
    tree = new_tree(n + m, n, padded)
    supply, demand = whole_units(a, b)
    price = np.zeros(padded)
    price[:m] = cost[0, :m]
    for i in range(1, n):
        for j in range(m):
            price[j] = min(price[j], cost[i, j])
    tails, heads, flows = first_arcs(cost, price, supply, demand)
    plant(tree, cost, tails, heads, flows)
    total, root = 0, 0
    for _ in range(_ROUNDS):
        slack = _SLACK * np.abs(tree.potential).max()
        made, root = _improve(tree, cost, n, root, slack, limit - total)
        total += made
        if total >= limit:
            return tree, UNFINISHED
        _renew_potentials(tree, cost, n, root)
        if made == 0:
            return tree, total
    return tree, total


@njit(cache=True, nogil=True, error_model="numpy")
def _improve(tree: Tree, cost: Any, n: int, root: int, slack: float, limit: int) -> tuple[int, int]:
    """Exchange arcs until no reduced cost is below -slack; the number of exchanges, and the root."""
    padded = cost.shape[1]
    price = tree.potential[n:]
    few = 4 if n <= 512 else 2
    row, made = 0, 0
    while made < limit:
        best, tail, piece, seen = -slack, -1, 0, 0
        while seen < n and (tail < 0 or seen < few):
            own = tree.potential[row]
            for start in range(0, padded, PIECE):
                count = min(PIECE, padded - start)
                reduced = own + lowest(cost, row * padded + start, price[start:], count)
                if reduced < best:
                    best, tail, piece = reduced, row, start
            row = row + 1 if row + 1 < n else 0
            seen += 1
        if tail < 0:
            break
        own, head = tree.potential[tail], piece
        while own + (cost[tail, head] - price[head]) > best:
            head += 1
        root = exchange(tree, n, tail, n + head, best, root)
        made += 1
    return made, root


@njit(cache=True, nogil=True, error_model="numpy")
def _renew_potentials(tree: Tree, cost: Any, n: int, root: int) -> None:
    """Potentials from the tree's arcs alone, without what many shifts have rounded away."""
    tree.potential[root] = 0.0
    node = tree.following[root]
    while node != root:
        above = tree.parent[node]
        if node < n:
            tree.potential[node] = tree.potential[above] - cost[node, above - n]
        else:
            tree.potential[node] = tree.potential[above] + cost[above, node - n]
        node = tree.following[node]


@njit(cache=True, nogil=True, error_model="numpy")
def carried(tree: Tree, a: Any, b: Any) -> Floats:
    """The mass on each node's arc to its parent, from a and b themselves; 0 for the root."""
    n = len(a)
    mass = np.empty(len(tree.parent))
    mass[:n] = a
    mass[n:] = b
    root = 0
    while tree.parent[root] != ROOT:
        root = tree.parent[root]
    node = tree.preceding[root]
    while node != root:  # from the leaves up: what a subtree cannot settle inside passes its arc
        mass[tree.parent[node]] -= mass[node]
        if mass[node] < 0.0:  # rounding: a basis of the disturbed masses is one of these too
            mass[node] = 0.0
        node = tree.preceding[node]
    mass[root] = 0.0
    return mass


@njit(cache=True, nogil=True, error_model="numpy")
def value_of(tree: Tree, cost: Any, n: int, mass: Any) -> float:
    """Sum of mass x cost over the arcs."""
    value = 0.0
    for node in range(len(mass)):
        above = tree.parent[node]
        if above != ROOT:
            step = cost[node, above - n] if node < n else cost[above, node - n]
            value += mass[node] * step
    return value


@njit(cache=True, nogil=True, error_model="numpy")
def bound(tree: Tree, cost: Any, a: Any, b: Any) -> float:
    """A lower bound of the least value, from the potentials: the dual, made feasible.

    u_i = min_j (cost_ij - v_j) whatever v is, so that no rounding can break u_i + v_j <= cost_ij.
    """
    n, m, padded = len(a), len(b), cost.shape[1]
    price = tree.potential[n:]
    middle = price[0]  # so that large potentials of opposite signs do not cancel in the sum
    value = 0.0
    for i in range(n):
        value += a[i] * (lowest(cost, i * padded, price, padded) + middle)
    for j in range(m):
        value += b[j] * (price[j] - middle)
    return value


@njit(cache=True, nogil=True, error_model="numpy")
def is_tight(value: float, gap: float, scale: float) -> bool:
    """Whether the gap is small beside the value, or beside what rounding allows.

    Args:
        value: of the plan.
        gap: value less bound.
        scale: total mass x largest cost in use.
    """
    return gap <= 1e-9 * abs(value) or gap <= 1e-13 * scale
