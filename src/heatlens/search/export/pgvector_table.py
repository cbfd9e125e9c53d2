"""A table of signatures in PostgreSQL with pgvector: its making, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.search.export.rows import exported
from heatlens.search.export.rule import Rule

__all__ = [
    "COLUMNS",
    "copy_rows",
    "copy_statement",
    "hnsw_statement",
    "numbers",
    "quoted",
    "table_statements",
]

COLUMNS = ("id", "path", "embedding", "weights", "points", "reach")
"""What `copy_rows` writes, in order."""


_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def table_statements(dimensions: int, table: str = "heatlens") -> tuple[str, ...]:
    """SQL that makes the extension and the table.

    Args:
        dimensions: coordinates of a signature's points: 3 for "signature", 5 with position.
        table: its name, also as "schema.table".

    Example:
        >>> table_statements(3)[1].splitlines()[3].strip()
        'embedding vector(48) NOT NULL,'
    """
    return (
        "CREATE EXTENSION IF NOT EXISTS vector",
        f"""CREATE TABLE {quoted(table)} (
    id text PRIMARY KEY,
    path text,
    embedding vector({Rule(dimensions).length}) NOT NULL,
    weights real[] NOT NULL,
    points real[] NOT NULL,
    reach double precision NOT NULL
)""",
    )


def copy_statement(table: str = "heatlens") -> str:
    """SQL that takes `copy_rows`.

    Example:
        >>> copy_statement()
        'COPY "heatlens" (id, path, embedding, weights, points, reach) FROM STDIN'
    """
    return f"COPY {quoted(table)} ({', '.join(COLUMNS)}) FROM STDIN"


def hnsw_statement(table: str = "heatlens") -> str:
    """SQL of an index for `approximate_search` (pgvector 0.7); exact search does without it.

    Example:
        >>> hnsw_statement("photos")
        'CREATE INDEX ON "photos" USING hnsw (embedding vector_l1_ops)'
    """
    return f"CREATE INDEX ON {quoted(table)} USING hnsw (embedding vector_l1_ops)"


def copy_rows(
    ids: Iterable[str],
    signatures: Iterable[tuple[Any, Any]],
    paths: Iterable[str | None] = repeat(None),
) -> Iterator[str]:
    r"""Lines for `COPY ... FROM STDIN` in its text format, a thousand signatures in memory.

    Args:
        ids: a name for each, unlike all others.
        signatures: canonical (weights, points) pairs, as `Signatures` gives them.
        paths: where each picture lies.

    Raises:
        InvalidArgument: more names than signatures or fewer, or a null character in
            a name.

    Example:
        >>> from heatlens.search.signatures import Signatures
        >>> print(*copy_rows(["a\tb"], Signatures.of([([1.0], [[0.5]])])), sep="")
        a\tb	\N	[0.5,...,0.5]	{1.0}	{0.5}	0.5...
    """
    for row in exported(ids, signatures, paths):
        cells = (
            _text(row.id),
            r"\N" if row.path is None else _text(row.path),
            f"[{numbers(row.embedded)}]",
            f"{{{numbers(row.weights)}}}",
            f"{{{numbers(row.points.ravel())}}}",
            repr(row.reach),
        )
        yield "\t".join(cells) + "\n"


def numbers(values: Any) -> str:
    """The shortest decimals that are read back as the same 32 bits."""
    return ",".join(values.astype(np.float32).astype(str))


def _text(value: str) -> str:
    if "\0" in value:
        raise InvalidArgument(f"PostgreSQL keeps no null characters; {value!r} has one")
    return value.translate(_ESCAPED)


def quoted(table: str) -> str:
    """The name of a table, quoted for SQL, a schema's name before it if there is one."""
    parts = table.split(".")
    if not all(parts):
        raise InvalidArgument(f"{table!r} is no name of a table; 'table' or 'schema.table' is")
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
