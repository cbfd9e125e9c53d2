"""One index's version as it is asked: the working set, the conditions on rows, and the answers."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np

from heatlens.distributions.constructor import KINDS
from heatlens.distributions.distribution import Distribution
from heatlens.errors import InvalidArgument
from heatlens.search.adding.describe import Described, describe
from heatlens.search.engine.nearest import (
    Alive,
    Found,
    Question,
    nearest,
    nearly_nearest,
    within,
)
from heatlens.search.hits import Hits
from heatlens.search.store.store import Store
from heatlens.search.view import View, view
from heatlens.transport.compiling import first_call

__all__ = ["FEW", "Searcher"]

FEW = 4096
"""Rows of an index that is always searched exactly: cutting candidates short would win nothing."""

_CONDITIONS = 16
"""Whose rows are remembered, a byte a row."""


class Searcher:
    """Answers at the version that the store reads; several threads may ask at once.

    Args:
        store: the table.
    """

    def __init__(self, store: Store) -> None:
        """Nothing is read before the first question."""
        self.store = store
        self._seen: tuple[int, View | None] = -1, None
        self._conditions: dict[tuple[str, int], tuple[Alive, int]] = {}

    @property
    def unit(self) -> str:
        """What a distance of 1 means."""
        return self.store.settings.unit or KINDS[self.store.settings.on].unit

    def view(self) -> View | None:
        """The working set for the version that is read, made if it has to be; None if empty."""
        version, seen = self._seen
        if version == self.store.version:
            return seen
        with self.store.staying:  # one thread makes it, others wait
            version = self.store.version
            if self._seen[0] != version:
                with first_call("the search"):
                    seen = view(self.store)
                    _compiled(seen)
                self._seen = version, seen
                self._conditions.clear()
            return self._seen[1]

    def described(self, query: Any) -> Described:
        """A query as the rows of the index are described.

        Raises:
            InvalidArgument: it cannot be read, or is a distribution of another kind.
        """
        if isinstance(query, Described):
            return query
        if isinstance(query, Distribution):
            if query.kind != self.store.settings.on:
                raise InvalidArgument(
                    f"the query is a distribution of the kind {query.kind!r}, the index is on "
                    f"{self.store.settings.on!r}"
                )
            query = (query.weights, query.points)
        return describe(query, self.store.settings, thumbnail=False)

    def nearest(
        self,
        query: Described,
        k: int,
        where: str | None,
        *,
        threads: int,
        recall: float | None = None,
    ) -> Hits:
        """The k nearest; exactly, unless the `recall` of an approximate search is given."""
        seen, alive, count = self._asked(where)
        started = time.perf_counter()
        if seen is None:
            return self.hits(query, None, None, started, where)
        question = Question.of(seen.working, query.weights, query.points)
        if recall is None or seen.count <= FEW:
            found = nearest(seen.working, question, k, alive, threads)
            return self.hits(query, seen, found, started, where, images=count)
        found = nearly_nearest(seen.working, question, k, alive, threads)
        return self.hits(query, seen, found, started, where, images=count, recall=recall)

    def within(self, query: Described, radius: float, where: str | None, *, threads: int) -> Hits:
        """All within the radius."""
        seen, alive, count = self._asked(where)
        started = time.perf_counter()
        if seen is None:
            return self.hits(query, None, None, started, where, radius=radius)
        question = Question.of(seen.working, query.weights, query.points)
        found = within(seen.working, question, radius, alive, threads)
        return self.hits(query, seen, found, started, where, images=count, radius=radius)

    def hits(
        self,
        query: Described,
        seen: View | None,
        found: Found | None,
        started: float,
        where: str | None,
        *,
        images: int = 0,
        recall: float | None = None,
        radius: float | None = None,
    ) -> Hits:
        """What was found, with names and all that has to be said of it."""
        told: dict[str, Any] = {
            "unit": self.unit, "weights": query.weights, "points": query.points,
            "name": query.name, "where": where, "radius": radius, "recall": recall,
            "version": self.store.version if seen is None else seen.version,
        }  # fmt: skip
        if found is None or seen is None:
            return Hits((), np.empty(0), certified=True, **told)
        return Hits(
            tuple(seen.working.name(int(row)) for row in found.rows),
            found.distances,
            certified=recall is None,
            tied=found.tied,
            bounds=found.bounds,
            solves=found.solves,
            seconds=time.perf_counter() - started,
            images=images,
            row_keys=np.array(seen.working.keys[found.rows]),
            **told,
        )

    def _asked(self, where: str | None) -> tuple[View | None, Alive, int]:
        """The working set, which of its rows count, and how many; all of one version."""
        if where is None:
            seen = self.view()
            return (
                (None, np.empty(0, np.uint8), 0) if seen is None else (seen, seen.alive, seen.count)
            )
        with self.store.staying:
            seen = self.view()
            if seen is None:
                return None, np.empty(0, np.uint8), 0
            key = (where, seen.version)
            if key not in self._conditions:
                matching = np.isin(seen.working.keys, self.store.matching(where))
                alive = seen.alive * matching.astype(np.uint8)
                for old in list(self._conditions)[: 1 - _CONDITIONS]:
                    self._conditions.pop(old, None)
                self._conditions[key] = alive, int(alive.sum())
            return seen, *self._conditions[key]


def _compiled(seen: View | None) -> None:
    """Search once, so that no question waits for compiled code and none counts it as its own."""
    if seen is None or not len(seen.working):
        return
    with suppress(ArithmeticError):  # a row that cannot be certified is for those who find it
        question = Question.of(seen.working, *seen.working.signatures[0])
        nearest(seen.working, question, 1, seen.alive)
