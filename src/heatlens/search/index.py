"""`ImageIndex`: a collection of pictures, heatmaps or signatures, searched exactly by W1."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidType
from heatlens.search.adding.add import Added, add
from heatlens.search.adding.describe import check_settings
from heatlens.search.hits import Hits, checked_radius
from heatlens.search.searcher import Searcher
from heatlens.search.signatures import Singles
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from heatlens.search.store.verify import Report
from heatlens.search.view import ordered
from heatlens.transport.threads import checked_threads, over_rows

if TYPE_CHECKING:
    from heatlens.search.neighbours import Classified, Graph

__all__ = ["ImageIndex", "Progress"]

Path = str | os.PathLike[str]
Progress = Callable[[int, int], object]
"""Called now and then with how many are done, and of how many."""


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
        searcher: what answers.

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
        self.store, self.searcher = store, Searcher(store)

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
        return self.searcher.unit

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
            tags: words to search within; rows that are there already get them too.
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

        return verified(self.store.place.uri, storage_options=self.store.place.options)

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
        asked = self.searcher.described(query)
        recall = None if exact else self.recall(k)
        return self.searcher.nearest(asked, k, where, threads=threads, recall=recall)

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
        recall, ask = None if exact else self.recall(k), self.searcher
        answers: list[Hits | None] = [None] * len(queries)

        def work(start: int, stop: int) -> None:
            for n in range(start, stop):
                asked = ask.described(queries[n])
                answers[n] = ask.nearest(asked, k, where, threads=1, recall=recall)

        _in_turns(work, len(queries), threads, progress)
        return [answer for answer in answers if answer is not None]

    def range(
        self, query: Any, radius: float, where: str | None = None, *, threads: int | None = None
    ) -> Hits:
        """All rows within `radius` of the query, in the unit of the index; exact.

        Raises:
            InvalidArgument: a radius below 0, and as `search`.
        """
        radius, threads = checked_radius(radius), checked_threads(threads)
        asked = self.searcher.described(query)
        return self.searcher.within(asked, radius, where, threads=threads)

    def classify(self, query: Any, k: int = 5, where: str | None = None) -> Classified:
        """The label of most of the k nearest rows with a label; a row's label is its first tag."""
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

        It is measured once for each version, k, number of queries and seed, and kept with the
        index. Other queries may fare otherwise, and so may a condition on rows. An index of a few
        thousand rows is always searched exactly: 1.

        Args:
            k: neighbours.
            queries: rows that are asked for, at most.
            seed: of their choice.
        """
        from heatlens.search.recall import recall

        k, queries = checked_whole(k, "k"), checked_whole(queries, "queries")
        return recall(self, k, queries, checked_seed(seed))

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
