"""Names to things, with did-you-mean, and with modules imported only when first asked.

A registry belongs to one kind of thing (attribution methods, model sources, ...). An item enters
it by one `register` line in its own file; the files are found in the packages that the registry
was told to look in, so nothing else has to be edited when an item is added.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterator, Mapping
from typing import TypeVar

from heatlens.errors import InvalidArgument, UnknownName

__all__ = ["Registry"]

Item = TypeVar("Item")


class Registry(Mapping[str, Item]):
    """A mapping from names to items of one kind, sorted by name.

    Args:
        kind: what the items are, for messages ("method", "model source").
        packages: dotted names of packages whose modules register items when imported.

    Example:
        >>> colours = Registry[int]("colour")
        >>> colours.add("viridis", 1)
        >>> colours["viridis"]
        1
        >>> colours["virdis"]
        Traceback (most recent call last):
        heatlens.errors.UnknownName: unknown colour 'virdis'; did you mean 'viridis'?
    """

    def __init__(self, kind: str, packages: tuple[str, ...] = ()) -> None:
        """Make an empty registry; `packages` are imported at the first look-up."""
        self.kind = kind
        self._packages = packages
        self._items: dict[str, Item] = {}
        self._lock = threading.RLock()
        self._discovered = not packages

    def add(self, name: str, item: Item) -> None:
        """Register `item`; a name that is taken already is an `InvalidArgument`."""
        with self._lock:
            if name in self._items:
                raise InvalidArgument(f"there is a {self.kind} called {name!r} already")
            self._items[name] = item

    def __getitem__(self, name: str) -> Item:
        """The item under `name`, else `UnknownName` with the nearest names."""
        self._discover()
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(self.kind, name, self._items) from None

    def __contains__(self, name: object) -> bool:
        """Whether an item is registered under `name`."""
        self._discover()
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        """Names in alphabetical order."""
        self._discover()
        return iter(sorted(self._items))

    def __len__(self) -> int:
        """How many items there are."""
        self._discover()
        return len(self._items)

    def _discover(self) -> None:
        if self._discovered:
            return
        with self._lock:
            if self._discovered:
                return
            for name in self._packages:
                package = importlib.import_module(name)
                for module in pkgutil.iter_modules(package.__path__, prefix=f"{name}."):
                    importlib.import_module(module.name)
            self._discovered = True
