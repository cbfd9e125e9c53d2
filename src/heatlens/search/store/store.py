"""`Store`: the table of an index, as one version of it is read and the next is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from heatlens.errors import InvalidArgument
from heatlens.search.store import commit
from heatlens.search.store.place import Place
from heatlens.search.store.scan import LARGE, batches
from heatlens.search.store.schema import Row
from heatlens.search.store.settings import Settings
from heatlens.search.store.snapshot import Snapshot
from heatlens.search.store.verify import Report, verify

__all__ = ["Appended", "Store"]


@dataclass(frozen=True)
class Appended:
    """What a batch of rows came to.

    Attributes:
        added: rows with a new id.
        replaced: rows whose id was there with another hash.
        unchanged: rows that were there as they are.
    """

    added: int
    replaced: int
    unchanged: int


class Store(Snapshot):
    """The table of an index, at one version.

    What is read belongs to the version that was opened, written, or refreshed to last, whatever
    others write meanwhile. A change is one commit: it is there whole or not at all, also if the
    process is killed. Writers wait for each other on a lock in the folder, and seals tell any
    changed byte; on object storage there is neither, and of two writers that add the same id at
    once, one has to try again.

    Attributes:
        place: where it lies.
        settings: how rows are made.
        version: number of the version that is read.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> store = Store.create(f"{tempfile.mkdtemp()}/a.lance", Settings.of("signature", k=2))
        >>> one = np.ones((1, 3), np.float32)
        >>> store.append([Row("cat.jpg", "cat", "00", one[0, :1], one)])
        Appended(added=1, replaced=0, unchanged=0)
        >>> store.known(), len(store)
        ({'cat.jpg': '00'}, 1)
    """

    def __init__(self, place: Place, database: Any, table: Any, settings: Settings) -> None:
        """Call `Store.create` or `Store.open` instead."""
        self._database, self.settings = database, settings
        super().__init__(place, table)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        settings: Settings,
        *,
        exist_ok: bool = False,
        storage_options: dict[str, str] | None = None,
    ) -> Store:
        """Make a new index.

        Args:
            path: a folder that is new or empty, or an address ("s3://bucket/photos").
            settings: how its rows are made.
            exist_ok: open the index that is there, if it has the same settings.
            storage_options: of object storage, as LanceDB has them.

        Raises:
            InvalidArgument: there is an index, or something else.
        """
        place = Place.of(path, storage_options)
        place.check_free()
        database = place.connect()
        if not commit.created(place, database, settings):
            _, found = place.open(database)
            if not exist_ok:
                raise InvalidArgument(
                    f"there is an index at {place.uri} already, of {found.on!r}; open it, or give "
                    "another path"
                )
            if differences := found.differences(settings):
                raise InvalidArgument(
                    f"the index at {place.uri} was made with {'; '.join(differences)}. Its rows "
                    "are alike for good: give the same settings, or another path"
                )
        table, settings = place.open(database)
        return cls(place, database, table, settings)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, storage_options: dict[str, str] | None = None
    ) -> Store:
        """Open an index at its newest version.

        Raises:
            MissingIndex: nothing is there.
            NotAnIndex: something else is, or an index of a later format.
            DamagedIndex: its table cannot be opened.
        """
        place = Place.of(path, storage_options)
        place.check_there()
        database = place.connect()
        table, settings = place.open(database)
        return cls(place, database, table, settings)

    def paths(self) -> Iterator[tuple[str, str]]:
        """Id and path of each row that came from a file."""
        for batch in batches(self._table, ["id", "path"], self.place.uri, LARGE):
            pairs = zip(batch["id"].to_pylist(), batch["path"].to_pylist(), strict=True)
            yield from ((name, path) for name, path in pairs if path is not None)

    def append(self, rows: Sequence[Row]) -> Appended:
        """Add rows in one commit; those with a known id and another hash replace what was there.

        A row that is there keeps its tags, and gets those of the one that is given.

        Raises:
            InvalidArgument: an id twice, or points of other dimensions than the index has.
            UnwritableIndex: the commit failed; nothing was changed.
        """
        counts = commit.append(self.place, self._database, rows, self.settings.period)
        self.refresh()
        return Appended(*counts)

    def retag(self, ids: Sequence[str], tags: Sequence[str]) -> int:
        """Add tags to the rows with these ids, in one commit; returns how many lacked one.

        Raises:
            UnwritableIndex: the commit failed; nothing was changed.
        """
        count = commit.retag(self.place, self._database, ids, tags) if tags and len(ids) else 0
        self.refresh()
        return count

    def remove(self, ids: Sequence[str] | None = None, where: str | None = None) -> int:
        """Remove rows by id, or those that a condition in SQL lets through; returns how many.

        It is one commit. Ids that are not there are passed over.
        """
        if (ids is None) == (where is None):
            raise InvalidArgument("remove takes ids= or where=, one of them")
        if ids is not None:
            removed = commit.remove_ids(
                self.place, self._database, [ids] if isinstance(ids, str) else list(ids)
            )
        else:
            removed = commit.remove_where(self.place, self._database, str(where))
        self.refresh()
        return removed

    def compact(self, keep: float = 3600.0) -> None:
        """Join small files, and drop versions older than `keep` seconds.

        Readers that have been on one version for longer than that have to `refresh`.

        Raises:
            InvalidArgument: `keep` is negative or not finite.
            DamagedIndex: something is damaged, which joining would hide; nothing was changed.
            UnwritableIndex: the folder cannot be written to.
        """
        commit.compact(self.place, self._database, keep)
        self.refresh()

    def verify(self) -> Report:
        """Check every byte of the newest version; see `heatlens.search.store.verify`."""
        return verify(self.place.uri, storage_options=self.place.options)
