"""The last step of a search in another engine: exact distances of what it has found.

Multi-step search (Seidl, Kriegel: Optimal multi-step k-nearest neighbor search, SIGMOD 1998), with
the block quantiles between the engine's L1 and the exact solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.search.bounds.quantile import embedding, quantile_bound
from heatlens.search.export.rule import SOLVED, reaches
from heatlens.search.signatures import Signatures, Singles, canonical

__all__ = ["Candidate", "Neighbours", "Query", "nearest", "within"]

_AT_ONCE = 256
_SOLVED_AT_ONCE = 32
_ROUNDED = 2.0**-20


@dataclass(frozen=True, eq=False)
class Candidate:
    """A signature that an engine has found: its name, weights (n,) and points (n, d), as stored."""

    id: str
    weights: Any
    points: Any


@dataclass(frozen=True, eq=False)
class Neighbours:
    """What is nearest, nearest first.

    Attributes:
        ids: names; of equal distances in order of the names.
        distances: exact W1 to the query (k,).
        certified: whether nothing in the engine can be nearer than the last of these.
        tied: whether others lie as far away as the last one.
        fetched: candidates that the engine sent.
        solves: exact distances among them; the rest was ruled out by the block quantiles.
    """

    ids: tuple[str, ...]
    distances: npt.NDArray[np.float64]
    certified: bool
    tied: bool
    fetched: int
    solves: int

    def __len__(self) -> int:
        """Number of neighbours."""
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Query:
    """A signature that is searched for, as engines and solver take it."""

    weights: Singles
    points: Singles
    embedded: Singles
    reach: float

    @classmethod
    def of(cls, signature: tuple[Any, Any]) -> Query:
        """From weights (n,) and points (n, d), made canonical as stored signatures are."""
        weights, points = canonical(*signature)
        alone = Signatures.laid_out([(weights, points)])
        return cls(weights, points, embedding(alone)[0], float(reaches(alone)[0]))

    @property
    def dimensions(self) -> int:
        """Coordinates of a point."""
        return self.points.shape[1]


def nearest(
    query: Query, candidates: Iterable[Candidate], k: int, cut: float = np.inf
) -> Neighbours:
    """The k nearest of the candidates, exactly.

    Args:
        query: what is searched for.
        candidates: in any order; best with the nearest first. Read a few hundred at a time.
        k: how many.
        cut: nothing within this distance is missing among the candidates.

    Returns:
        Certified if the k-th is within `cut`, or there is no cut.

    Example:
        >>> query = Query.of(([1.0], [[0.0]]))
        >>> there = [Candidate(f"{x}", [1.0], [[x]]) for x in (5, 2, 9, 2)]
        >>> found = nearest(query, there, 2)
        >>> found.ids, found.distances.tolist(), found.certified, found.tied
        (('2', '2'), [2.0, 2.0], True, False)
        >>> nearest(query, there, 1).tied
        True
    """
    if k < 1:
        raise InvalidArgument(f"k is {k}; at least one neighbour is searched for")
    solved = _Solved(query, k, np.inf)
    solved.take(candidates)
    return solved.told(cut)


def within(query: Query, candidates: Iterable[Candidate], radius: float) -> Neighbours:
    """All candidates within `radius`, nearest first; certified if the engine left none out.

    Example:
        >>> there = [Candidate(f"{x}", [1.0], [[x]]) for x in (5, 2, 9)]
        >>> within(Query.of(([1.0], [[0.0]])), there, 5.0).ids
        ('2', '5')
    """
    if not radius >= 0:
        raise InvalidArgument(f"the radius is {radius}; it is a distance, 0 or more")
    solved = _Solved(query, None, float(radius))
    solved.take(candidates)
    return solved.told(np.inf)


def _stored(one: Candidate) -> tuple[Singles, Singles]:
    """What the engine keeps is canonical already: made so again, weights could round once more."""
    weights, points = (np.asarray(part, np.float32) for part in (one.weights, one.points))
    if points.ndim != 2 or weights.shape != points.shape[:1] or not len(weights):
        raise InvalidArgument(
            f"{one.id!r} came with weights {weights.shape} and points {points.shape}; expected "
            "(n,) and (n, d): was the row written by `heatlens.search.export`?"
        )
    return weights, points


class _Solved:
    """The distances so far; what cannot be among the nearest is not solved."""

    def __init__(self, query: Query, k: int | None, radius: float) -> None:
        self.query, self.k, self.radius = query, k, radius
        self.near: list[tuple[float, str]] = []
        self.fetched = self.solves = 0

    @property
    def limit(self) -> float:
        """What is farther is not among the nearest."""
        if self.k is None or len(self.near) < self.k:
            return self.radius
        return self.near[self.k - 1][0]

    def take(self, candidates: Iterable[Candidate]) -> None:
        waiting = iter(candidates)
        while batch := list(islice(waiting, _AT_ONCE)):
            self._take(batch)

    def _take(self, batch: Sequence[Candidate]) -> None:
        self.fetched += len(batch)
        signatures = Signatures.laid_out([_stored(one) for one in batch])
        if signatures.dimensions != self.query.dimensions:
            raise InvalidArgument(
                f"the query's points have {self.query.dimensions} coordinates, those in the engine "
                f"{signatures.dimensions}"
            )
        bounds = quantile_bound(embedding(signatures), self.query.embedded)
        bounds -= _ROUNDED * (reaches(signatures) + self.query.reach)
        order = np.argsort(bounds, kind="stable")
        for start in range(0, len(order), _SOLVED_AT_ONCE):
            some = order[start : start + _SOLVED_AT_ONCE]
            some = some[bounds[some] <= self.limit * (1 + SOLVED)]
            if not len(some):
                return
            self._solve([batch[i].id for i in some], [signatures[int(i)] for i in some])

    def _solve(self, ids: Sequence[str], signatures: Sequence[tuple[Singles, Singles]]) -> None:
        from heatlens.transport import emd_matrix

        weights, points = (list(side) for side in zip(*signatures, strict=True))
        [distances] = emd_matrix(
            [self.query.weights], weights, x=[self.query.points], y=points, mass="normalise"
        )
        self.solves += len(ids)
        self.near = sorted([*self.near, *zip(distances.tolist(), ids, strict=True)])
        limit = self.limit if self.k is None else self.limit * (1 + SOLVED)
        self.near = [one for one in self.near if one[0] <= limit]

    def told(self, cut: float) -> Neighbours:
        told = self.near if self.k is None else self.near[: self.k]
        whole = self.k is not None and len(told) == self.k
        complete = cut == np.inf or (whole and told[-1][0] <= cut * (1 + SOLVED / 2))
        return Neighbours(
            tuple(name for _, name in told),
            np.array([distance for distance, _ in told], np.float64),
            complete,
            len(self.near) > len(told),
            self.fetched,
            self.solves,
        )
