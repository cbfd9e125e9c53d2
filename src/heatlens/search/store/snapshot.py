"""`Snapshot`: the rows of an index at one version, read in pieces and each compared with its key."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.search.signatures import Signatures
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

__all__ = ["Snapshot", "laid_out"]

_FEW = 8
"""Rows are looked up one by one, not scanned, if they are fewer than this part of all."""


class Snapshot:
    """What can be read of a table, at the version it was opened at or refreshed to last.

    Attributes:
        place: where it lies.
        version: number of the version that is read.
        staying: held by a thread that needs the version to stay as it is for a while.
    """

    def __init__(self, place: Place, table: Any) -> None:
        """Read `table`, at its newest version."""
        self.staying = threading.RLock()
        self.place, self._table, self.version = place, table, 0
        self._held: tuple[int, tuple[Keys, Numbers, Keys, Any]] | None = None
        self.refresh()

    def __len__(self) -> int:
        """Rows of the version that is read."""
        return len(self.keys())

    def refresh(self) -> int:
        """Go to the newest version, and return its number."""
        with self.staying, reading(self.place.uri):
            self._table.checkout_latest()
            version = int(self._table.version)
            self._table.checkout(version)
            self.version = version
            return version

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
            yield found, batch["id"].to_pylist(), laid_out(batch)

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

    @property
    def _listed(self) -> tuple[Keys, Numbers, Keys, Any]:
        """All keys, Lance's numbers of their rows, the keys sorted, and where each of these is."""
        with self.staying:  # no other thread goes to another version meanwhile
            if self._held is None or self._held[0] != self.version:
                self._held = self.version, self._list()
            return self._held[1]

    def _list(self) -> tuple[Keys, Numbers, Keys, Any]:
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
                f"version {self.version} of {self.place.uri} has no row with the key {lost[0]}: it "
                "was removed or replaced, or came later (refresh() goes to the newest)"
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


def laid_out(batch: Any) -> Signatures:
    """The signatures of an Arrow batch with weights, points and dimensions, copied."""
    weights, points = batch["weights"], batch["points"]
    dimensions = int(batch["dimensions"][0].as_py())
    starts = weights.offsets.to_numpy().astype(np.int64)
    places = points.offsets.to_numpy()
    # Views would keep the whole batch in memory.
    return Signatures(
        np.array(weights.values.to_numpy()[starts[0] : starts[-1]], np.float32),
        starts - starts[0],
        np.array(points.values.to_numpy()[places[0] : places[-1]], np.float32).reshape(
            -1, dimensions
        ),
    )
