"""Potentials of twice the precision, for problems whose costs span many orders of magnitude.

One large cost among small ones, or two clusters far apart, put large numbers into the potentials;
in double precision the small costs then vanish in their rounding. Here each potential is the
unevaluated sum of two doubles, and a reduced cost is exact to its own last digits. It is ten times
slower than the vectors of `lowest`, and runs only where the ordinary proof is not good enough.

Dekker: A floating-point technique for extending the available precision, Numerische Mathematik 18,
1971; Knuth: The Art of Computer Programming, vol. 2, 4.2.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from heatlens.transport.exact.tree import Tree, exchange
from heatlens.transport.mass import Floats

__all__ = ["largest_of", "polish"]

_SLACK = 2.0**-98
"""A reduced cost above -_SLACK x the largest potential is rounding, even here."""


@njit(cache=True, nogil=True, error_model="numpy")
def polish(
    tree: Tree, cost: Any, n: int, m: int, root: int, limit: int, brake: Any
) -> tuple[int, float]:
    """Exchange arcs until no reduced cost is below zero; how many, and the lowest that is left.

    The tree's potentials are replaced by those of the last basis, rounded.

    Args:
        tree: changed in place.
        cost: (n, padded m).
        n: rows.
        m: columns.
        root: of the tree.
        limit: exchanges at most; if they do not suffice, what is left is below zero.
        brake: as for `heatlens.transport.exact.simplex.solve`.
    """
    high, low = _potentials(tree, cost, n, root)
    row, clean, made, worst = 0, 0, 0, 0.0
    while clean < n and brake[0] == 0:
        slack = _SLACK * largest_of(high)
        reduced, column = _lowest(cost, row, m, high, low, n)
        if reduced < -slack:
            if made >= limit:
                return made, reduced
            root = exchange(tree, n, row, n + column, reduced, root)
            high, low = _potentials(tree, cost, n, root)
            made += 1
            clean, worst = 0, 0.0
        else:
            clean += 1
            worst = min(worst, reduced)
        row = row + 1 if row + 1 < n else 0
    for node in range(n + m):
        tree.potential[node] = high[node]
    return made, worst


@njit(cache=True, nogil=True, error_model="numpy")
def _potentials(tree: Tree, cost: Any, n: int, root: int) -> tuple[Floats, Floats]:
    """High and low parts of the potentials, from the tree's arcs."""
    nodes = len(tree.parent)
    high, low = np.zeros(nodes), np.zeros(nodes)
    node = tree.following[root]
    while node != root:
        above = tree.parent[node]
        step = -cost[node, above - n] if node < n else cost[above, node - n]
        total, lost = _sum(high[above], step)
        high[node], low[node] = _sum(total, lost + low[above])
        node = tree.following[node]
    return high, low


@njit(cache=True, nogil=True, error_model="numpy")
def _lowest(cost: Any, row: int, m: int, high: Any, low: Any, n: int) -> tuple[float, int]:
    """The least reduced cost of a row, and its column."""
    least, column = np.inf, 0
    own_high, own_low = high[row], low[row]
    for j in range(m):
        part, lost = _sum(own_high, -high[n + j])
        total, more = _sum(part, cost[row, j])
        reduced = total + (more + lost + (own_low - low[n + j]))
        if reduced < least:
            least, column = reduced, j
    return least, column


@njit(cache=True, nogil=True, error_model="numpy")
def _sum(a: float, b: float) -> tuple[float, float]:
    """a + b as it is rounded, and what rounding took away."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@njit(cache=True, nogil=True, error_model="numpy")
def largest_of(values: Any) -> float:
    """The largest magnitude."""
    largest = 0.0
    for value in values:
        largest = max(largest, abs(value))
    return largest
