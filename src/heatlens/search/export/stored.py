"""The rows of an index, as the engines' tables take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from heatlens.errors import InvalidArgument
from heatlens.search.signatures import Signatures
from heatlens.search.store.snapshot import laid_out

if TYPE_CHECKING:
    from heatlens.search.index import ImageIndex

__all__ = ["stored"]

Rows = tuple[list[str], Signatures, list[str | None]]


def stored(index: ImageIndex, size: int = 8192) -> Iterator[Rows]:
    """Ids, signatures and paths of all rows, some at a time.

    Args:
        index: whose points lie in space.
        size: rows at a time.

    Raises:
        InvalidArgument: its points lie on a circle, for which the exactness rule does not hold.

    Example:
        for ids, signatures, paths in stored(index):
            for row in pgvector.copy_rows(ids, signatures, paths):
                copy.write(row)
    """
    if index.settings.period is not None:
        raise InvalidArgument(
            f"{index.on!r} lies on a circle; other engines search points in space exactly, such as "
            "those of 'signature' or 'histogram'"
        )
    for batch in index.store.read(None, ["id", "path", "weights", "points", "dimensions"], size):
        yield batch["id"].to_pylist(), laid_out(batch), batch["path"].to_pylist()
