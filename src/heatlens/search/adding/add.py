"""`add`: sources become rows, described by threads and committed every few seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.search.adding.contents import content_hash, read_once
from heatlens.search.adding.describe import Described, check_dimensions, described
from heatlens.search.adding.sources import Failed, Item, items_of
from heatlens.search.store.schema import Row, check_id
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from heatlens.transport.threads import checked_threads

__all__ = ["Added", "add", "add_items"]

ROWS = 8192
SECONDS = 5.0
"""A commit is made after so many rows or seconds, whichever comes first."""

_AHEAD = 16
"""Sources that each thread may be ahead of the commits."""

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Added:
    """What `add` did.

    Attributes:
        added: rows with a new id.
        replaced: rows whose content had changed.
        unchanged: sources that were there already, as they are.
        failed: (source, reason) of those that could not be added.
        seconds: it took.
        retagged: how many of the unchanged got a tag that they did not have.
    """

    added: int
    replaced: int
    unchanged: int
    failed: tuple[tuple[str, str], ...]
    seconds: float
    retagged: int = 0


def add(
    store: Store,
    source: Any,
    ids: Sequence[str] | None = None,
    tags: Sequence[str] = (),
    progress: Progress | None = None,
    *,
    threads: int | None = None,
) -> Added:
    """Add pictures, heatmaps or ready signatures to an index.

    Sources whose content is there already under their id are passed over, changed ones replaced,
    and what cannot be read is listed with its reason. Rows are committed every few seconds. After
    an interruption (Ctrl-C commits what is described; a killed process loses the last seconds)
    a second call carries on. Neither the number of threads nor the order changes any row.

    Args:
        store: the index.
        source: see `heatlens.search.adding.sources.items_of`.
        ids: of a list's entries; by default absolute paths, or names.
        tags: of all these sources; rows that are there keep those they have, and get these too.
        progress: called as `progress(done, total)` after each source, in this thread.
        threads: that read and describe; None: one for each core.

    Raises:
        InvalidArgument: ids that are missing or not unique, a path that names nothing.
        UnwritableIndex: a commit failed; what was committed before stays.
    """
    words = _checked_tags(tags)
    items, failed = items_of(source, ids, heatmaps=store.settings.on == "mass")
    return add_items(store, items, failed, words, progress, threads=threads)


def add_items(
    store: Store,
    items: Sequence[Item],
    failed: Failed,
    tags: Sequence[str] = (),
    progress: Progress | None = None,
    *,
    threads: int | None = None,
) -> Added:
    """`add` of what `items_of` has found."""
    start = time.perf_counter()
    counts = _Counts(failed=list(failed))
    pending: list[Row] = []
    same: list[str] = []
    dimensions = _dimensions(store)
    work = _Work(store.settings, store.known(), _checked_tags(tags))
    last = start

    def commit() -> None:
        nonlocal last
        if pending:
            try:
                done = store.append(pending)
            except Exception:
                pending.clear()  # it would fail again; after Ctrl-C they are tried once more
                raise
            pending.clear()
            counts.added += done.added
            counts.replaced += done.replaced
            counts.unchanged += done.unchanged
        last = time.perf_counter()

    try:
        with closing(_in_order(work, items, checked_threads(threads))) as results:
            for done, (item, found) in enumerate(results, 1):
                if isinstance(found, Row):
                    try:
                        check_dimensions(found.points.shape[1], dimensions)
                    except InvalidArgument as error:
                        counts.failed.append((item.id, str(error)))
                    else:
                        dimensions = found.points.shape[1]
                        pending.append(found)
                elif found is None:
                    counts.unchanged += 1
                    same.append(item.id)
                else:
                    counts.failed.append((item.id, found))
                if len(pending) >= ROWS or time.perf_counter() - last > SECONDS:
                    commit()
                if progress is not None:
                    progress(done, len(items))
        commit()
    finally:
        commit()  # what is described already, after an interruption
    retagged = store.retag(same, work.tags)
    return Added(
        counts.added,
        counts.replaced,
        counts.unchanged,
        tuple(counts.failed),
        time.perf_counter() - start,
        retagged,
    )


@dataclass
class _Counts:
    failed: list[tuple[str, str]]
    added: int = 0
    replaced: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class _Work:
    """From an item to its row; None if that is there already; the reason if it cannot be."""

    settings: Settings
    known: Mapping[str, str]
    tags: tuple[str, ...] = field(default=())

    def __call__(self, item: Item) -> Row | str | None:
        try:
            check_id(item.id)
            return self._row(item)
        except (HeatlensError, OSError) as error:
            return str(error)
        except Exception as error:  # of a library: the other sources may still work
            return f"{type(error).__name__}: {error}"

    def _row(self, item: Item) -> Row | None:
        if not isinstance(item.thing, str):
            hash_ = content_hash(item.thing)
            if self.known.get(item.id) == hash_:
                return None
            return self._of(item, described(item.thing, hash_, self.settings), None)
        file, hash_ = read_once(Path(item.thing))
        with file.stream:
            if self.known.get(item.id) == hash_:
                return None
            return self._of(item, described(file, hash_, self.settings), item.thing)

    def _of(self, item: Item, found: Described, path: str | None) -> Row:
        return Row(
            item.id,
            item.name or found.name,
            found.hash,
            found.weights,
            found.points,
            path,
            self.tags,
            found.thumbnail,
            found.notes,
        )


def _in_order(
    work: _Work, items: Sequence[Item], threads: int
) -> Generator[tuple[Item, Row | str | None], None, None]:
    """Results in the order of the items; no more than some are under way at once."""
    with ThreadPoolExecutor(threads, "heatlens-add") as pool:
        waiting: deque[tuple[Item, Future[Row | str | None]]] = deque()
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) >= threads * _AHEAD:
                    first, result = waiting.popleft()
                    yield first, result.result()
            while waiting:
                first, result = waiting.popleft()
                yield first, result.result()
        except BaseException:  # what has not begun shall not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _dimensions(store: Store) -> int:
    """Coordinates of a point in this index; 0 if that is not settled."""
    if store.settings.dimensions or not len(store):
        return store.settings.dimensions
    [first] = store.read(store.keys()[:1], ["dimensions"])
    return int(first["dimensions"][0].as_py())


def _checked_tags(tags: Any) -> tuple[str, ...]:
    words = (tags,) if isinstance(tags, str) else tuple(tags)
    for word in words:
        if not isinstance(word, str):
            raise InvalidType(f"the tag {word!r} is no text")
        if not word:
            raise InvalidArgument("a tag is empty")
    return words
