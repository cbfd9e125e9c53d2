import numpy as np
import pytest

from heatlens.transport.exact.costs import open_costs, padded
from heatlens.transport.exact.lowest import LANES, lowest
from heatlens.transport.exact.simplex import UNFINISHED, carried, gap_of, solve, value_of
from heatlens.transport.exact.start import first_arcs, whole_units
from heatlens.transport.exact.tree import ROOT, exchange, new_tree, plant


def planted(seed, n, m):
    rng = np.random.default_rng(seed)
    cost = open_costs(n, m, False, False, 0.0)
    cost[:, :m] = rng.random((n, m))
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    supply, demand = whole_units(a, b)
    tree = new_tree(n + m, n, cost.shape[1])
    plant(tree, cost, *first_arcs(cost, a, np.empty(0), supply.copy(), demand.copy()))
    return tree, cost, a, b, supply, demand


def require_sound(tree, cost, supply, demand, root):
    """Parents, sizes, the walk, flows and potentials all tell the same tree."""
    n, nodes = len(supply), len(tree.parent)
    assert tree.parent[root] == ROOT
    assert (tree.parent == ROOT).sum() == 1
    walk = [root]
    while tree.following[walk[-1]] != root:
        walk.append(tree.following[walk[-1]])
        assert len(walk) <= nodes
    assert sorted(walk) == list(range(nodes))
    place = {node: k for k, node in enumerate(walk)}
    below = {node: {node} for node in walk}
    balance = np.concatenate([supply, demand]).astype(object)
    for node in reversed(walk):
        assert tree.preceding[tree.following[node]] == node
        assert tree.size[node] == len(below[node])
        assert {place[k] for k in below[node]} == set(
            range(place[node], place[node] + len(below[node]))
        )
        if node != root:
            above = tree.parent[node]
            row, column = (node, above) if node < n else (above, node)
            assert row < n <= column
            assert tree.flow[node] > 0
            assert tree.depth[node] == tree.depth[above] + 1
            assert balance[node] == tree.flow[node]
            balance[above] -= balance[node]
            below[above] |= below[node]
            reduced = cost[row, column - n] + tree.potential[row] - tree.potential[column]
            assert reduced == pytest.approx(0, abs=1e-12)
    assert balance[root] == 0


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (6, 1), (5, 7), (12, 9)])
def test_every_exchange_leaves_a_sound_tree(n, m):
    for seed in range(6):
        tree, cost, a, b, supply, demand = planted(seed, n, m)
        root = 0
        require_sound(tree, cost, supply, demand, root)
        value = np.inf
        for _ in range(200):
            reduced = cost[:, :m] + tree.potential[:n, None] - tree.potential[None, n : n + m]
            i, j = np.unravel_index(np.argmin(reduced), reduced.shape)
            if reduced[i, j] > -1e-12:
                break
            root = exchange(tree, n, i, n + j, reduced[i, j], root)
            require_sound(tree, cost, supply, demand, root)
            now = value_of(tree, cost, n, tree.flow.astype(float))
            assert now < value  # no exchange stands still: the perturbation's promise
            value = now
        else:
            pytest.fail("no end after 200 exchanges")
        mass = carried(tree, a, b)
        assert 0 <= gap_of(tree, cost, n, mass) <= 1e-15


def test_whole_units_have_one_total_and_no_equal_partial_sums():
    a, b = np.ones(3), np.ones(3)
    supply, demand = whole_units(a, b)
    assert supply.sum() == demand.sum()
    sums = {sum(supply[list(rows)]) for rows in ([0], [1], [2], [0, 1], [0, 2], [1, 2])}
    others = {sum(demand[list(rows)]) for rows in ([0], [1], [2], [0, 1], [0, 2], [1, 2])}
    assert not sums & others


@pytest.mark.parametrize("count", [LANES, 3 * LANES, 16 * LANES])
def test_the_lowest_is_numpys(count):
    from numba import njit

    rng = np.random.default_rng(count)
    cost, price = rng.normal(size=(4, count)), rng.normal(size=count)
    found = njit(lambda c, start, p, k: lowest(c, start, p, k))(cost, 2 * count, price, count)
    assert found == (cost[2] - price).min()
    assert padded(count) == count
    assert padded(count - 1) == count


def test_a_brake_ends_the_work():
    _, cost, a, b, _, _ = planted(0, 12, 9)
    assert solve(cost, a, b, np.empty(0), 10**9, np.ones(1, np.int64))[1] == UNFINISHED


def test_a_limit_is_told():
    _, cost, a, b, _, _ = planted(0, 12, 9)
    assert solve(cost, a, b, np.empty(0), 1, np.zeros(1, np.int64))[1] == UNFINISHED
