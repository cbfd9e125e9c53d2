"""The Earth Mover's Distance of two distributions: exact, with plan, prices and certificate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from heatlens.errors import NotCertified
from heatlens.transport.compiling import first_call
from heatlens.transport.exact.coarse import PAYS_FROM, prices
from heatlens.transport.exact.costs import open_costs, write_costs
from heatlens.transport.exact.problem import (
    Ground,
    Sides,
    checked_ground,
    checked_limit,
    checked_sides,
)
from heatlens.transport.exact.simplex import LOOSE, UNFINISHED, certified, row_prices
from heatlens.transport.exact.transport import Transport
from heatlens.transport.exact.tree import Nodes
from heatlens.transport.ground import METRICS
from heatlens.transport.mass import Floats

__all__ = ["emd"]

_LONG = 1_000_000
"""Costs from which a problem takes so long that somebody may want to stop it."""

_BLOCK = 4_000_000
"""Costs that are computed at once for points without mass."""


def emd(
    a: Any,
    b: Any,
    cost: Any = None,
    *,
    x: Any = None,
    y: Any = None,
    metric: str = "euclidean",
    p: float = 1,
    mass: str = "equal",
    penalty: float | None = None,
    threshold: float | None = None,
    limit: int | None = None,
) -> Transport:
    r"""The cheapest way to carry the mass of a to b.

        min_P sum_ij P_ij c_ij   with   P >= 0,  P 1 = a,  P^T 1 = b

    By a network simplex, whose result is proved before it is handed out: the potentials of the
    last basis, computed anew, give a lower bound, and its distance from the value is `gap`. Mass
    that both sides have at the same point stays there where that is optimal for sure (`x` for
    both sides, p <= 1), which makes overlapping heatmaps many times faster.

    Args:
        a: masses (n,).
        b: masses (m,).
        cost: what a unit costs from i to j, (n, m).
        x: instead of `cost`: points (n, d), or (n,) on a line.
        y: points (m, d); those of `x` if not given.
        metric: ground distance between points: "euclidean", "cityblock", "chebyshev".
        p: exponent of the distance; the value is not rooted (W_p = value ** (1 / p) for masses
            of total 1).
        mass: "equal" (totals must agree), "normalise" (both become 1), "partial" (the smaller
            total is moved), "unbalanced" (mass is made or destroyed at a `penalty`).
        penalty: cost of a unit made or destroyed, with mass="unbalanced".
        threshold: distances (or entries of `cost`) above it count as it.
        limit: exchanges of the simplex at most; no limit by default.

    Returns:
        Value, sparse plan, potentials, gap.

    Raises:
        InvalidArgument: masses, points or costs that cannot be used; the message says which entry.
        NotCertified: the limit was reached, or the numbers span so many orders of magnitude that
            the gap cannot be closed, in twice the precision either. Nothing is handed out then.

    Source:
        Kantorovich 1942; Rubner, Tomasi, Guibas: The Earth Mover's Distance as a Metric for Image
        Retrieval, IJCV 2000.

    Example:
        >>> emd([0.4, 0.6], [0.5, 0.5], x=[0.0, 1.0], y=[0.0, 3.0]).value
        1.1
        >>> emd([0.4, 0.6], [0.5, 0.5], [[0, 3], [1, 2]]).plan.toarray()
        array([[0.4, 0. ],
               [0.1, 0.5]])
        >>> emd([3.0, 0.0], [0.0, 1.0], x=[0.0, 2.0], mass="partial").value
        2.0
    """
    sides = checked_sides(a, b, mass, penalty)
    ground = checked_ground(len(sides.a), len(sides.b), cost, x, y, metric, p, threshold)
    most = checked_limit(limit)
    sides = sides.relaxed(ground.dearest())
    kept = np.minimum(sides.a, sides.b) if ground.stays else None
    left_a, left_b = (sides.a, sides.b) if kept is None else (sides.a - kept, sides.b - kept)
    rows, columns = np.flatnonzero(left_a), np.flatnonzero(left_b)
    if kept is not None and not (len(rows) and len(columns)):
        return _settled(sides, ground, kept)
    first, second = (
        _with_extra(left_a[rows], sides.made),
        _with_extra(left_b[columns], sides.destroyed),
    )
    second *= first.sum() / second.sum()  # the rounding of what was taken off
    matrix = open_costs(len(rows), len(columns), sides.made > 0, sides.destroyed > 0, sides.extra)
    start_from = _write(matrix, ground, rows, columns, first, second)
    found = _solved(matrix, first, second, start_from, most)
    state, value, gap, parent, carried, potential = found
    _require(state, value, gap)
    tails, heads, moved = _arcs(parent, len(first), carried)
    real = (tails < len(rows)) & (heads < len(columns))
    plan = _plan(sides, kept, rows[tails[real]], columns[heads[real]], moved[real])
    v = potential[len(matrix) :][: matrix.shape[1]]
    potentials = _potentials(v, matrix, ground, sides, rows, columns)
    return Transport(value + sides.surcharge, plan, potentials, max(gap, 0.0), True)


def _with_extra(masses: Floats, extra: float) -> Floats:
    return np.append(masses, extra) if extra > 0 else masses.copy()


def _write(
    matrix: Floats, ground: Ground, rows: Any, columns: Any, first: Floats, second: Floats
) -> Floats:
    """Fill in the costs; return prices to start from, if there are any."""
    if ground.cost is not None:
        matrix[: len(rows), : len(columns)] = ground.cost[np.ix_(rows, columns)]
        return np.empty(0)
    assert ground.x is not None
    assert ground.y is not None
    near, far = ground.x[rows], ground.y[columns]
    how = METRICS[ground.metric].code, float(ground.p), ground.threshold
    write_costs(matrix[:, : len(columns)], near, np.ascontiguousarray(far.T), *how)
    extra = len(first) > len(near) or len(second) > len(far)
    if extra or len(near) + len(far) < PAYS_FROM:
        return np.empty(0)
    with first_call("the start of large exact problems"):
        return prices(near, first, far, second, *how, matrix.shape[1])


def _solved(matrix: Floats, first: Floats, second: Floats, prices: Floats, most: int) -> Any:
    """What `certified` finds. A large problem is left to a thread, so that Ctrl-C is heard."""
    brake = np.zeros(1, np.int64)
    with first_call("the exact solver"):
        if matrix.size < _LONG:
            return certified(matrix, first, second, prices, most, brake)
        with ThreadPoolExecutor(1, "heatlens") as pool:
            work = pool.submit(certified, matrix, first, second, prices, most, brake)
            try:
                return work.result()
            except BaseException:
                brake[0] = 1
                raise


def _require(state: int, value: float, gap: float) -> None:
    if state == UNFINISHED:
        raise NotCertified(
            "the simplex was stopped at its limit of exchanges, before the optimum; raise `limit` "
            "or leave it out"
        )
    if state == LOOSE:
        raise NotCertified(
            f"the value {value:g} could not be certified: its gap is {gap:g}; the costs or masses "
            "span too many orders of magnitude for double precision"
        )


def _arcs(parent: Nodes, n: int, carried: Floats) -> tuple[Any, Any, Floats]:
    """Rows, columns and masses of the arcs that carry something."""
    nodes = np.flatnonzero(carried > 0)
    above = parent[nodes]
    down = nodes < n
    return np.where(down, nodes, above), np.where(down, above, nodes) - n, carried[nodes]


def _plan(sides: Sides, kept: Floats | None, rows: Any, columns: Any, masses: Floats) -> coo_array:
    if kept is not None:
        still = np.flatnonzero(kept)
        rows, columns = np.append(rows, still), np.append(columns, still)
        masses = np.append(masses, kept[still])
    order = np.lexsort((columns, rows))
    shape = (len(sides.a), len(sides.b))
    return coo_array((masses[order], (rows[order], columns[order])), shape=shape)


def _settled(sides: Sides, ground: Ground, kept: Floats) -> Transport:
    """All of one side's mass stays; what is over on the other is free or pays the penalty."""
    over = float(sides.a.sum() - sides.b.sum())
    nothing = np.array([], int)
    plan = _plan(sides, kept, nothing, nothing, np.array([]))
    more = float(np.sign(over)) * sides.extra + _surplus(sides)
    price = np.full(len(sides.a), more)
    return Transport(sides.extra * abs(over) + sides.surcharge, plan, (price, -price), 0.0, True)


def _potentials(
    v: Floats, matrix: Floats, ground: Ground, sides: Sides, rows: Any, columns: Any
) -> tuple[Floats, Floats]:
    """Prices for every point, those without mass included."""
    n, m = len(rows), len(columns)
    u = row_prices(matrix, v)
    shift = -u[n] if sides.made > 0 else v[m] if sides.destroyed > 0 else 0.0
    # Nothing is worth more than what it costs to make or to destroy it.
    dearest_u = sides.extra if sides.destroyed > 0 else np.inf
    dearest_v = sides.extra if sides.made > 0 else np.inf
    u, v = np.minimum(u[:n] + shift, dearest_u), np.minimum(v[:m] - shift, dearest_v)
    more = _surplus(sides)
    if ground.stays:
        price = _spread(ground, sides, rows, columns, u, v)
        price = np.clip(price, -dearest_v, dearest_u) + more
        return price, -price
    full_u, full_v = np.full(len(sides.a), np.nan), np.full(len(sides.b), np.nan)
    full_u[rows], full_v[columns] = u, v
    empty = np.flatnonzero(np.isnan(full_v))
    full_v[empty] = _transform(lambda some: ground.block(rows, some).T, u, empty)
    empty, everything = np.flatnonzero(np.isnan(full_u)), np.arange(len(full_v))
    full_u[empty] = _transform(lambda some: ground.block(some, everything), full_v, empty)
    return np.minimum(full_u, dearest_u) + more, np.minimum(full_v, dearest_v) - more


def _surplus(sides: Sides) -> float:
    """By how much a's prices rise and b's fall where the difference of the totals pays."""
    over = float(sides.a.sum() - sides.b.sum())
    return sides.surcharge / over if sides.surcharge else 0.0


def _spread(ground: Ground, sides: Sides, rows: Any, columns: Any, u: Floats, v: Floats) -> Floats:
    """With a metric and one set of points, one function that is steeper nowhere than the metric."""
    price = np.full(len(sides.a), np.nan)
    price[columns], price[rows] = -v, u
    rest = np.flatnonzero(np.isnan(price))
    price[rest] = _transform(lambda some: ground.block(some, columns), v, rest)
    return price


def _transform(costs: Any, prices: Floats, points: Any) -> Floats:
    """min_j (c_ij - price_j) for some points i, a block of them at a time."""
    found = np.empty(len(points))
    step = max(1, _BLOCK // max(1, len(prices)))
    for start in range(0, len(points), step):
        some = points[start : start + step]
        found[start : start + step] = (costs(some) - prices).min(1)
    return found
