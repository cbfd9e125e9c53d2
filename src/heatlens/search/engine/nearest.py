"""Exact nearest neighbours: look at all, look closer, solve, in the order of the bounds.

1. A few clusters near the query give candidates; the best of them are solved, and the k-th
   distance found is the first threshold.
2. All rows whose block-quantile bound is not above the threshold are candidates.
3. Their dual bounds drop nearly all of them.
4. The rest is solved in the order of the bounds, until the next bound is above the k-th distance:
   Seidl, Kriegel: Optimal multi-step k-nearest neighbor search, SIGMOD 1998.

Every step keeps all rows that may be among the nearest, so the answer is that of solving them all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, NotCertified
from heatlens.search.engine.exact import SPACE
from heatlens.search.engine.scan import far_from_centres, scan
from heatlens.search.engine.solve import solve
from heatlens.search.engine.tighten import tighten
from heatlens.search.engine.working_set import WorkingSet
from heatlens.search.signatures import Signatures, Singles
from heatlens.transport.exact.simplex import DONE
from heatlens.transport.threads import over_rows

__all__ = ["Found", "Question", "nearest", "nearly_nearest", "within"]

Alive = npt.NDArray[np.uint8]

TIES = 1 + 1e-9
"""Distances this close are ties: more than the proof of an exact value allows for."""

_SEEDS = 64
"""Rows in the first clusters, at least; and candidates that are looked at closer there."""

_LIKELY = 2.0
"""How many times the block-quantile bound of the k-th row its distance may be; for bandwidths."""

_STRETCH, _HALF = 1.2, 0.5
"""Of the approximate search: a dual bound times this is about the distance; clusters looked into."""

_CLUSTERS_AT_ONCE = 400
"""Clusters from which another thread pays."""

_WORTH = 40_000
"""Entries of cost matrices from which another thread pays."""


@dataclass(frozen=True, eq=False)
class Question:
    """A query as the search takes it.

    Attributes:
        weights: (m,) float32, canonical.
        points: (m, d) float32.
        embedded: (A Q,) float32.
    """

    weights: Singles
    points: Singles
    embedded: Singles

    @classmethod
    def of(cls, working: WorkingSet, weights: Singles, points: Singles) -> Question:
        """Embed a canonical signature.

        Raises:
            InvalidArgument: its points have another number of coordinates than the index.
        """
        d = working.ground.dimensions
        if points.shape[1] != d:
            raise InvalidArgument(
                f"the query's points have {points.shape[1]} coordinates, those of the index {d}"
            )
        weights, points = np.array(weights), np.array(points)  # numba: writable, as all queries
        one = Signatures.laid_out([(weights, points)])
        return cls(weights, points, working.ground.embedded(one, threads=1)[0])


@dataclass(frozen=True, eq=False)
class Found:
    """Rows of the working set, nearest first.

    Attributes:
        rows: (n,) int64.
        distances: (n,) float64.
        tied: whether a row that is not among them is as near as the last.
        bounds: rows whose bound was computed, from bytes or closer.
        solves: exact solutions.
    """

    rows: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]
    tied: bool
    bounds: int
    solves: int


def nearest(
    working: WorkingSet, question: Question, k: int, alive: Alive, threads: int = 1
) -> Found:
    """The k nearest rows, exactly; ties in the order of their ids.

    Args:
        working: what to search.
        question: the query.
        k: how many; fewer where there are fewer rows.
        alive: (N,) uint8, 0 for rows that do not count.
        threads: at most so many.

    Raises:
        NotCertified: a distance that could not be proved.
    """
    look = _Look(working, question, alive, threads)
    look.seed(k, k + min(k, 10), clusters=8)
    look.all(look.kth(k))
    look.solve_until(k)
    return look.found(k)


def nearly_nearest(
    working: WorkingSet, question: Question, k: int, alive: Alive, threads: int = 1
) -> Found:
    """Most of the k nearest rows: candidates are cut short; the distances given are exact.

    Which rows are missed may depend on the number of threads.
    """
    look = _Look(working, question, alive, threads)
    look.seed(k, 0, clusters=4, closer=4 * k)
    guess = float(look.bounds[k - 1]) * _STRETCH if len(look.bounds) >= k else np.inf
    look.all(guess, clusters=_HALF, most=28 * k)
    look.solve_until(k)
    found = look.found(k)
    # Too few: the rows that count lie in clusters farther away, or their bounds are above the guess.
    return found if len(found.rows) == k else nearest(working, question, k, alive, threads)


def within(
    working: WorkingSet, question: Question, radius: float, alive: Alive, threads: int = 1
) -> Found:
    """All rows within a distance, exactly."""
    look = _Look(working, question, alive, threads)
    look.all(radius)
    look.solve(len(look.rows))
    inside = look.distances <= radius
    look.solved, look.distances = look.solved[inside], look.distances[inside]
    return look.found(len(look.distances))


def _rows_of(first: Any, chosen: Any) -> int:
    return int((first[chosen + 1] - first[chosen]).sum())


class _Look:
    """The state of one search: candidates with bounds, and what is solved."""

    def __init__(self, working: WorkingSet, question: Question, alive: Alive, threads: int) -> None:
        self.working, self.question, self.alive, self.threads = working, question, alive, threads
        ground = working.ground
        reach = max(working.reach, float(np.abs(question.points).max()))
        self.reach, self.rounding = reach, ground.rounding(reach)
        self.far = far_from_centres(question.embedded, working.columns)
        self.order = np.argsort(self.far)
        self.rows, self.bounds = np.empty(0, np.int64), np.empty(0)
        self.solved, self.distances = np.empty(0, np.int64), np.empty(0)
        self.looked = 0
        size = len(question.weights) * len(working.signatures.weights) / max(1, len(working))
        self.least = max(1, round(_WORTH / size))

    def seed(self, k: int, solves: int, *, clusters: int, closer: int = 0) -> None:
        """Take candidates from the nearest clusters, and solve the best of them."""
        closer = closer or max(_SEEDS, 6 * k)
        first, count = self.working.clusters.first, clusters
        while count < len(self.order) and _rows_of(first, self.order[:count]) < 8 * k:
            count *= 2
        while True:
            self._scan(self.order[:count], np.inf)
            if len(self.rows) >= k or count >= len(self.order):
                break
            count *= 4  # rows that do not count
        self._best(closer)
        if len(self.rows) and self.working.ground.where == SPACE:
            rank = min(k, len(self.bounds)) - 1
            self._tighten(_LIKELY * float(np.partition(self.bounds, rank)[rank]), kernels=1)
        self._sort(np.inf)
        self.solve(solves)

    def all(self, threshold: float, *, clusters: float = 1.0, most: int | None = None) -> None:
        """Take all rows as candidates that may be within the threshold and are not solved.

        Args:
            threshold: a distance.
            clusters: share of them to look into, the nearest first.
            most: candidates to keep, by their bounds.
        """
        self._scan(self.order[: math.ceil(clusters * len(self.order))], threshold * TIES)
        if len(self.solved):
            self._keep(np.flatnonzero(~np.isin(self.rows, self.solved)))
        self._best(most)
        if self.working.ground.where == SPACE and len(self.rows):
            self._tighten(threshold * TIES)
        self._sort(threshold * TIES)

    def kth(self, k: int) -> float:
        """The k-th distance found; infinite if there are fewer."""
        if len(self.distances) < k:
            return np.inf
        return float(np.partition(self.distances, k - 1)[k - 1])

    def solve_until(self, k: int) -> None:
        """Solve candidates in order until no bound is below the k-th distance."""
        while len(self.rows):
            threshold = self.kth(k) * TIES
            left = int(np.searchsorted(self.bounds, threshold, side="right"))
            if left == 0:
                break
            missing = k - len(self.distances)
            self.solve(min(left, max(missing, k // 8, 4 * self.threads)))

    def solve(self, count: int) -> None:
        """Solve the first candidates exactly."""
        rows, self.rows = self.rows[:count], self.rows[count:]
        self.bounds = self.bounds[count:]
        count = len(rows)
        if count == 0:
            return
        values, states = np.empty(count), np.empty(count, np.int64)
        signatures, ground = self.working.signatures, self.working.ground

        def work(start: int, stop: int) -> None:
            solve(
                rows, values, states, start, stop, signatures.weights, signatures.starts,
                signatures.points, self.question.weights, self.question.points, ground.where,
                ground.period or 0.0,
            )  # fmt: skip

        over_rows(work, count, self.threads, least=max(1, self.least // 10))
        if (states != DONE).any():
            name = self.working.name(int(rows[int(np.argmax(states != DONE))]))
            raise NotCertified(
                f"the distance to {name!r} could not be certified: coordinates or masses span too "
                "many orders of magnitude for double precision"
            )
        self.solved = np.concatenate([self.solved, rows])
        self.distances = np.concatenate([self.distances, values])

    def found(self, k: int) -> Found:
        """The best k of what is solved."""
        order = np.argsort(self.distances, kind="stable")
        rows, distances = self.solved[order], self.distances[order]
        # Rows that are equally far come in the order of their ids, whatever that of the index.
        last = distances[min(k, len(distances)) - 1] if len(distances) else 0.0
        equal = np.flatnonzero((distances[1:] == distances[:-1]) & (distances[1:] <= last))
        for start in equal[np.diff(equal, prepend=-2) > 1]:
            group = slice(start, int(np.searchsorted(distances, distances[start], side="right")))
            rows[group] = sorted(rows[group], key=lambda row: self.working.name(int(row)))
        tied = 0 < k < len(rows) and bool(distances[k] <= distances[k - 1] * TIES)
        return Found(rows[:k], distances[:k], tied, self.looked, len(rows))

    def _scan(self, chosen: Any, threshold: float) -> None:
        working, found = self.working, {}

        def work(start: int, stop: int) -> None:
            found[start] = scan(
                self.question.embedded, self.far, chosen[start:stop], threshold, self.rounding,
                working.clusters, working.codes, working.slack, self.alive,
            )  # fmt: skip

        over_rows(work, len(chosen), self.threads, least=_CLUSTERS_AT_ONCE)
        parts = [found[start] for start in sorted(found)]
        self.rows = np.concatenate([rows for rows, _, _ in parts])
        self.bounds = np.concatenate([bounds for _, bounds, _ in parts])
        self.looked += sum(looked for _, _, looked in parts)

    def _tighten(self, threshold: float, kernels: int = 2) -> None:
        signatures, question = self.working.signatures, self.question

        def work(start: int, stop: int) -> None:
            tighten(
                self.rows, self.bounds, start, stop, threshold, signatures.weights,
                signatures.starts, signatures.points, question.weights, question.points,
                self.reach, kernels,
            )  # fmt: skip

        over_rows(work, len(self.rows), self.threads, least=self.least)

    def _sort(self, threshold: float) -> None:
        kept = np.flatnonzero(self.bounds <= threshold)
        self._keep(kept[np.argsort(self.bounds[kept], kind="stable")])

    def _best(self, most: int | None) -> None:
        if most is not None and len(self.bounds) > most:
            self._keep(np.argpartition(self.bounds, most)[:most])

    def _keep(self, chosen: npt.NDArray[np.int64]) -> None:
        self.rows, self.bounds = self.rows[chosen], self.bounds[chosen]
