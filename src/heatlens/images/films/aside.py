"""Calls in a thread of their own, so that whoever waits for them can be interrupted."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["Aside"]

_LOOK = 0.2
"""Seconds between looks at whether the film was closed meanwhile."""
_PATIENCE = 1.0
"""Seconds that the end is waited for."""

Calls = queue.SimpleQueue[Any]


class Aside:
    """Makes calls one after the other in one daemon thread.

    A pipe or a camera may stay silent inside FFmpeg, where Ctrl-C does not reach. Here the caller
    waits in Python, and leaves when it is interrupted; the thread goes when its call returns.

    Example:
        >>> aside = Aside()
        >>> aside(pow, 2, 5)
        32
        >>> aside.end()
    """

    def __init__(self) -> None:
        """Start the thread."""
        self._calls: Calls = queue.SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(
            target=_serve, args=(self._calls,), name="heatlens decoding", daemon=True
        )
        self._thread.start()
        weakref.finalize(self, self._calls.put, None).atexit = False

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns, or None if `end` was called meanwhile; its error is raised."""
        if self._ended:
            return None
        answer: Calls = queue.SimpleQueue()
        self._calls.put((function, arguments, answer))
        while True:
            try:
                value, error = answer.get(timeout=_LOOK)
            except queue.Empty:
                if self._ended:
                    return None
                continue
            if error is not None:
                raise error
            return value

    def end(self, *last: Callable[[], Any]) -> None:
        """Make these calls last, and wait a second for them; may be called twice."""
        if self._ended:
            return
        self._ended = True
        for function in last:
            self._calls.put((function, (), None))
        self._calls.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE)


def _serve(calls: Calls) -> None:
    while (call := calls.get()) is not None:
        function, arguments, answer = call
        value, error = None, None
        try:
            value = function(*arguments)
        except BaseException as raised:  # raised again where it is waited for
            error = raised
        if answer is not None:
            answer.put((value, error))
        call = value = error = None
