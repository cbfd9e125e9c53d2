"""PostgreSQL with pgvector: signatures in a table, searched exactly by its own scan.

    CREATE TABLE ... (embedding vector(48), weights real[], points real[], reach double precision)
    ... WHERE l1_distance(embedding, query) <= ceiling ORDER BY l1_distance(embedding, query)

`l1_distance` as a function is never answered from an index, so a scan is exact whatever indexes
there are. The operator `<+>` (pgvector 0.7) may be answered by HNSW, which is approximate: results
of `approximate_search` are not certified.

Connections are those of any client with the DB-API and its paramstyle "format" (psycopg, psycopg2,
pg8000.dbapi). Statements run in the transaction that is open; nothing is committed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.search.export.pgvector_table import (
    COLUMNS,
    copy_rows,
    copy_statement,
    hnsw_statement,
    numbers,
    quoted,
    table_statements,
)
from heatlens.search.export.rerank import Candidate, Neighbours, Query, nearest, within
from heatlens.search.export.rule import Rule

__all__ = [
    "COLUMNS",
    "approximate_search",
    "copy_rows",
    "copy_statement",
    "exact_range",
    "exact_search",
    "hnsw_statement",
    "table_statements",
]

_ROWS_AT_ONCE = 1000
_FIRST = 4
"""Candidates for each neighbour wanted, from which the threshold comes."""

_MOST_CANDIDATES = 1000


def exact_search(
    connection: Any,
    signature: tuple[Any, Any],
    k: int = 10,
    *,
    table: str = "heatlens",
    where: str = "",
    parameters: Sequence[Any] = (),
) -> Neighbours:
    """The k nearest of a table by exact W1, certified.

    Two scans: the first one's candidates give a threshold, the second brings every row that the
    rule cannot rule out. The answer is that of the second statement's snapshot.

    Args:
        connection: a DB-API connection or cursor.
        signature: weights (n,) and points (n, d) to look for.
        k: how many.
        table: made by `table_statements`.
        where: SQL condition on rows, with %s for `parameters` and %% for a per cent sign. It is
            put into the statement as it is: not for strings from strangers.
        parameters: of `where`.

    Raises:
        InvalidArgument: `k` below 1, or a signature of another number of coordinates.
    """
    query, cursor = Query.of(signature), _cursor(connection)
    scan = _Scan(cursor, table, where, tuple(parameters))
    first = nearest(query, scan.first(query, max(_FIRST * k, 32)), k)
    threshold = float(first.distances[-1]) if len(first) == k else np.inf
    while True:
        found = nearest(query, scan.all_within(query, threshold), k, threshold)
        fetched, solves = first.fetched + found.fetched, first.solves + found.solves
        if found.certified:
            return dataclasses.replace(found, fetched=fetched, solves=solves)
        threshold = np.inf  # rows were deleted between the two statements


def exact_range(
    connection: Any,
    signature: tuple[Any, Any],
    radius: float,
    *,
    table: str = "heatlens",
    where: str = "",
    parameters: Sequence[Any] = (),
) -> Neighbours:
    """All rows within `radius` by exact W1, certified, in one scan; see `exact_search`."""
    query, cursor = Query.of(signature), _cursor(connection)
    scan = _Scan(cursor, table, where, tuple(parameters))
    return within(query, scan.all_within(query, radius), radius)


def approximate_search(
    connection: Any,
    signature: tuple[Any, Any],
    k: int = 10,
    *,
    candidates: int = 100,
    table: str = "heatlens",
    where: str = "",
    parameters: Sequence[Any] = (),
) -> Neighbours:
    """The nearest by exact W1 of `candidates` that an HNSW index gives; not certified.

    Sets `hnsw.ef_search` for the transaction, so that the index gives so many.
    """
    if not k <= candidates <= _MOST_CANDIDATES:
        raise InvalidArgument(
            f"candidates is {candidates}; it is at least k = {k}, and {_MOST_CANDIDATES} at most"
        )
    query, cursor = Query.of(signature), _cursor(connection)
    cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(candidates),))
    scan = _Scan(cursor, table, where, tuple(parameters))
    found = nearest(query, scan.by_index(query, candidates), k)
    return dataclasses.replace(found, certified=False)


@dataclasses.dataclass(frozen=True)
class _Scan:
    """Statements on one table, and the candidates that they bring."""

    cursor: Any
    table: str
    where: str
    parameters: tuple[Any, ...]

    def first(self, query: Query, limit: int) -> Iterator[Candidate]:
        order = "l1_distance(embedding, %s::vector), id LIMIT %s"
        return self._rows("", (), order, (_vector(query), limit))

    def all_within(self, query: Query, distance: float) -> Iterator[Candidate]:
        rule = Rule(query.dimensions)
        condition = "l1_distance(embedding, %s::vector) <= %s::float8 + %s::float8 * reach"
        given = (_vector(query), rule.ceiling(distance, query.reach), rule.slope)
        return self._rows(condition, given, "l1_distance(embedding, %s::vector)", given[:1])

    def by_index(self, query: Query, limit: int) -> Iterator[Candidate]:
        return self._rows("", (), "embedding <+> %s::vector LIMIT %s", (_vector(query), limit))

    def _rows(
        self,
        condition: str,
        given: tuple[Any, ...],
        order: str,
        ordered: tuple[Any, ...],
    ) -> Iterator[Candidate]:
        conditions = [f"({one})" for one in (self.where, condition) if one]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        self.cursor.execute(
            f"SELECT id, weights, points FROM {quoted(self.table)}{where} ORDER BY {order}",
            (*self.parameters, *given, *ordered),
        )
        while rows := self.cursor.fetchmany(_ROWS_AT_ONCE):
            for name, weights, points in rows:
                flat = np.asarray(points, np.float32)
                yield Candidate(name, weights, flat.reshape(len(weights), -1))


def _cursor(connection: Any) -> Any:
    return connection.cursor() if hasattr(connection, "cursor") else connection


def _vector(query: Query) -> str:
    return f"[{numbers(query.embedded)}]"
