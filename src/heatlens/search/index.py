"""`ImageIndex`: a collection of pictures, heatmaps or signatures, searched exactly by W1."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import KINDS
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.search.adding.add import Added, add
from heatlens.search.adding.describe import Described, check_settings, describe
from heatlens.search.engine.nearest import Found, Question, nearest, nearly_nearest, within
from heatlens.search.hits import Hits, checked_radius
from heatlens.search.signatures import Singles
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from heatlens.search.store.verify import Report
from heatlens.search.view import View, ordered, view
from heatlens.transport.compiling import first_call
from heatlens.transport.threads import checked_threads, over_rows

if TYPE_CHECKING:
    from heatlens.search.neighbours import Classified, Graph

__all__ = ["ImageIndex", "Progress"]

Path = str | os.PathLike[str]
Progress = Callable[[int, int], object]
"""Called now and then with how many are done, and of how many."""

Alive = npt.NDArray[np.uint8]

_CONDITIONS = 16
"""Whose rows are remembered, a byte a row."""


class ImageIndex:
    """A collection on disk, and its exact nearest neighbours.

    Rows are signatures in a Lance table: a folder, or object storage. Distances are W1 with the
    Euclidean ground distance (around the circle for "orientation"), between the stored signatures,
    in the unit of the kind. A search is exact: lower bounds leave out what cannot be among the
    nearest, the rest is solved, and `hits.certified` says so.

    An index reads the version that it opened, or made, or last refreshed to; others may write
    meanwhile. Searching may be done by several threads at once.

    Attributes:
        store: the table.

    Example:
        >>> import tempfile
        >>> index = ImageIndex.create(f"{tempfile.mkdtemp()}/colours.lance", k=4)
        >>> points = [[[0, 0, 0]], [[50, 10, 0]], [[90, 0, 0]]]
        >>> _ = index.add(([[1.0], [1.0], [1.0]], points, ["black", "rust", "white"]))
        >>> index.search(([1.0], [[50, 0, 0]]), k=2).ids
        ('rust', 'white')
    """

    def __init__(self, store: Store) -> None:
        """Call `ImageIndex.create` or `ImageIndex.open` instead."""
        self.store = store
        self._seen: tuple[int, View | None] = -1, None
        self._conditions: dict[tuple[str, int], Alive] = {}
        self._recalls: dict[tuple[int, int], float] = {}

    @classmethod
    def create(
        cls,
        path: Path,
        on: str = "signature",
        *,
        thumbnail: int = 128,
        exist_ok: bool = False,
        storage_options: dict[str, str] | None = None,
        **parameters: Any,
    ) -> ImageIndex:
        """Make a new, empty index.

        Args:
            path: a folder that is new or empty, or an address ("s3://bucket/photos").
            on: what pictures are compared by; see `heatlens.as_distribution`.
            thumbnail: pixels of the longer side of the thumbnails that are kept, 0 for none.
            exist_ok: open the index that is there, if it was made with the same settings.
            storage_options: of object storage, as LanceDB has them.
            **parameters: those of the kind (`k=`, `bins=`, `part=`, ...), and `resolution=`, to
                which pictures are reduced first (64 pixels of the longer side).

        Raises:
            UnknownName: no such kind.
            InvalidArgument: a parameter that the kind does not have, or a path that is taken.
        """
        settings = check_settings(Settings.of(on, thumbnail=thumbnail, **parameters))
        return cls(Store.create(path, settings, exist_ok=exist_ok, storage_options=storage_options))

    @classmethod
    def open(cls, path: Path, *, storage_options: dict[str, str] | None = None) -> ImageIndex:
        """Open an index at its newest version.

        Raises:
            MissingIndex: nothing is there.
            NotAnIndex: something else is, or an index of a later format.
            DamagedIndex: its table cannot be opened.
        """
        return cls(Store.open(path, storage_options=storage_options))

    # --- what it is

    @property
    def settings(self) -> Settings:
        """How its rows are made."""
        return self.store.settings

    @property
    def on(self) -> str:
        """The kind of distribution."""
        return self.settings.on

    @property
    def unit(self) -> str:
        """What a distance of 1 means."""
        return self.settings.unit or KINDS[self.on].unit

    @property
    def version(self) -> int:
        """Of the table that is read."""
        return self.store.version

    def __len__(self) -> int:
        """Rows."""
        return len(self.store)

    def __repr__(self) -> str:
        """Where, what, how many."""
        return f"ImageIndex({self.store.place.uri!r}, on={self.on!r}, {len(self):,} rows)"

    # --- writing

    def add(
        self,
        source: Any,
        *,
        ids: Sequence[str] | None = None,
        tags: Sequence[str] = (),
        progress: Progress | None = None,
        threads: int | None = None,
    ) -> Added:
        """Add pictures, heatmaps or ready signatures; see `heatlens.search.adding.add`.

        Args:
            source: a folder, a glob, a path or a list of them; an `Image`, a `Heatmap` or a list of
                them; ready signatures: (weights (N, K), points (N, K, d), ids).
            ids: of a list's entries; by default absolute paths, or names.
            tags: words to search within.
            progress: called with the number of sources done and of all.
            threads: that read and describe; None: one for each core.
        """
        return add(self.store, source, ids, tags, progress, threads=threads)

    def remove(self, ids: Sequence[str] | None = None, where: str | None = None) -> int:
        """Remove rows by id or by a condition in SQL; returns how many."""
        return self.store.remove(ids, where)

    def refresh(self) -> int:
        """Go to the newest version, and return its number."""
        return self.store.refresh()

    def compact(self, keep: float = 3600.0) -> None:
        """Join small files, drop versions older than `keep` seconds, and order the working set."""
        self.store.compact(keep)
        ordered(self.store)

    def verify(self) -> Report:
        """Compare every byte with what was written; see `Report`."""
        from heatlens.search.verifying import verified

        return verified(self.store)

    # --- searching

    def search(
        self,
        query: Any,
        k: int = 10,
        where: str | None = None,
        exact: bool = True,
        *,
        threads: int | None = None,
    ) -> Hits:
        """The k nearest rows.

        Args:
            query: a path, an `Image`, a `Heatmap`, a `Distribution` of the index's kind, or
                (weights (m,), points (m, d)). Pictures are reduced and described as the index's
                rows were.
            k: how many; fewer where there are fewer rows.
            where: a condition in SQL on the rows, such as "array_has(tags, 'holiday')".
            exact: False cuts candidates short; the recall of that is measured on this index,
                once, and reported.
            threads: at most so many.

        Raises:
            InvalidArgument: a query or a condition that cannot be used.
            NotCertified: a distance that could not be proved.
        """
        k, threads = checked_whole(k, "k"), checked_threads(threads)
        asked = self._described(query)
        recall = None if exact else self.recall(k)
        return self._answer(asked, k, where, exact, threads, recall)

    def search_batch(
        self,
        queries: Sequence[Any],
        k: int = 10,
        where: str | None = None,
        exact: bool = True,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> list[Hits]:
        """Search for many, one query a thread; the arguments are those of `search`."""
        k, threads = checked_whole(k, "k"), checked_threads(threads)
        if isinstance(queries, str | os.PathLike) or not hasattr(queries, "__len__"):
            raise InvalidType(f"queries is {queries!r}; give a list, or call search for one")
        recall = None if exact else self.recall(k)
        answers: list[Hits | None] = [None] * len(queries)
        self._condition(where)

        def work(start: int, stop: int) -> None:
            for n in range(start, stop):
                answers[n] = self._answer(self._described(queries[n]), k, where, exact, 1, recall)

        _in_turns(work, len(queries), threads, progress)
        return [answer for answer in answers if answer is not None]

    def range(
        self, query: Any, radius: float, where: str | None = None, *, threads: int | None = None
    ) -> Hits:
        """All rows within `radius` of the query, in the unit of the index; exact.

        Raises:
            InvalidArgument: a radius below 0, and as `search`.
        """
        radius = checked_radius(radius)
        asked, threads = self._described(query), checked_threads(threads)
        seen, started = self._current(), time.perf_counter()
        if seen is None:
            return self._hits(asked, None, None, started, where, radius=radius)
        question = Question.of(seen.working, asked.weights, asked.points)
        alive = self._alive(seen, where)
        with first_call("the search"):
            found = within(seen.working, question, radius, alive, threads)
        return self._hits(asked, seen, found, started, where, radius=radius)

    def classify(self, query: Any, k: int = 5, where: str | None = None) -> Classified:
        """The label of most of the k nearest rows; a row's label is its first tag."""
        from heatlens.search.neighbours import classified

        return classified(self, query, k, where)

    def leave_one_out(self, k: int = 5, progress: Progress | None = None) -> float:
        """Share of the labelled rows whose k nearest others name their label."""
        from heatlens.search.neighbours import leave_one_out

        return leave_one_out(self, k, progress)

    def knn_graph(self, k: int = 10, progress: Progress | None = None) -> Graph:
        """The k nearest others of every row, exactly."""
        from heatlens.search.neighbours import knn_graph

        return knn_graph(self, k, progress)

    def duplicates(
        self, radius: float = 0.0, progress: Progress | None = None
    ) -> list[tuple[str, str, float]]:
        """All pairs of rows within `radius` of each other: (id, id, distance), nearest first."""
        from heatlens.search.neighbours import duplicates

        return duplicates(self, radius, progress)

    def recall(self, k: int = 10, queries: int = 50, seed: int = 0) -> float:
        """Share of the k nearest that an approximate search finds, on rows of this index.

        It is measured once for a version and k; other rows than those of the index may fare
        otherwise.
        """
        key = (self.version, k)
        if key not in self._recalls:
            from heatlens.search.neighbours import measured_recall

            self._recalls[key] = measured_recall(self, k, queries, seed)
        return self._recalls[key]

    # --- what was found

    def rows(self, wanted: Hits | Sequence[str], columns: Sequence[str] | None = None) -> Any:
        """Rows of hits, or by id, as an Arrow table in that order (path, tags, thumbnail, ...)."""
        return self.store.rows(wanted.row_keys if isinstance(wanted, Hits) else wanted, columns)

    def signature(self, name: str) -> tuple[Singles, Singles]:
        """Weights (n,) and points (n, d) of a row, by its id."""
        table = self.store.rows([name], ["weights", "points", "dimensions"])
        parts = (table[part][0].as_py() for part in ("weights", "points"))
        weights, points = (np.array(part, np.float32) for part in parts)
        return weights, points.reshape(len(weights), -1)

    # --- inside

    def view(self) -> View | None:
        """The working set for the version that is read, made if it has to be."""
        return self._current()

    def _current(self) -> View | None:
        version, seen = self._seen
        if version == self.store.version:
            return seen
        with (
            self.store.staying,
            first_call("the search's index"),
        ):  # one thread makes it, others wait
            version = self.store.version
            if self._seen[0] != version:
                self._seen = version, view(self.store)
                self._conditions.clear()
            return self._seen[1]

    def _condition(self, where: str | None) -> None:
        seen = self._current()
        if where is not None and seen is not None:
            self._alive(seen, where)

    def _alive(self, seen: View, where: str | None) -> Alive:
        if where is None:
            return seen.alive
        key = (where, seen.version)
        found = self._conditions.get(key)
        if found is None:
            matching = np.isin(seen.working.keys, self.store.matching(where))
            found = seen.alive * matching.astype(np.uint8)
            for old in list(self._conditions)[: 1 - _CONDITIONS]:
                self._conditions.pop(old, None)
            self._conditions[key] = found
        return found

    def _described(self, query: Any) -> Described:
        if isinstance(query, Described):
            return query
        if isinstance(query, Distribution):
            if query.kind != self.on:
                raise InvalidArgument(
                    f"the query is a distribution of the kind {query.kind!r}, the index is on "
                    f"{self.on!r}"
                )
            query = (query.weights, query.points)
        return describe(query, self.settings, thumbnail=False)

    def _answer(
        self,
        asked: Described,
        k: int,
        where: str | None,
        exact: bool,
        threads: int,
        recall: float | None,
    ) -> Hits:
        seen, started = self._current(), time.perf_counter()
        if seen is None:
            return self._hits(asked, None, None, started, where)
        question = Question.of(seen.working, asked.weights, asked.points)
        alive = self._alive(seen, where)
        with first_call("the search"):
            if exact:
                found = nearest(seen.working, question, k, alive, threads)
            else:
                found = nearly_nearest(seen.working, question, k, alive, threads)
        return self._hits(asked, seen, found, started, where, exact=exact, recall=recall)

    def _hits(
        self,
        asked: Described,
        seen: View | None,
        found: Found | None,
        started: float,
        where: str | None,
        *,
        exact: bool = True,
        recall: float | None = None,
        radius: float | None = None,
    ) -> Hits:
        told: dict[str, Any] = {
            "unit": self.unit, "weights": asked.weights, "points": asked.points,
            "name": asked.name, "where": where, "radius": radius, "recall": recall,
            "version": self.version if seen is None else seen.version,
        }  # fmt: skip
        if found is None or seen is None:
            return Hits((), np.empty(0), certified=True, **told)
        return Hits(
            tuple(seen.working.name(int(row)) for row in found.rows),
            found.distances,
            certified=exact,
            tied=found.tied,
            bounds=found.bounds,
            solves=found.solves,
            seconds=time.perf_counter() - started,
            images=seen.count,
            row_keys=np.array(seen.working.keys[found.rows]),
            **told,
        )


def _in_turns(
    work: Callable[[int, int], None], count: int, threads: int, progress: Progress | None
) -> None:
    """Share the rows among threads; with a listener, some hundred at a time."""
    step = count if progress is None else 200 * threads
    for start in range(0, count, max(1, step)):
        stop = min(start + step, count)
        over_rows(lambda a, b, s=start: work(s + a, s + b), stop - start, threads)  # type: ignore[misc]
        if progress is not None:
            progress(stop, count)
