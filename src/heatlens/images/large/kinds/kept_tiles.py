"""The tiles decoded last, which neighbouring regions need again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

import numpy.typing as npt

__all__ = ["KeptTiles"]

Tile = npt.NDArray[Any]


class KeptTiles:
    """Arrays by key, the least recently used forgotten first; safe in many threads.

    Args:
        budget: bytes that are kept, beside the array used last.

    Example:
        >>> import numpy as np
        >>> kept = KeptTiles(100)
        >>> kept.get("a", lambda: np.zeros(3)).size, kept.get("a", lambda: 1 / 0).size
        (3, 3)
    """

    def __init__(self, budget: int) -> None:
        """Keep nothing yet."""
        self.budget, self._bytes, self._lock = budget, 0, threading.Lock()
        self._tiles: OrderedDict[Hashable, Tile] = OrderedDict()
        self._coming: dict[Hashable, Future[Tile]] = {}

    def get(self, key: Hashable, make: Callable[[], Tile]) -> Tile:
        """The array under `key`; `make()` gives it where it is not kept.

        Threads that ask for the same array meanwhile wait for it, and get the same error.
        """
        with self._lock:
            if (kept := self._tiles.get(key)) is not None:
                self._tiles.move_to_end(key)
                return kept
            coming = self._coming.get(key)
            if mine := coming is None:
                coming = self._coming[key] = Future()
        if not mine:
            return coming.result()
        try:
            tile = make()
        except BaseException as error:
            with self._lock:
                del self._coming[key]
            coming.set_exception(error)
            raise
        with self._lock:
            self._tiles[key] = tile
            self._bytes += tile.nbytes
            while self._bytes > self.budget and len(self._tiles) > 1:
                self._bytes -= self._tiles.popitem(last=False)[1].nbytes
            del self._coming[key]
        coming.set_result(tile)
        return tile
