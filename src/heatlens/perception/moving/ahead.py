"""Work done ahead in a thread: frames are decoded while others are looked at."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

__all__ = ["Ahead"]

Item = TypeVar("Item")
_END = object()
_PATIENCE = 1.0
"""Seconds that a stalled source is waited for before it is left to its thread."""


class Ahead(Generic[Item]):
    """The same items in the same order, up to `depth` of them waiting before they are asked for.

    One more is in the thread's hands. An error comes where it arose: after the items that came
    before it. The thread starts with the first item. When the reader stops, so does the thread,
    after the item it is at. A source that stalls there (a camera, a pipe) is waited for a second
    and then left: its thread, a daemon, closes it once it goes on.

    Args:
        items: made in a thread of their own.
        depth: how many may wait.
        release: called once after the last item, in the thread if that has begun.

    Example:
        >>> list(Ahead(range(3)))
        [0, 1, 2]
    """

    def __init__(
        self, items: Iterable[Item], depth: int = 2, release: Callable[[], None] | None = None
    ) -> None:
        """Nothing is asked for yet."""
        self._items: Iterable[Item] = items
        self._release = release
        self._waiting: queue.Queue[Any] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __iter__(self) -> Iterator[Item]:
        """Itself: it can be gone through once."""
        return self

    def __next__(self) -> Item:
        """The next item, waited for if need be."""
        if self._stopped.is_set():
            raise StopIteration
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="heatlens-ahead", daemon=True)
            self._thread.start()
        item, error = self._waiting.get()
        if error is None and item is not _END:
            return item
        self.close()
        if error is None:
            raise StopIteration
        raise error

    def close(self) -> None:
        """End the thread and release the source; may be called twice."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        else:
            self._done()

    def _work(self) -> None:
        items = iter(self._items)
        self._items = ()
        try:
            for item in items:
                if not self._put((item, None)):
                    return
        except BaseException as error:  # raised again where the item was waited for
            self._put((None, error))
        else:
            self._put((_END, None))
        finally:
            if hasattr(items, "close"):
                items.close()
            self._done()

    def _put(self, thing: Any) -> bool:
        while not self._stopped.is_set():
            try:
                self._waiting.put(thing, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def _done(self) -> None:
        release, self._release = self._release, None
        self._items = ()  # what nobody else holds on to ends here
        if release is not None:
            release()
