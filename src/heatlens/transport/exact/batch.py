"""The Earth Mover's Distance of many pairs in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, NotCertified
from heatlens.transport.compiling import first_call
from heatlens.transport.exact.collection import Collection, collect
from heatlens.transport.exact.pairs import solve_pairs
from heatlens.transport.exact.problem import checked_penalty, require_plain_cost
from heatlens.transport.exact.simplex import DONE
from heatlens.transport.ground import (
    box,
    checked_cost,
    checked_metric,
    ground_cost,
    is_metric,
    require_range,
)
from heatlens.transport.mass import Floats, checked_policy
from heatlens.transport.threads import checked_threads, over_rows

__all__ = ["Progress", "emd_batch", "emd_matrix"]

Indices = npt.NDArray[np.int64]
Progress = Callable[[int, int], object]
"""Called now and then with the number of pairs done and of all pairs."""

_COSTS_AT_ONCE = 20_000_000
"""Entries of cost matrices between two calls of `progress`, when Ctrl-C is seen as well."""

_PAIRS_AT_ONCE = 300_000
"""Pairs of a matrix whose numbers are laid out at once."""


def emd_batch(
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
    threads: int | None = None,
    progress: Progress | None = None,
) -> Floats:
    """The values of N pairs: a[k] against b[k]; see `emd` for the problem of each.

    Args:
        a: masses (N, n), or a list of N arrays of any lengths.
        b: masses (N, m), or a list of N arrays.
        cost: one cost matrix (n, m) for all pairs.
        x: instead of `cost`: points (N, n, d), or (n, d) for all, or a list of N arrays.
        y: points of b likewise; those of `x` if not given.
        metric: as in `emd`.
        p: as in `emd`.
        mass: as in `emd`.
        penalty: as in `emd`.
        threshold: as in `emd`.
        threads: cores to use; all by default. The values do not depend on it.
        progress: called with the number of pairs done and of all.

    Returns:
        (N,) float64, each certified as `emd`'s.

    Raises:
        InvalidArgument: as in `emd`; the message says which distribution and which entry.
        NotCertified: a pair whose gap cannot be closed; the message says which.

    Example:
        >>> emd_batch([[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]], x=[0.0, 3.0]).tolist()
        [3.0, 0.0]
        >>> emd_batch(
        ...     [[1.0], [0.5, 0.5]], [[1.0], [1.0]], x=[[0], [0, 2]], y=[[[5]], [[1]]]
        ... ).tolist()
        [5.0, 1.0]
    """
    checked_metric(metric, p, threshold)
    if cost is not None:
        require_plain_cost(x, y, metric, p)
    if y is None:
        y = x
    first, second, costs = _collections(a, b, cost, x, y)
    if len(first) != len(second):
        raise InvalidArgument(
            f"a has {len(first)} distributions and b has {len(second)}; emd_matrix compares all "
            "with all"
        )
    pairs = np.arange(len(first))
    work = _Work(first, second, costs, _same_places(first, second, x, y), metric, p, threshold)
    return work.solve(pairs, pairs, work.terms(mass, penalty, threads), progress)


def emd_matrix(
    a: Any,
    b: Any = None,
    cost: Any = None,
    *,
    x: Any = None,
    y: Any = None,
    metric: str = "euclidean",
    p: float = 1,
    mass: str = "equal",
    penalty: float | None = None,
    threshold: float | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Floats:
    """The values of all pairs, (N, M): a[i] against b[j]; the arguments are those of `emd_batch`.

    Without `b`, all pairs among a's: (N, N), symmetric with zeros on the diagonal, each pair
    solved once (a given `cost` is solved both ways, as it need not be symmetric).

    Example:
        >>> emd_matrix([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], x=[0.0, 4.0]).tolist()
        [[0.0, 4.0, 2.0], [4.0, 0.0, 2.0], [2.0, 2.0, 0.0]]
    """
    among = b is None
    if among and y is not None:
        raise InvalidArgument("y are the points of b, and there is no b")
    checked_metric(metric, p, threshold)
    if cost is not None:
        require_plain_cost(x, y, metric, p)
    if y is None:
        y = x
    first, second, costs = _collections(a, a if among else b, cost, x, y)
    if y is x and not among and x is not None and not first.shared:
        raise InvalidArgument(
            "each distribution of a has points of its own: those of b have to be passed as y"
        )
    stays = first.shared and _same_places(first, second, x, y)
    work = _Work(first, second, costs, stays, metric, p, threshold)
    n, m = len(first), len(second)
    terms = work.terms(mass, penalty, threads)
    matrix = np.zeros((n, m))
    once = among and cost is None
    total = n * (n - 1) // 2 if once else n * m
    done = 0
    for start, stop in _blocks(n, m):
        rows, columns = (index.ravel() for index in np.indices((stop - start, m)))
        rows += start
        if once:
            rows, columns = rows[columns > rows], columns[columns > rows]
        matrix[rows, columns] = work.solve(rows, columns, terms, None)
        if once:
            matrix[columns, rows] = matrix[rows, columns]
        done += len(rows)
        if progress is not None:
            progress(done, total)
    return matrix


def _blocks(n: int, m: int) -> Iterator[tuple[int, int]]:
    """Rows of the matrix, some hundred thousand pairs at a time."""
    step = max(1, _PAIRS_AT_ONCE // m)
    for start in range(0, n, step):
        yield start, min(start + step, n)


def _collections(
    a: Any, b: Any, cost: Any, x: Any, y: Any
) -> tuple[Collection, Collection, Floats]:
    """Both sides laid out, and the shared costs (empty if there are points)."""
    if cost is None and x is None:
        raise InvalidArgument(
            "there is no ground cost: pass the matrix `cost`, or the points `x` (and `y`)"
        )
    first = collect(a, x, ("a", "x"))
    second = first if b is a and y is x else collect(b, y, ("b", "y"))
    if cost is None:
        if first.points.shape[1] != second.points.shape[1]:
            raise InvalidArgument(
                f"x has {first.points.shape[1]} coordinates a point, y has {second.points.shape[1]}"
            )
        return first, second, np.empty((0, 0))
    costs = _own_cost(checked_cost(cost))
    for side, name, length in ((first, "a", costs.shape[0]), (second, "b", costs.shape[1])):
        if (side.sizes != length).any():
            k = int(np.argmax(side.sizes != length))
            raise InvalidArgument(
                f"cost has shape {costs.shape} and {name}[{k}] has {side.sizes[k]} masses"
            )
    return first, second, costs


def _same_places(first: Collection, second: Collection, x: Any, y: Any) -> bool:
    """Whether entry i of both sides lies at the same point, for each pair k with k."""
    if x is None:
        return False
    return y is x or (
        np.array_equal(first.points, second.points)
        and np.array_equal(first.points_at, second.points_at)
        and np.array_equal(first.sizes, second.sizes)
    )


def _own_cost(cost: Floats) -> Floats:
    return cost if cost.flags.writeable else cost.copy()


@dataclass(frozen=True)
class _Terms:
    """How mass is dealt with, and on how many cores."""

    mass: str
    extra: float
    surcharge: float
    threads: int


@dataclass(frozen=True)
class _Work:
    """All that the pairs have in common."""

    first: Collection
    second: Collection
    cost: Floats
    same_places: bool
    metric: str
    p: float
    threshold: float | None

    def terms(self, mass: str, penalty: float | None, threads: int | None) -> _Terms:
        """The policy, checked, and in the numbers that the compiled loop takes."""
        extra = checked_penalty(checked_policy(mass), penalty)
        cores = checked_threads(threads)
        if not self.cost.size:
            metric = checked_metric(self.metric, self.p, self.threshold)
            require_range(self.first.points, self.second.points, metric, self.p)
        if mass == "unbalanced" and 2 * extra >= self.dearest():
            return _Terms("partial", 0.0, extra, cores)  # see `Sides.relaxed`
        return _Terms(mass, extra, 0.0, cores)

    def dearest(self) -> float:
        """No cost is above it."""
        if self.cost.size:
            return float(self.cost.max())
        low, high = box(self.first.points, self.second.points)
        cost = ground_cost(low[None], high[None], self.metric, self.p, self.threshold)
        return float(cost[0, 0])

    def solve(
        self, rows: Indices, columns: Indices, terms: _Terms, progress: Progress | None
    ) -> Floats:
        """The values of the pairs (rows[k], columns[k])."""
        metric = checked_metric(self.metric, self.p, self.threshold)
        limit = np.inf if self.threshold is None else float(self.threshold)
        first, second = self.first, self.second
        if terms.mass == "normalise":
            first, second = first.normalised(), second.normalised()
        elif terms.mass == "equal":
            _require_equal(first, second, rows, columns)
        cost = np.minimum(self.cost, limit)
        stays = self.same_places and is_metric(self.p)
        policy = {"partial": 1, "unbalanced": 2}.get(terms.mass, 0)
        values, state = np.empty(len(rows)), np.empty(len(rows), np.int64)

        def work(offset: int, start: int, stop: int) -> None:
            solve_pairs(
                offset + start, offset + stop, rows, columns,
                first.masses, first.starts, first.points, first.points_at,
                second.masses, second.starts, second.points, second.points_at,
                cost, metric.code, float(self.p), limit, stays, policy,
                terms.extra, terms.surcharge, values, state,
            )  # fmt: skip

        largest = int(first.sizes.max() * second.sizes.max())
        step = max(4 * terms.threads, _COSTS_AT_ONCE // largest)
        for start in range(0, len(rows), step):
            stop = min(start + step, len(rows))
            with first_call("the exact solver for many pairs"):
                over_rows(partial(work, start), stop - start, terms.threads)
            loose = np.flatnonzero(state[start:stop] != DONE)
            if len(loose):
                k = start + int(loose[0])
                raise NotCertified(
                    f"a[{rows[k]}] and b[{columns[k]}]: the value could not be certified; costs or "
                    "masses span too many orders of magnitude for double precision"
                )
            if progress is not None:
                progress(stop, len(rows))
        return values


def _require_equal(first: Collection, second: Collection, rows: Indices, columns: Indices) -> None:
    totals, others = first.totals()[rows], second.totals()[columns]
    rounding = max(first.rounding, second.rounding)
    apart = np.abs(totals - others) > rounding * np.maximum(totals, others)
    if apart.any():
        k, name = int(np.argmax(apart)), "a" if second is first else "b"
        raise InvalidArgument(
            f"the totals differ: a[{rows[k]}] has {totals[k]:.9g}, {name}[{columns[k]}] has "
            f"{others[k]:.9g}; pass mass='normalise' to compare shapes, 'partial' to move the "
            "smaller one, or 'unbalanced' with a penalty"
        )
