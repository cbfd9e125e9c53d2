"""What neighbours are good for: labels, graphs, duplicates, and how good a short cut is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument
from heatlens.search.engine.nearest import Found, Question, nearest, within
from heatlens.search.hits import Hits, checked_radius
from heatlens.transport.threads import checked_threads, over_rows

if TYPE_CHECKING:
    from heatlens.search.index import ImageIndex, Progress
    from heatlens.search.view import View

__all__ = [
    "Classified",
    "Graph",
    "classified",
    "duplicates",
    "knn_graph",
    "leave_one_out",
]

_AT_ONCE = 200
"""Rows that a thread looks up between two calls of `progress`."""


@dataclass(frozen=True)
class Classified:
    """What neighbours say of a query.

    Attributes:
        label: of most of them; of labels with equally many, that whose rows are nearer in sum.
        votes: neighbours by label, most first.
        hits: the neighbours.
    """

    label: str
    votes: Mapping[str, int]
    hits: Hits


@dataclass(frozen=True, eq=False)
class Graph:
    """The k nearest others of every row.

    Attributes:
        ids: of the rows, N of them.
        neighbours: (N, k) int64, places in `ids`, nearest first; -1 where there are fewer others.
        distances: (N, k) float64, infinite where there are fewer.
    """

    ids: tuple[str, ...]
    neighbours: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]


def classified(index: ImageIndex, query: Any, k: int, where: str | None) -> Classified:
    """See `ImageIndex.classify`.

    Raises:
        InvalidArgument: no row has a label.
    """
    labelled = "array_length(tags) > 0"
    hits = index.search(query, k, labelled if where is None else f"({where}) AND {labelled}")
    labels = [tags[0] for tags in index.rows(hits, ["tags"])["tags"].to_pylist()]
    votes = _votes(labels, hits.distances)
    if not votes:
        raise InvalidArgument(
            "no row that was asked for has a tag; a row's label is its first tag: add(..., tags=)"
        )
    return Classified(next(iter(votes)), votes, hits)


def leave_one_out(index: ImageIndex, k: int, progress: Progress | None) -> float:
    """See `ImageIndex.leave_one_out`.

    Raises:
        InvalidArgument: fewer than two rows have a label.
    """
    labels: dict[int, str] = {}
    for batch in index.store.read(columns=["key", "tags"]):
        for key, tags in zip(batch["key"].to_pylist(), batch["tags"].to_pylist(), strict=True):
            if tags:
                labels[key] = tags[0]
    seen = index.searcher.view()
    if seen is None or len(labels) < 2:
        raise InvalidArgument("fewer than two rows have a tag; a row's label is its first tag")
    keys = seen.working.keys
    labelled = np.isin(keys, np.fromiter(labels, np.uint64, len(labels)))
    rows = np.flatnonzero(seen.alive & labelled)
    right = np.zeros(len(rows), np.bool_)

    def judge(n: int, found: Found) -> None:
        told = _votes([labels[int(keys[row])] for row in found.rows], found.distances)
        right[n] = next(iter(told)) == labels[int(keys[rows[n]])]

    alive = (seen.alive * labelled).astype(np.uint8)
    _others(seen, rows, checked_whole(k, "k"), judge, progress, alive)
    return float(right.mean())


def knn_graph(index: ImageIndex, k: int, progress: Progress | None) -> Graph:
    """See `ImageIndex.knn_graph`."""
    k, seen = checked_whole(k, "k"), index.searcher.view()
    if seen is None:
        return Graph((), np.empty((0, k), np.int64), np.empty((0, k)))
    rows = np.flatnonzero(seen.alive)
    place = np.full(len(seen.alive), -1)
    place[rows] = np.arange(len(rows))
    neighbours, distances = np.full((len(rows), k), -1), np.full((len(rows), k), np.inf)

    def note(n: int, found: Found) -> None:
        neighbours[n, : len(found.rows)] = place[found.rows]
        distances[n, : len(found.rows)] = found.distances

    _others(seen, rows, k, note, progress, seen.alive)
    return Graph(tuple(seen.working.name(int(row)) for row in rows), neighbours, distances)


def duplicates(
    index: ImageIndex, radius: float, progress: Progress | None
) -> list[tuple[str, str, float]]:
    """See `ImageIndex.duplicates`."""
    radius = checked_radius(radius)
    seen = index.searcher.view()
    if seen is None:
        return []
    rows = np.flatnonzero(seen.alive)
    parts: list[list[tuple[float, str, str]]] = [[] for _ in rows]

    def pairs(n: int) -> None:
        row = int(rows[n])
        found = within(seen.working, _question(seen, row), radius, seen.alive)
        for other, distance in zip(found.rows.tolist(), found.distances.tolist(), strict=True):
            if other > row:
                names = sorted((seen.working.name(row), seen.working.name(other)))
                parts[n].append((distance, names[0], names[1]))

    _each(len(rows), pairs, progress)
    return [(a, b, d) for d, a, b in sorted(pair for part in parts for pair in part)]


def _votes(labels: list[str | None], distances: Any) -> dict[str, int]:
    """Neighbours by label, most first, then the nearer in sum."""
    counts = Counter(label for label in labels if label is not None)
    far = dict.fromkeys(counts, 0.0)
    for label, distance in zip(labels, distances, strict=True):
        if label is not None:
            far[label] += float(distance)
    order = sorted(counts, key=lambda label: (-counts[label], far[label], label))
    return {label: counts[label] for label in order}


def _question(seen: View, row: int) -> Question:
    return Question.of(seen.working, *seen.working.signatures[row])


def _others(
    seen: View,
    rows: npt.NDArray[np.int64],
    k: int,
    note: Callable[[int, Found], None],
    progress: Progress | None,
    alive: Any,
) -> None:
    """Look up the k nearest others of each row."""

    def look(n: int) -> None:
        row = int(rows[n])
        found = nearest(seen.working, _question(seen, row), k + 1, alive)
        others = np.flatnonzero(found.rows != row)[:k]
        note(
            n,
            Found(
                found.rows[others], found.distances[others], found.tied, found.bounds, found.solves
            ),
        )

    _each(len(rows), look, progress)


def _each(count: int, look: Callable[[int], None], progress: Progress | None) -> None:
    """Call `look` for 0..count on all cores."""
    threads = checked_threads(None)
    step = _AT_ONCE * threads
    for start in range(0, count, step):

        def work(first: int, last: int, start: int = start) -> None:
            for n in range(start + first, start + last):
                look(n)

        over_rows(work, min(step, count - start), threads)
        if progress is not None:
            progress(min(start + step, count), count)
