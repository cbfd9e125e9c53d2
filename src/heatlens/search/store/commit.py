"""Changes of the table: each one commit, made under the writers' lock and sealed."""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from numbers import Real
from pathlib import Path
from typing import Any

from heatlens.errors import DamagedIndex, InvalidArgument, InvalidType, UnwritableIndex
from heatlens.search.store.lance import arrow, marking, reading, writing
from heatlens.search.store.lock import alone
from heatlens.search.store.place import NAME, Place
from heatlens.search.store.scan import having_ids, keys_where, scanned
from heatlens.search.store.schema import Row, schema, table_of
from heatlens.search.store.seals import (
    SEALS,
    TABLE,
    Sealed,
    mark_pending,
    pending,
    seal,
    table_files,
)
from heatlens.search.store.settings import Settings
from heatlens.search.store.verify import checked

__all__ = ["append", "compact", "created", "remove_ids", "remove_where", "retag"]

_TRIES = 5
"""Of a commit that another writer got in the way of (Lance itself tries some times already)."""

_LONGEST = 1e9
"""Seconds that `compact` can keep versions for."""

_There = dict[str, tuple[str, list[str]]]


def created(place: Place, database: Any, settings: Settings) -> bool:
    """Make the table; False where there is one."""
    with alone(place.folder):
        if place.folder is not None and place.unfinished:
            shutil.rmtree(place.folder / TABLE, ignore_errors=True)
        if place.holds_table(database):
            return False
        if place.folder is not None:
            mark_pending(place.folder)
        with writing(place.uri):
            table = database.create_table(NAME, schema=schema(settings.to_json()))
        if place.folder is not None:
            seal(place.folder, Sealed.read(place.folder), int(table.version), 0, complete=True)
    return True


def append(
    place: Place, database: Any, rows: Sequence[Row], period: float | None = None
) -> tuple[int, int, int]:
    """Add and replace rows in one commit: how many were new, changed, and there already.

    Rows that are there keep their tags, and get those of the new ones.
    """
    if not rows:
        return 0, 0, 0
    fresh = table_of(rows, period)
    with _change(place, database) as (table, committed):
        _check_dimensions(table, fresh, place)
        there = _there(table, fresh["id"], place.uri)
        tags = [_union(there[row.id][1] if row.id in there else (), row.tags) for row in rows]
        wanted = [k for k, row in enumerate(rows) if there.get(row.id) != (row.hash, tags[k])]
        if wanted:
            at = fresh.schema.get_field_index("tags")
            field = fresh.schema.field(at)
            part = fresh.set_column(at, field, arrow.array(tags, field.type))
            part = part.take(arrow.array(wanted))
            committed(
                lambda: (
                    table.merge_insert("id")
                    .when_matched_update_all()
                    .when_not_matched_insert_all()
                    .execute(part)
                )
            )
    added = sum(row.id not in there for row in rows)
    unchanged = sum(row.id in there and there[row.id][0] == row.hash for row in rows)
    return added, len(rows) - added - unchanged, unchanged


def retag(place: Place, database: Any, ids: Sequence[str], tags: Sequence[str]) -> int:
    """Add tags to rows that lack them, in one commit; how many did."""
    with _change(place, database) as (table, committed):
        there = _there(table, arrow.array(list(ids), arrow.string()), place.uri)
        lacking = [name for name, (_, own) in there.items() if not set(tags) <= set(own)]
        if lacking:
            words = ", ".join(map(_quoted, dict.fromkeys(tags)))
            union = f"array_union(coalesce(tags, make_array()), make_array({words}))"
            committed(lambda: table.update(_among(lacking), values_sql={"tags": union}))
    return len(lacking)


def remove_ids(place: Place, database: Any, ids: Sequence[str]) -> int:
    """Remove rows by id, in one commit; how many there were."""
    with _change(place, database) as (table, committed):
        there = sorted(_there(table, arrow.array(list(ids), arrow.string()), place.uri))
        if not there:
            return 0
        return int(committed(lambda: table.delete(_among(there))).num_deleted_rows)


def remove_where(place: Place, database: Any, where: str) -> int:
    """Remove the rows that a condition lets through."""
    with _change(place, database) as (table, committed):
        count = len(keys_where(table, where, place.uri))
        if count:
            committed(lambda: table.delete(where))
    return count


def compact(place: Place, database: Any, keep: float) -> None:
    """Join small files and drop old versions, if nothing is damaged."""
    if isinstance(keep, bool) or not isinstance(keep, Real):
        raise InvalidType(f"keep is {keep!r}; it is a number of seconds, from 0 on")
    if not (math.isfinite(keep) and 0 <= keep <= _LONGEST):
        raise InvalidArgument(f"keep is {keep}; it is in seconds, from 0 to {_LONGEST:g}")
    with alone(place.folder):
        if place.folder is not None and not Sealed.read(place.folder).problems:
            _settle(place, place.folder, place.open(database)[0])
        report, sealed = checked(place, database)
        damaged = [problem for problem in report.problems if not problem.startswith(SEALS)]
        if damaged:
            raise DamagedIndex(
                f"{damaged[0]} in the index {place.uri}, which joining files would hide; restore "
                "it from a backup, or build the index again"
            )
        table, _ = place.open(database)
        if place.folder is not None:
            mark_pending(place.folder)
        with writing(place.uri), _quiet():
            table.optimize(cleanup_older_than=timedelta(seconds=float(keep)))
        if place.folder is not None:
            seal(place.folder, sealed, int(table.version), table.count_rows(), complete=True)


@contextlib.contextmanager
def _change(place: Place, database: Any) -> Iterator[tuple[Any, Any]]:
    """The newest version of the table, and a function that makes a commit and seals it."""
    folder = place.folder
    with alone(folder):
        table, _ = place.open(database)
        if folder is not None:
            _settle(place, folder, table)

        def committed(change: Any) -> Any:
            if folder is not None:
                mark_pending(folder)
            result = _tried(change, place.uri)
            if folder is not None:
                with reading(place.uri):
                    version, rows = int(table.version), int(table.count_rows())
                seal(folder, Sealed.read(folder), version, rows)
            return result

        yield table, committed


def _settle(place: Place, folder: Path, table: Any) -> None:
    """Seal what a writer that was killed left, once all rows are found to be whole.

    Also what another program did to the table, LanceDB's own tools say, and all files where every
    seal was lost.
    """
    sealed = Sealed.read(folder)
    if sealed.problems and sealed.names:
        raise DamagedIndex(f"of the index {folder}, {sealed.problems[0]}")
    if pending(folder).exists() or set(table_files(folder)) != sealed.files.keys():
        for _ in scanned(table, (), place.uri):
            pass
        with reading(place.uri):
            version, rows = int(table.version), int(table.count_rows())
        with marking(folder):
            (folder / SEALS).mkdir(exist_ok=True)
        seal(folder, sealed, version, rows)


def _tried(change: Any, place: str) -> Any:
    """Make a commit; again, if another writer was faster."""
    for attempt in range(_TRIES):
        try:
            with writing(place):
                return change()
        except UnwritableIndex as error:
            if "onflict" not in str(error) or attempt == _TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)
    raise AssertionError  # the last try returned or raised


def _there(table: Any, ids: Any, place: str) -> _There:
    """Hash and tags of those of the ids that are there."""
    wanted = ids.combine_chunks() if hasattr(ids, "combine_chunks") else ids
    found: _There = {}
    for batch in having_ids(table, wanted, ["id", "hash", "tags"], place):
        tags = (own or [] for own in batch["tags"].to_pylist())
        values = zip(batch["hash"].to_pylist(), tags, strict=True)
        found.update(zip(batch["id"].to_pylist(), values, strict=True))
    return found


def _union(own: Sequence[str], more: Sequence[str]) -> list[str]:
    """Tags without repetition; those a row has come first."""
    return list(dict.fromkeys((*own, *more)))


def _among(ids: Sequence[str]) -> str:
    return f"id IN ({', '.join(map(_quoted, ids))})"


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _check_dimensions(table: Any, fresh: Any, place: Place) -> None:
    with reading(place.uri):
        there = table.search().select(["dimensions"]).limit(1).to_arrow()["dimensions"].to_pylist()
    given = fresh["dimensions"][0].as_py()
    if there and there[0] != given:
        raise InvalidArgument(
            f"points with {given} coordinates do not fit into the index {place.uri}, whose points "
            f"have {there[0]}; one index holds one kind"
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """LanceDB warns that versions are dropped, which is what was asked for."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
