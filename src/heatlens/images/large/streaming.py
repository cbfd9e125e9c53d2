"""A large picture from top to bottom, decoded by several threads ahead of the one that reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge
from heatlens.images.large.source import LargeSource

__all__ = ["streamed", "workers"]

_BAND, _JOB = 512, 1 << 17
"""Rows of a band, and pixels that one thread decodes at a time, about."""

_LARGEST_BAND = 1 << 27
"""Bytes that a band may have; where a row of tiles has more, its tiles are decoded several times."""


def workers() -> int:
    """Threads that decode and encode: the processors that this process may use, at most four."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        count = os.cpu_count() or 1
    return min(4, count)


def streamed(source: LargeSource, block: int | None) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """(first row, (rows, W, C)) from top to bottom; the next band is decoded meanwhile.

    Args:
        source: whose level 0 is read.
        block: rows of a band, rounded up to whole tiles, while they are at most 128 MiB; None is
            about 512.

    Raises:
        ImageTooLarge: memory does not suffice.
    """
    (height, width), (tall, wide) = source.levels[0], source.tile
    step = tall * (max(1, round(_BAND / tall)) if block is None else -(-block // tall))
    most = max(1, _LARGEST_BAND // (width * source.channels * source.dtype.itemsize))
    step = min(step, most // tall * tall if most >= tall else most)
    across = min(width, wide * max(1, round(512 / wide)))
    down = min(step, tall * max(1, round(_JOB / across / tall)))

    def start(top: int) -> tuple[npt.NDArray[Any], list[Future[None]]]:
        bottom = min(top + step, height)
        whole = np.empty((bottom - top, width, source.channels), source.dtype)

        def work(row: int, left: int) -> None:
            lines, columns = min(down, bottom - row), min(across, width - left)
            part = source.region(0, row, left, lines, columns)
            whole[row - top : row - top + lines, left : left + columns] = part

        corners = [
            (row, left) for row in range(top, bottom, down) for left in range(0, width, across)
        ]
        return whole, [pool.submit(work, *corner) for corner in corners]

    pool = ThreadPoolExecutor(workers())
    try:
        coming = start(0)
        for top in range(0, height, step):
            whole, jobs = coming
            for job in jobs:
                job.result()
            if top + step < height:
                coming = start(top + step)
            yield top, whole
    except MemoryError as error:
        raise ImageTooLarge(
            f"a band of {step} rows, {width} pixels wide, does not fit in memory"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
