"""The spanning tree of a basis, and the exchange of one of its arcs.

Nodes are the rows 0..n-1 and the columns n..n+m-1 of the cost matrix; an arc joins a row and a
column. The tree hangs from a root; a preorder walk is kept as a ring of links, so that a subtree
is a piece of the ring. An exchange cuts the tree in two and always moves the smaller half, be it
the one with the root: any node may be the root.

The pieces of an exchange are inlined by force: a call would hand over nine arrays, which costs a
sixth of the time of small problems.

Bazaraa, Jarvis, Sherali: Linear Programming and Network Flows, ch. 9; the walk ("thread") is due
to Glover, Klingman, Stutz: Augmented threaded index method for network optimization, 1974.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ROOT", "Tree", "exchange", "new_tree", "plant"]

Integers = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.int32]
ROOT = -1
"""The parent of the root."""


class Tree(NamedTuple):
    """A basis: arrays over the n + m nodes.

    Attributes:
        parent: the node above, `ROOT` for the root.
        size: nodes of the subtree, the node itself included.
        depth: arcs up to the root, plus a number that is the same for all nodes.
        following: the next node of the preorder walk, the root after the last.
        preceding: the node before.
        flow: mass on the arc to the parent, in whole units.
        potential: y of each node, (n + padded m,): the reduced cost of an arc from row i to
            column j is cost[i, j] + y[i] - y[j]; the padding is 0.
        walk: room for the nodes that are moved.
        place: their places in `walk`.
    """

    parent: Nodes
    size: Nodes
    depth: Nodes
    following: Nodes
    preceding: Nodes
    flow: Integers
    potential: npt.NDArray[np.float64]
    walk: Nodes
    place: Nodes


@njit(cache=True, nogil=True, error_model="numpy")
def new_tree(nodes: int, rows: int, padded: int) -> Tree:
    """Room for a tree; nothing in it means anything yet."""
    return Tree(
        np.full(nodes, ROOT, np.int32),
        np.ones(nodes, np.int32),
        np.zeros(nodes, np.int32),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
        np.zeros(nodes, np.int64),
        np.zeros(rows + padded, np.float64),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def plant(tree: Tree, cost: Any, tails: Nodes, heads: Nodes, flows: Integers) -> None:
    """Hang the n + m - 1 arcs from row 0 and give every node its potential.

    Args:
        tree: what is filled; its arrays are of the right length.
        cost: (n, padded m).
        tails: the row of each arc.
        heads: the column of each arc, 0..m-1.
        flows: mass on each arc.
    """
    rows = len(cost)
    nodes = len(tree.parent)
    newest = np.full(nodes, -1, np.int32)  # of each node, its latest arc end ...
    older = np.empty(2 * len(tails), np.int32)  # ... and of each arc end, the one before it
    for k in range(len(tails)):
        row, column = tails[k], rows + heads[k]
        older[2 * k], newest[row] = newest[row], 2 * k
        older[2 * k + 1], newest[column] = newest[column], 2 * k + 1
    tree.size[:] = 1
    tree.parent[0] = ROOT
    tree.depth[0] = 0
    tree.potential[0] = 0.0
    tree.walk[0] = 0
    waiting, last = 1, 0
    while waiting > 0:
        waiting -= 1
        node = tree.walk[waiting]
        tree.following[last], tree.preceding[node] = node, last
        last = node
        end = newest[node]
        while end >= 0:
            k = end >> 1
            row, column = tails[k], rows + heads[k]
            other = column if node == row else row
            if tree.parent[node] != other:
                step = cost[row, heads[k]]
                tree.parent[other] = node
                tree.depth[other] = tree.depth[node] + 1
                tree.flow[other] = flows[k]
                tree.potential[other] = tree.potential[node] + (step if node == row else -step)
                tree.walk[waiting] = other
                waiting += 1
            end = older[end]
    tree.following[last], tree.preceding[0] = 0, last
    while last != 0:
        tree.size[tree.parent[last]] += tree.size[last]
        last = tree.preceding[last]


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def exchange(tree: Tree, rows: int, row: int, column: int, reduced: float, root: int) -> int:
    """Bring the arc from `row` to `column` into the basis; the arc that runs dry leaves it.

    Args:
        tree: changed in place.
        rows: number of rows; `column` is a node, so `rows` or more.
        row: where the arc starts.
        column: where it ends.
        reduced: its reduced cost, below 0.
        root: the root before.

    Returns:
        The root after.
    """
    apex, leaving, drop = _cycle(tree, rows, row, column)
    above = tree.parent[leaving]
    inside, outside = (row, column) if leaving < rows else (column, row)
    below = tree.size[leaving]
    rest = len(tree.parent) - below
    if below <= rest:
        _climb(tree, above, apex, _climb(tree, inside, above, drop, 0), -below)
        _climb(tree, outside, apex, drop, below)
        top, count, moved, under = leaving, below, inside, outside
    else:
        _climb(tree, above, apex, _climb(tree, inside, above, drop, rest), -below)
        _climb(tree, outside, apex, drop, 0)
        while apex != ROOT:
            tree.size[apex] -= below
            apex = tree.parent[apex]
        top, count, moved, under = root, rest, outside, inside
        tree.parent[leaving] = ROOT
        root = leaving
        _close(tree, leaving, rest)
    _gather(tree, top, count)
    _hang(tree, top, count, moved, under, drop, -reduced if moved < rows else reduced)
    return root


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _cycle(tree: Tree, rows: int, row: int, column: int) -> tuple[int, int, int]:
    """Where the ways up from both ends meet, the node whose arc limits the flow, and that flow.

    Flow along the new arc takes from rows' arcs on the row's way and from columns' arcs on the
    column's way.
    """
    drop = np.iinfo(np.int64).max
    leaving = row
    first, second = row, column
    for _ in range(tree.depth[row] - tree.depth[column]):
        if first < rows and tree.flow[first] < drop:
            drop, leaving = tree.flow[first], first
        first = tree.parent[first]
    for _ in range(tree.depth[column] - tree.depth[row]):
        if second >= rows and tree.flow[second] < drop:
            drop, leaving = tree.flow[second], second
        second = tree.parent[second]
    while first != second:
        if first < rows and tree.flow[first] < drop:
            drop, leaving = tree.flow[first], first
        if second >= rows and tree.flow[second] < drop:
            drop, leaving = tree.flow[second], second
        first, second = tree.parent[first], tree.parent[second]
    return first, leaving, drop


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _climb(tree: Tree, node: int, end: int, amount: int, growth: int) -> int:
    """Up to `end`, arcs lose and gain `amount` in turn and subtrees grow; what comes next."""
    while node != end:
        tree.flow[node] -= amount
        amount = -amount
        tree.size[node] += growth
        node = tree.parent[node]
    return amount


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _close(tree: Tree, leaving: int, outside: int) -> None:
    """Close the ring of `leaving`'s subtree, and that of the `outside` other nodes."""
    before = tree.preceding[leaving]
    after = before
    for _ in range(outside - 1):
        after = tree.preceding[after]
    last = tree.preceding[after]
    tree.following[last], tree.preceding[leaving] = leaving, last
    tree.following[before], tree.preceding[after] = after, before


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _gather(tree: Tree, top: int, count: int) -> None:
    """Lift `count` nodes from `top` on out of their ring."""
    before = tree.preceding[top]
    node = top
    for place in range(count):
        tree.walk[place] = node
        tree.place[node] = place
        node = tree.following[node]
    tree.following[before], tree.preceding[node] = node, before


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _hang(
    tree: Tree, top: int, count: int, moved: int, under: int, flow: int, shift: float
) -> None:
    """Hang the gathered subtree by its node `moved` below `under`.

    The way from `moved` up to `top` turns round; what else hangs from it keeps its walk, in
    pieces: first `moved`'s own subtree, then for each node above, what stood before and after
    the subtree that is placed already. All potentials shift alike, depths piece by piece.
    """
    after = tree.following[under]
    node, parent = moved, under
    start, size = tree.place[node], tree.size[node]
    end = start + size
    tree.following[under], tree.preceding[node] = node, under
    last = tree.walk[end - 1]
    tree.size[node] = count
    depth = tree.depth[under] + 1
    _lower(tree, start, end, depth - tree.depth[node], shift)
    while True:
        above, old = tree.parent[node], tree.flow[node]
        tree.parent[node], tree.flow[node] = parent, flow
        if node == top:
            break
        depth += 1
        down = depth - tree.depth[above]
        tree.following[last], tree.preceding[above] = above, last
        last = tree.walk[start - 1]
        whole = tree.size[above]
        first = tree.place[above]
        _lower(tree, first, start, down, shift)
        if first + whole > end:
            piece = tree.walk[end]
            tree.following[last], tree.preceding[piece] = piece, last
            last = tree.walk[first + whole - 1]
            _lower(tree, end, first + whole, down, shift)
        tree.size[above] = count - size
        start, size, end = first, whole, first + whole
        parent, flow, node = node, old, above
    tree.following[last], tree.preceding[after] = after, last


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _lower(tree: Tree, start: int, end: int, depth: int, shift: float) -> None:
    """Change depth and potential of a piece of the gathered walk."""
    for place in range(start, end):
        node = tree.walk[place]
        tree.depth[node] += depth
        tree.potential[node] += shift
