"""One writer at a time: a lock on a file that the system lets go when its holder dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: several writers at once are in the caller's care
    fcntl = None  # type: ignore[assignment]

__all__ = ["LOCK", "alone"]

LOCK = "lock"
"""Name of the file in the index's folder."""


@contextlib.contextmanager
def alone(folder: Path | None) -> Iterator[None]:
    """Hold the writers' lock of an index; others wait, threads of this process too.

    Without a folder (object storage), or where the folder cannot be written to, there is none.
    """
    descriptor = -1
    if folder is not None and fcntl is not None:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        if descriptor >= 0:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)
