"""What the first call on a machine costs, said once.

numba compiles a loop when it is first called and keeps the result beside the source; the next
process loads it. Nobody should wait without knowing for what.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from numba.core import event

__all__ = ["first_call"]

_log = logging.getLogger("heatlens.transport")
_done: set[str] = set()
_NOTICEABLE = 1.0
"""Seconds of compiling that are worth a word."""


@contextmanager
def first_call(what: str) -> Iterator[None]:
    """Around a call of compiled code: if the process's first one had to compile, say so.

    Args:
        what: the thing that was compiled ("the exact solver").
    """
    if what in _done:
        yield
        return

    def tell(seconds: float) -> None:
        if seconds > _NOTICEABLE:
            _log.warning(
                "compiling %s took %.0f s; it is kept on disk, later processes load it",
                what,
                seconds,
            )

    with event.install_timer("numba:compiler_lock", tell):
        yield
    _done.add(what)
