"""Rows shared among threads.

Threads of Python, whose loops release the GIL, rather than numba's `prange`: several threads of the
caller may compute at once (numba's own pool ends the process then, if no other is installed), and
so may a process that was forked (GNU OpenMP ends it).

The threads are kept: to start two takes half a millisecond, to wake them a tenth of that. The
caller's own thread takes slices like the others and waits for none that has not begun, so calls may
be nested.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from operator import index

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["checked_threads", "over_rows"]

SLICES = 4
"""For each thread, so that one that is held up does not hold up the others."""

_MOST = 64
"""Threads that are kept."""


def checked_threads(threads: int | None) -> int:
    """The number of threads; None means one for each core this process may use.

    Raises:
        InvalidType: not a whole number.
        InvalidArgument: below 1.

    Example:
        >>> checked_threads(3)
        3
    """
    if threads is None:
        able = getattr(os, "sched_getaffinity", None)
        return len(able(0)) if able else os.cpu_count() or 1
    try:
        count = index(threads)
    except TypeError:
        raise InvalidType(f"threads is {threads!r}; expected a whole number or None") from None
    if count < 1:
        raise InvalidArgument(f"threads is {threads}; at least 1, or None for all cores")
    return count


def over_rows(
    work: Callable[[int, int], object], rows: int, threads: int | None = None, least: int = 1
) -> None:
    """Call `work(start, stop)` for slices that together are 0..rows.

    Args:
        work: computes some rows; has to release the GIL for this to help.
        rows: number of them.
        threads: at most so many at once.
        least: rows below which another thread costs more than it saves.

    Raises:
        What a slice raises, the first in order: those that have begun end, no other begins.
    """
    count = min(checked_threads(threads), max(1, rows // least))
    if count == 1:
        work(0, rows)
        return
    pieces = min(rows, count * SLICES)
    edges = [rows * piece // pieces for piece in range(pieces + 1)]
    slices = iter(list(pairwise(edges)))  # a list's iterator may be shared by threads
    failed: list[tuple[int, BaseException]] = []

    def serve() -> None:
        for edge in slices:
            if failed:  # an interruption too: what has not begun shall not begin
                return
            try:
                work(*edge)
            except BaseException as error:
                failed.append((edge[0], error))

    others = [_pool().submit(serve) for _ in range(count - 1)]
    try:
        serve()
    except BaseException as error:  # an interruption between two slices
        failed.append((-1, error))
    for other in others:
        if not other.cancel():
            other.result()
    if failed:
        raise min(failed, key=lambda one: one[0])[1]


_kept: list[ThreadPoolExecutor] = []
_lock = threading.Lock()


def _pool() -> ThreadPoolExecutor:
    """The threads that are kept, started when they are first needed."""
    with _lock:
        if not _kept:
            _kept.append(ThreadPoolExecutor(_MOST, "heatlens"))
        return _kept[0]


def _forget() -> None:
    """In a process that was forked: its parent's threads are not there."""
    global _lock
    _lock = threading.Lock()
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
