"""The network simplex on a dense cost matrix, from masses to a certified basis.

Rows are looked through in turn. The best arcs of a few rows are candidates; of these the one of
least reduced cost enters the basis, then the next, as long as they are worth it. When no row has
an arc of negative reduced cost the basis is optimal. Then flows and potentials are computed anew
from the tree, and the potentials' proof that nothing is cheaper is looked at: its gap is the
certificate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.lowest import column_of, least
from heatlens.transport.exact.start import first_arcs, whole_units
from heatlens.transport.exact.tree import ROOT, Nodes, Tree, exchange, new_tree, plant
from heatlens.transport.exact.twofold import largest_of, polish
from heatlens.transport.mass import Floats

__all__ = [
    "DONE",
    "LOOSE",
    "NO_LIMIT",
    "UNFINISHED",
    "carried",
    "certified",
    "gap_of",
    "row_prices",
    "solve",
    "value_of",
]

DONE, LOOSE, UNFINISHED = 0, 1, -1
"""What became of a problem: proved, not proved, stopped before its end."""

NO_LIMIT = np.int64(2**62)
"""More exchanges than any problem takes."""

_SLACK = 1e-14
"""A reduced cost above -_SLACK x the largest potential is rounding."""

_TIGHT = 1e-9
"""The gap is at most this part of the value."""

_ROUNDING = 4 * 2.0**-52
"""Of a subtree's masses: what their sum may be off."""

_ROUNDS = 4
"""How often the potentials are computed anew before a problem counts as unfinished."""


@njit(cache=True, nogil=True, error_model="numpy")
def certified(
    cost: Any, a: Any, b: Any, prices: Any, limit: int, brake: Any
) -> tuple[int, float, float, Nodes, Floats, Floats]:
    """Solve a problem and prove the solution.

    The gap is the sum of mass x reduced cost over the plan, the potentials of the rows being
    u_i = min_j (cost_ij - v_j): whatever v is, no u_i + v_j is above its cost then. If what
    rounding may hide in that sum is above a billionth of the value, the solution is looked at
    again in twice the precision.

    Args:
        cost: as for `solve`.
        a: as for `solve`.
        b: as for `solve`.
        prices: as for `solve`.
        limit: as for `solve`.
        brake: as for `solve`.

    Returns:
        What became of it (`DONE`, `LOOSE`, `UNFINISHED`), the value, the gap, and of each node
        its parent (`ROOT` for the root), the mass on the arc between them, its potential.
    """
    n, m = len(a), len(b)
    tree, exchanges = solve(cost, a, b, prices, limit, brake)
    mass = carried(tree, a, b)
    value = value_of(tree, cost, n, mass)
    gap = gap_of(tree, cost, n, mass)
    if exchanges == UNFINISHED:
        return UNFINISHED, value, gap, tree.parent, mass, tree.potential
    hidden = 1e-15 * a.sum() * largest_of(tree.potential)
    if gap + hidden <= _TIGHT * abs(value):
        return DONE, value, gap, tree.parent, mass, tree.potential
    root = np.int64(0)
    while tree.parent[root] != ROOT:
        root = np.int64(tree.parent[root])
    _, worst = polish(tree, cost, n, m, root, limit - exchanges, brake)
    if brake[0] != 0:
        return UNFINISHED, value, gap, tree.parent, mass, tree.potential
    mass = carried(tree, a, b)
    value = value_of(tree, cost, n, mass)
    gap = a.sum() * max(-worst, 0.0)
    # A value near 0 has no digits to compare with: the smallest cost takes its place.
    allowed = _TIGHT * max(abs(value), a.sum() * _smallest(cost, m))
    state = DONE if gap + 1e-28 * a.sum() * largest_of(tree.potential) <= allowed else LOOSE
    return state, value, gap, tree.parent, mass, tree.potential


@njit(cache=True, nogil=True, error_model="numpy")
def solve(cost: Any, a: Any, b: Any, prices: Any, limit: int, brake: Any) -> tuple[Tree, int]:
    """An optimal basis, with flows and potentials of its own.

    Args:
        cost: (n, padded m) float64, finite but for the padding, which is infinite.
        a: (n,) masses above 0.
        b: (m,) masses above 0 with the same total.
        prices: (padded m,) to start from, or of size 0; they change the time, not the result.
        limit: exchanges at most.
        brake: (1,) int64; another thread that writes a 1 into it ends the work.

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
        slack = _SLACK * largest_of(tree.potential)
        made, root = _improve(tree, cost, n, root, slack, limit - total, brake)
        total += made
        if total >= limit or brake[0] != 0:
            return tree, UNFINISHED
        _renew_potentials(tree, cost, n, root)
        if made == 0:
            return tree, total
    return tree, total


@njit(cache=True, nogil=True, error_model="numpy")
def _improve(
    tree: Tree, cost: Any, n: int, root: int, slack: float, limit: int, brake: Any
) -> tuple[int, int]:
    """Exchange arcs until no reduced cost is below -slack; the number of exchanges, and the root.

    A look along a row costs more the longer it is, so large problems take fewer candidates.
    """
    few, in_turn = (16, 8) if n <= 128 else (8, 4)
    tails, heads = np.empty(few, np.int64), np.empty(few, np.int64)
    zero: Any = np.int64(0)
    row, made = zero, zero
    while made < limit and brake[0] == 0:
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
def _smallest(cost: Any, m: int) -> float:
    """The smallest magnitude of a cost that is not 0; 0 if all are."""
    smallest = np.inf
    for i in range(len(cost)):
        for j in range(m):
            if cost[i, j] != 0.0:
                smallest = min(smallest, abs(cost[i, j]))
    return smallest if smallest < np.inf else 0.0


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
    """The mass on each node's arc to its parent, from a and b themselves; 0 for the root.

    What a subtree cannot settle inside passes its arc. Where that is no more than the rounding of
    the subtree's masses it is 0: the perturbation of `whole_units` would otherwise carry it over
    arcs of any cost.
    """
    n, m = len(a), len(b)
    mass, inside = np.empty(n + m), np.empty(n + m)
    for i in range(n):  # a slice's assignment compiles for seconds: its error has a message
        mass[i] = inside[i] = a[i]
    for j in range(m):
        mass[n + j] = inside[n + j] = b[j]
    root = 0
    while tree.parent[root] != ROOT:
        root = tree.parent[root]
    node = tree.preceding[root]
    while node != root:
        above = tree.parent[node]
        if mass[node] < _ROUNDING * inside[node]:
            mass[node] = 0.0
        mass[above] -= mass[node]
        inside[above] += inside[node]
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
def row_prices(cost: Any, price: Any) -> Floats:
    """u_i = min_j (cost_ij - v_j): with these no u_i + v_j is above its cost, whatever v is."""
    u = np.empty(len(cost))
    for i in range(len(cost)):
        u[i] = least(cost, i, price)[0]
    return u


@njit(cache=True, nogil=True, error_model="numpy")
def gap_of(tree: Tree, cost: Any, n: int, mass: Any) -> float:
    """Sum of mass x reduced cost over the arcs, with u_i = min_j (cost_ij - v_j)."""
    price = tree.potential[n:]
    u = row_prices(cost, price)
    gap = 0.0
    for node in range(len(mass)):
        above = tree.parent[node]
        if above != ROOT and mass[node] > 0.0:
            i, j = (node, above - n) if node < n else (above, node - n)
            gap += mass[node] * (cost[i, j] - price[j] - u[i])
    return gap
