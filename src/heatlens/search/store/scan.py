"""Reading a version of the table: in pieces, each row compared with its key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.search.store.keys import KEYED, checked_batch
from heatlens.search.store.lance import arrow, reading, told
from heatlens.search.store.schema import COLUMNS, schema

__all__ = [
    "LARGE",
    "PIECE",
    "Keys",
    "Numbers",
    "batches",
    "checked_columns",
    "having_ids",
    "keys_where",
    "listed_ids",
    "scanned",
    "taken",
]

Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.uint64]

PIECE = 8192
"""Rows at a time."""

LARGE = 1 << 16
"""Rows at a time, where a few narrow columns are read."""


def checked_columns(columns: Sequence[str] | None) -> list[str]:
    """Names of columns, all of them for None.

    Raises:
        InvalidArgument: one that a row does not have.
    """
    names = list(COLUMNS if columns is None else columns)
    for name in names:
        if name not in COLUMNS:
            raise InvalidArgument(f"rows have no column {name!r}; they have {', '.join(COLUMNS)}")
    return names


def batches(table: Any, columns: Sequence[str], place: str, size: int = PIECE) -> Iterator[Any]:
    """The rows in the table's order, unchecked, some at a time.

    Each piece is asked for by itself, which keeps Lance from reading far ahead of a slow reader.
    """
    with reading(place):
        for start in range(0, int(table.count_rows()), size):
            piece = table.search().select(list(columns)).offset(start).limit(size)
            yield from piece.with_row_id(True).to_batches(size)


def scanned(
    table: Any, columns: Sequence[str], place: str, size: int = PIECE
) -> Iterator[tuple[Keys, Any]]:
    """Keys and the batch, some rows at a time in the table's order, each row checked.

    Raises:
        DamagedIndex: a row does not fit its key, or the table cannot be read.
    """
    wanted = [*columns, *(name for name in KEYED if name not in columns)]
    for batch in batches(table, wanted, place, size):
        if batch.num_rows:
            with reading(place):
                yield checked_batch(batch, place), batch


def taken(table: Any, keys: Keys, numbers: Numbers, columns: Sequence[str], place: str) -> Any:
    """The rows with these keys and Lance's numbers, in that order, as an Arrow table.

    Raises:
        DamagedIndex: a row does not fit its key.
    """
    wanted = [*columns, *(name for name in KEYED if name not in columns)]
    if not len(keys):
        return schema().empty_table().select(wanted)
    with reading(place):
        found = table.take_row_ids(np.unique(numbers).tolist()).select(wanted).to_arrow()
        parts = [checked_batch(batch, place) for batch in found.to_batches()]
        there = np.concatenate([np.empty(0, np.uint64), *parts])
        order = np.argsort(there)  # Lance hands rows out in an order of its own
        at = np.searchsorted(there[order], keys)
        if len(there) < len(np.unique(keys)) or (there[order[at % len(there)]] != keys).any():
            raise ValueError("rows were asked for that it does not give")
        return found.take(arrow.array(order[at]))


def listed_ids(table: Any, ids: Sequence[str], place: str) -> dict[str, tuple[int, int]]:
    """Key and Lance's number of each row with one of these ids; others are left out."""
    found: dict[str, tuple[int, int]] = {}
    for batch in having_ids(table, arrow.array(list(ids), arrow.string()), ["id", "key"], place):
        pairs = zip(batch["key"].to_pylist(), batch["_rowid"].to_pylist(), strict=True)
        found.update(zip(batch["id"].to_pylist(), pairs, strict=True))
    return found


def having_ids(table: Any, ids: Any, columns: Sequence[str], place: str) -> Iterator[Any]:
    """Batches with those rows whose ids are among an Arrow array's."""
    import pyarrow.compute as compute

    for batch in batches(table, columns, place, LARGE):
        yield batch.filter(compute.is_in(batch["id"], ids))


def keys_where(table: Any, where: str, place: str) -> Keys:
    """Keys of the rows that a filter in SQL lets through.

    Raises:
        InvalidArgument: a filter that cannot be used; the columns are listed.
    """
    if not isinstance(where, str) or not where.strip():
        raise InvalidArgument(f"where is {where!r}; {_HOW}")
    try:
        found = table.search().where(where).select(["key"]).to_arrow()["key"]
        return np.asarray(found.to_numpy(), np.uint64)
    except Exception as error:
        for _ in batches(table, ["key"], place):  # DamagedIndex, if that is the reason
            pass
        raise InvalidArgument(f"where={where!r} cannot be used: {told(error)}; {_HOW}") from error


_HOW = (
    "it is a condition in SQL on the columns "
    + ", ".join(name for name in COLUMNS if name not in ("weights", "points", "embedding", "key"))
    + ": \"name LIKE '%cat%'\", \"array_has(tags, 'holiday')\""
)
