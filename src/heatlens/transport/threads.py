"""Rows shared among threads.

Threads of Python, whose loops release the GIL, rather than numba's `prange`: nothing global is
set and set back, several threads of the caller may compute at once (numba's own pool ends the
process then, if no other is installed), and so may a process that was forked (GNU OpenMP ends it).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from operator import index

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["checked_threads", "over_rows"]

SLICES = 4
"""For each thread, so that one that is held up does not hold up the others."""


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
    with ThreadPoolExecutor(count, "heatlens") as pool:
        try:
            for done in [pool.submit(work, *edge) for edge in pairwise(edges)]:
                done.result()
        except BaseException:  # an interruption too: what has not begun shall not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise
