"""What a row of an index holds, and how it lies in the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.search.bounds.quantile import embedding
from heatlens.search.signatures import Signatures, Singles
from heatlens.search.store.keys import row_key
from heatlens.search.store.lance import arrow

__all__ = ["COLUMNS", "KEY_OF_METADATA", "Row", "check_id", "schema", "table_of"]

KEY_OF_METADATA = b"heatlens"
"""Under which the settings stand in the schema's metadata."""

_PRIMARY = {b"lance-schema:unenforced-primary-key:position": b"1"}
"""Two writers who insert one id at once are in conflict, also where no lock can keep them apart."""


@dataclass(frozen=True, eq=False)
class Row:
    """A picture, heatmap or ready signature as it is kept.

    Attributes:
        id: unique among the rows of an index.
        name: what people call it.
        hash: of the file's bytes, or of the content; hexadecimal.
        weights: (n,) float32, canonical (see `heatlens.search.signatures`).
        points: (n, d) float32.
        path: of the file, if it came from one.
        tags: words to search within.
        thumbnail: encoded JPEG or PNG.
        notes: sentences a reader has to know.
    """

    id: str
    name: str
    hash: str
    weights: Singles
    points: Singles
    path: str | None = None
    tags: tuple[str, ...] = ()
    thumbnail: bytes | None = None
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> int:
        """Its identity: a checksum of id, hash, weights and points."""
        return row_key(self.id, self.hash, self.weights, self.points)


def schema(settings: bytes | None = None) -> Any:
    """The table's Arrow schema, with the settings in its metadata."""
    floats, words = arrow.list_(arrow.float32()), arrow.list_(arrow.string())
    return arrow.schema(
        [
            arrow.field("id", arrow.string(), nullable=False, metadata=_PRIMARY),
            arrow.field("path", arrow.string()),
            arrow.field("name", arrow.string()),
            arrow.field("hash", arrow.string()),
            arrow.field("tags", words),
            arrow.field("weights", floats),
            arrow.field("points", floats),
            arrow.field("dimensions", arrow.int32()),
            arrow.field("embedding", floats),
            arrow.field("thumbnail", arrow.binary()),
            arrow.field("notes", words),
            arrow.field("added", arrow.timestamp("us", tz="UTC")),
            arrow.field("key", arrow.uint64()),
        ],
        metadata=None if settings is None else {KEY_OF_METADATA: settings},
    )


COLUMNS: tuple[str, ...] = tuple(schema().names)
"""Names of the columns."""


def table_of(rows: Sequence[Row], period: float | None = None) -> Any:
    """Rows as an Arrow table; embeddings and keys are computed here.

    Args:
        rows: all of points in one space.
        period: length of the circle, if they lie on one.

    Raises:
        InvalidArgument: an id twice, an empty one, or points of different dimensions.
    """
    ids = [row.id for row in rows]
    _check_ids(ids)
    laid = Signatures.laid_out([(row.weights, row.points) for row in rows])
    columns = {
        "id": ids,
        "path": [row.path for row in rows],
        "name": [row.name for row in rows],
        "hash": [row.hash for row in rows],
        "tags": [list(row.tags) for row in rows],
        "weights": _lists(laid.starts, laid.weights),
        "points": _lists(laid.starts * laid.dimensions, laid.points.ravel()),
        "dimensions": [laid.dimensions] * len(rows),
        "embedding": _rows(embedding(laid, period)),
        "thumbnail": [row.thumbnail for row in rows],
        "notes": [list(row.notes) for row in rows],
        "added": [datetime.now(UTC)] * len(rows),
        "key": np.array([row.key for row in rows], np.uint64),
    }
    return arrow.table(columns, schema=schema())


def check_id(given: str) -> None:
    """Raise `InvalidArgument` for an id that cannot be stored."""
    if not given or "\0" in given:
        raise InvalidArgument(f"an id is {given!r}; it is a text of at least one letter")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(
            f"the id {given!r} is no text in Unicode (a file's name in another encoding?); "
            "rename the file, or give ids="
        ) from None


def _check_ids(ids: Sequence[str]) -> None:
    for given in ids:
        check_id(given)
    if len(set(ids)) < len(ids):
        twice = next(given for given, count in Counter(ids).items() if count > 1)
        raise InvalidArgument(f"the id {twice!r} comes twice; ids are unique within an index")


def _lists(starts: Any, values: Any) -> Any:
    return arrow.ListArray.from_arrays(starts.astype(np.int32), arrow.array(values))


def _rows(values: Any) -> Any:
    count, width = values.shape
    return _lists(np.arange(0, count * width + 1, max(width, 1)), values.ravel())
