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

__all__ = ["Keys", "checked_columns", "keys_where", "offsets_of_ids", "scanned", "taken"]

Keys = npt.NDArray[np.uint64]

PIECE = 8192
"""Rows at a time."""


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
    """The rows in the table's order, unchecked, some at a time."""
    with reading(place):
        found = table.search().select(list(columns)).to_batches(size)
        yield from found


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


def taken(table: Any, offsets: npt.NDArray[np.int64], columns: Sequence[str], place: str) -> Any:
    """The rows at some offsets, in the order asked and checked, as an Arrow table."""
    wanted = [*columns, *(name for name in KEYED if name not in columns)]
    if not len(offsets):
        return schema().empty_table().select(wanted)
    order, back = np.unique(offsets, return_inverse=True)
    with reading(place):
        found = table.take_offsets(order.tolist()).select(wanted).to_arrow()
        for batch in found.to_batches():
            checked_batch(batch, place)
        # Lance hands rows out by offset, whatever order they are asked for in.
        return found.take(arrow.array(back))


def offsets_of_ids(table: Any, ids: Sequence[str], place: str) -> dict[str, int]:
    """Where the rows with these ids lie; those that are not there are left out."""
    import pyarrow.compute as compute

    wanted = arrow.array(list(ids), arrow.string())
    found: dict[str, int] = {}
    start = 0
    for batch in batches(table, ["id"], place, 1 << 16):
        hits = np.flatnonzero(compute.is_in(batch["id"], wanted).to_numpy(zero_copy_only=False))
        names = batch["id"].take(arrow.array(hits)).to_pylist()
        found.update(zip(names, (hits + start).tolist(), strict=True))
        start += batch.num_rows
    return found


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
