"""The network simplex on a dense cost matrix, from masses to a certified basis.

Rows are looked through in turn. The best arcs of a few rows are candidates; of these the one of
least reduced cost enters the basis, then the next, as long as they are worth it. When no row has
an arc of negative reduced cost the basis is optimal. Then flows and potentials are computed
anew from the tree, and the potentials' own bound on the value (the dual) is put beside the value:
their difference, the gap, is the certificate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.lowest import column_of, least, lowest
from heatlens.transport.exact.start import first_arcs, whole_units
from heatlens.transport.exact.tree import ROOT, Nodes, Tree, exchange, new_tree, plant
from heatlens.transport.mass import Floats

__all__ = ["DONE", "LOOSE", "UNFINISHED", "bound", "carried", "certified", "solve", "value_of"]

DONE, LOOSE, UNFINISHED = 0, 1, -1
"""What became of a problem: proved, not proved, stopped before its end."""

_SLACK = 1e-14
"""A reduced cost above -_SLACK x the largest potential is rounding."""

_ROUNDS = 4
"""How often the potentials are computed anew before a problem counts as unfinished."""


@njit(cache=True, nogil=True, error_model="numpy")
def certified(
    cost: Any, a: Any, b: Any, prices: Any, limit: int
) -> tuple[int, float, float, Nodes, Floats, Floats]:
    """Solve a problem and look at the proof.

    Args:
        cost: as for `solve`.
        a: as for `solve`.
        b: as for `solve`.
        prices: as for `solve`.
        limit: exchanges at most.

    Returns:
        What became of it (`DONE`, `LOOSE`, `UNFINISHED`), the value, the gap, and of each node
        its parent (`ROOT` for the root), the mass on the arc between them, its potential.
    """
    tree, exchanges = solve(cost, a, b, prices, limit)
    mass = carried(tree, a, b)
    value = value_of(tree, cost, len(a), mass)
    gap = value - bound(tree, cost, a, b)
    state = DONE
    if exchanges == UNFINISHED:
        state = UNFINISHED
    elif not is_tight(value, gap, a.sum() * _largest(tree)):
        state = LOOSE
    return state, value, gap, tree.parent, mass, tree.potential


@njit(cache=True, nogil=True, error_model="numpy")
def solve(cost: Any, a: Any, b: Any, prices: Any, limit: int) -> tuple[Tree, int]:
    """An optimal basis, with flows and potentials of its own.

    Args:
        cost: (n, padded m) float64, finite but for the padding, which is infinite.
        a: (n,) masses above 0.
        b: (m,) masses above 0 with the same total.
        prices: (padded m,) to start from, or of size 0; they change the time, not the result.
        limit: exchanges at most.

    Returns:
        The tree, and the number of exchanges or `UNFINISHED`. `tree.flow` is in whole units;
        `carried` gives the masses.
    """
    n, m, padded = len(a), len(b), cost.shape[1]
    tree = new_tree(n + m, n, padded)
    supply, demand = whole_units(a, b)
    tails, heads, flows = first_arcs(cost, a, prices, supply, demand)
    plant(tree, cost, tails, heads, flows)
    zero: Any = np.int64(0)  # for a literal 0 numba would compile everything below once more
    total, root = zero, zero
    for _ in range(_ROUNDS):
        slack = _SLACK * _largest(tree)
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
    """Exchange arcs until no reduced cost is below -slack; the number of exchanges, and the root.

    A look along a row costs more the longer it is, so large problems take fewer candidates.
    """
    few, in_turn = (16, 8) if n <= 128 else (8, 4)
    tails, heads = np.empty(few, np.int64), np.empty(few, np.int64)
    zero: Any = np.int64(0)
    row, made = zero, zero
    while made < limit:
        row, count = _candidates(tree, cost, n, row, slack, tails, heads)
        if count == 0:
            break
        for _ in range(min(in_turn, limit - made)):
            count, at, best = _choose(tree, cost, n, slack, tails, heads, count)
            if count == 0:
                break
            root = exchange(tree, n, tails[at], n + heads[at], best, root)
            made += 1
            count -= 1
            tails[at], heads[at] = tails[count], heads[count]
    return made, root


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _candidates(
    tree: Tree, cost: Any, n: int, row: int, slack: float, tails: Any, heads: Any
) -> tuple[int, int]:
    """The best arc of each of the next rows that has one; the row to go on with, and how many."""
    price = tree.potential[n:]
    count, seen = 0, 0
    while seen < n and (seen < len(tails) or count == 0):
        value, piece = least(cost, row, price)
        if tree.potential[row] + value < -slack:
            tails[count], heads[count] = row, column_of(cost, row, price, value, piece)
            count += 1
        row = row + 1 if row + 1 < n else 0
        seen += 1
    return row, count


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _choose(
    tree: Tree, cost: Any, n: int, slack: float, tails: Any, heads: Any, count: int
) -> tuple[int, int, float]:
    """Of the candidates still worth it, how many there are, which is best, its reduced cost."""
    left, at, best = 0, -1, -slack
    for k in range(count):
        i, j = tails[k], heads[k]
        reduced = tree.potential[i] + (cost[i, j] - tree.potential[n + j])
        if reduced < -slack:
            tails[left], heads[left] = i, j
            if reduced < best:
                at, best = left, reduced
            left += 1
    return left, at, best


@njit(cache=True, nogil=True, error_model="numpy")
def _largest(tree: Tree) -> float:
    """The largest magnitude of a potential."""
    largest = 0.0
    for potential in tree.potential:
        largest = max(largest, abs(potential))
    return largest


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
    for i in range(n):  # a slice's assignment compiles for seconds: its error has a message
        mass[i] = a[i]
    for j in range(len(b)):
        mass[n + j] = b[j]
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
