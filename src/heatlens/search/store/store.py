"""`Store`: the table of an index, as one version of it is read and the next is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.search.signatures import Signatures
from heatlens.search.store import commit
from heatlens.search.store.lance import arrow, reading
from heatlens.search.store.place import Place
from heatlens.search.store.scan import (
    LARGE,
    PIECE,
    Keys,
    Numbers,
    batches,
    checked_columns,
    keys_where,
    listed_ids,
    scanned,
    taken,
)
from heatlens.search.store.schema import Row
from heatlens.search.store.settings import Settings
from heatlens.search.store.verify import Report, verify

__all__ = ["Appended", "Store"]

_FEW = 8
"""Rows are looked up one by one, not scanned, if they are fewer than this part of all."""


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


class Store:
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
        >>> store = Store.create(f"{tempfile.mkdtemp()}/a.lance", Settings.of("signature", k=2))
        >>> one = np.ones((1, 3), np.float32)
        >>> store.append([Row("cat.jpg", "cat", "00", one[0, :1], one)])
        Appended(added=1, replaced=0, unchanged=0)
        >>> store.known(), len(store)
        ({'cat.jpg': '00'}, 1)
    """

    def __init__(self, place: Place, database: Any, table: Any, settings: Settings) -> None:
        """Call `Store.create` or `Store.open` instead."""
        self.place, self.settings = place, settings
        self._database, self._table = database, table
        self.version = 0
        self.refresh()

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

    def __len__(self) -> int:
        """Rows of the version that is read."""
        return len(self.keys())

    def refresh(self) -> int:
        """Go to the newest version, and return its number."""
        with reading(self.place.uri):
            self._table.checkout_latest()
            version = int(self._table.version)
            self._table.checkout(version)
        if version != self.version:
            self.__dict__.pop("_listed", None)
            self.version = version
        return version

    # --- reading

    def keys(self) -> Keys:
        """Keys (N,) of the rows, in the table's order."""
        return self._listed[0]

    def known(self) -> dict[str, str]:
        """Hash of each row by its id."""
        found: dict[str, str] = {}
        for batch in batches(self._table, ["id", "hash"], self.place.uri):
            found.update(zip(batch["id"].to_pylist(), batch["hash"].to_pylist(), strict=True))
        return found

    def read(
        self, keys: Keys | None = None, columns: Sequence[str] | None = None, size: int = PIECE
    ) -> Iterator[Any]:
        """Rows as Arrow batches in the table's order, each row compared with its key.

        Args:
            keys: of the rows wanted, in any order; None: all.
            columns: names; None: all.
            size: rows of a batch at most; they bound the memory.

        Raises:
            DamagedIndex: a row that does not fit its key, which is named.
            InvalidArgument: a column or a key that is not there.
        """
        names = checked_columns(columns)
        for _, batch in self._pieces(keys, names, size):
            yield batch.select(names)

    def signatures(
        self, keys: Keys | None = None, size: int = PIECE
    ) -> Iterator[tuple[Keys, list[str], Signatures]]:
        """Keys, ids and signatures, `size` at a time at most, in the table's order."""
        for found, batch in self._pieces(keys, ["id", "weights", "points", "dimensions"], size):
            yield found, batch["id"].to_pylist(), _laid_out(batch)

    def matching(self, where: str) -> Keys:
        """Keys of the rows that a condition in SQL lets through.

        Raises:
            InvalidArgument: a condition that cannot be used; the columns are listed.

        Example:
            `store.matching("array_has(tags, 'holiday') AND path LIKE '%/2024/%'")`
        """
        return keys_where(self._table, where, self.place.uri)

    def rows(self, wanted: Sequence[str] | Keys, columns: Sequence[str] | None = None) -> Any:
        """Rows by their ids or keys, in the order asked, as an Arrow table.

        Raises:
            InvalidArgument: an id or a key that is not there.
            DamagedIndex: a row that does not fit its key.
        """
        names = checked_columns(columns)
        if isinstance(wanted, np.ndarray) and wanted.dtype.kind == "u":
            keys, numbers = wanted, self._listed[1][self._places_of(wanted)]
        elif isinstance(wanted, str):
            raise InvalidType(f"rows takes a list of ids or an array of keys, not {wanted!r}")
        else:
            ids = [str(name) for name in wanted]
            found = listed_ids(self._table, ids, self.place.uri)
            if missing := [name for name in ids if name not in found]:
                raise InvalidArgument(f"there is no row {missing[0]!r} in {self.place.uri}")
            pairs = np.array([found[name] for name in ids], np.uint64).reshape(-1, 2)
            keys, numbers = pairs[:, 0], pairs[:, 1]
        return taken(self._table, keys, numbers, names, self.place.uri).select(names)

    # --- writing

    def append(self, rows: Sequence[Row]) -> Appended:
        """Add rows in one commit; those with a known id and another hash replace what was there.

        Raises:
            InvalidArgument: an id twice, or points of other dimensions than the index has.
            UnwritableIndex: the commit failed; nothing was changed.
        """
        counts = commit.append(self.place, self._database, rows)
        self.refresh()
        return Appended(*counts)

    def remove(self, ids: Sequence[str] | None = None, where: str | None = None) -> int:
        """Remove rows by id, or those that a condition in SQL lets through; returns how many.

        Ids that are not there are passed over.
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
            DamagedIndex: something is damaged, which joining would hide; nothing was changed.
        """
        commit.compact(self.place, self._database, keep)
        self.refresh()

    def verify(self) -> Report:
        """Check every byte of the newest version; see `heatlens.search.store.verify`."""
        return verify(self.place.uri, storage_options=self.place.options)

    # --- inside

    @cached_property
    def _listed(self) -> tuple[Keys, Numbers, Keys, Any]:
        """All keys, Lance's numbers of their rows, the keys sorted, and where each of these is."""
        found = [
            (np.array(batch["key"], np.uint64), np.array(batch["_rowid"], np.uint64))
            for batch in batches(self._table, ["key"], self.place.uri, LARGE)
        ]
        nothing = np.empty(0, np.uint64)
        keys = np.concatenate([nothing, *(part for part, _ in found)])
        numbers = np.concatenate([nothing, *(part for _, part in found)])
        keys.flags.writeable = False
        order = np.argsort(keys, kind="stable")
        return keys, numbers, keys[order], order

    def _places_of(self, keys: Keys) -> Any:
        """Where rows are in the table's order, by their keys."""
        _, _, ordered, order = self._listed
        if not len(keys):
            return np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(ordered, keys), max(0, len(ordered) - 1))
        lost = keys[ordered[at] != keys] if len(ordered) else keys
        if len(lost):
            raise InvalidArgument(
                f"there is no row with the key {lost[0]} in version {self.version} of "
                f"{self.place.uri}; refresh() goes to the newest"
            )
        return order[at]

    def _pieces(
        self, keys: Keys | None, columns: Sequence[str], size: int
    ) -> Iterator[tuple[Keys, Any]]:
        """Keys and batches of the rows wanted: a scan for many, look-ups for few."""
        table, uri = self._table, self.place.uri
        if keys is None:
            yield from scanned(table, columns, uri, size)
            return
        places = np.sort(self._places_of(np.unique(np.asarray(keys, np.uint64))))
        if _FEW * len(places) < len(self):
            for start in range(0, len(places), size):
                part = places[start : start + size]
                few, numbers = self._listed[0][part], self._listed[1][part]
                found = taken(table, few, numbers, columns, uri)
                yield few, found.combine_chunks().to_batches()[0]
            return
        start = 0
        for checked, batch in scanned(table, columns, uri, size):
            inside = places[slice(*np.searchsorted(places, (start, start + len(checked))))] - start
            start += len(checked)
            if len(inside):
                yield checked[inside], batch.take(arrow.array(inside))


def _laid_out(batch: Any) -> Signatures:
    weights, points = batch["weights"], batch["points"]
    dimensions = int(batch["dimensions"][0].as_py())
    starts = weights.offsets.to_numpy().astype(np.int64)
    places = points.offsets.to_numpy()
    # Copies: views would keep the whole batch in memory.
    return Signatures(
        np.array(weights.values.to_numpy()[starts[0] : starts[-1]], np.float32),
        starts - starts[0],
        np.array(points.values.to_numpy()[places[0] : places[-1]], np.float32).reshape(
            -1, dimensions
        ),
    )
