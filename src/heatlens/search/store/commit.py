"""Changes of the table: each one commit, made under the writers' lock and sealed."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from heatlens.errors import DamagedIndex, InvalidArgument, UnwritableIndex
from heatlens.search.store.lance import arrow, reading, writing
from heatlens.search.store.lock import alone
from heatlens.search.store.place import NAME, Place
from heatlens.search.store.scan import having_ids, keys_where, scanned
from heatlens.search.store.schema import Row, schema, table_of
from heatlens.search.store.seals import SEALS, TABLE, Sealed, pending, seal, table_files
from heatlens.search.store.settings import Settings
from heatlens.search.store.verify import checked

__all__ = ["append", "compact", "created", "remove_ids", "remove_where"]

_TRIES = 5
"""Of a commit that another writer got in the way of (Lance itself tries some times already)."""

_IDS = 5_000
"""Named in one condition."""


def created(place: Place, database: Any, settings: Settings) -> bool:
    """Make the table; False where there is one."""
    with alone(place.folder):
        if place.folder is not None:
            _clear_unfinished(place.folder)
        if place.holds_table(database):
            return False
        if place.folder is not None:
            (place.folder / SEALS).mkdir(exist_ok=True)
            pending(place.folder).touch()
        with writing(place.uri):
            table = database.create_table(NAME, schema=schema(settings.to_json()))
        if place.folder is not None:
            seal(place.folder, Sealed.read(place.folder), int(table.version), 0, complete=True)
    return True


def append(
    place: Place, database: Any, rows: Sequence[Row], period: float | None = None
) -> tuple[int, int, int]:
    """Add and replace rows in one commit: how many were new, changed, and there already."""
    if not rows:
        return 0, 0, 0
    fresh = table_of(rows, period)
    with _change(place, database) as (table, committed):
        _check_dimensions(table, fresh, place)
        there = _hashes_of(table, fresh["id"], place.uri)
        wanted = [k for k, row in enumerate(rows) if there.get(row.id) != row.hash]
        if wanted:
            part = fresh.take(arrow.array(wanted))
            committed(
                lambda: (
                    table.merge_insert("id")
                    .when_matched_update_all()
                    .when_not_matched_insert_all()
                    .execute(part)
                )
            )
    replaced = sum(rows[k].id in there for k in wanted)
    return len(wanted) - replaced, replaced, len(rows) - len(wanted)


def remove_ids(place: Place, database: Any, ids: Sequence[str]) -> int:
    """Remove rows by id, one commit for some thousands."""
    removed = 0
    with _change(place, database) as (table, committed):
        there = sorted(_hashes_of(table, arrow.array(list(ids), arrow.string()), place.uri))
        for start in range(0, len(there), _IDS):
            quoted = ("'" + name.replace("'", "''") + "'" for name in there[start : start + _IDS])
            condition = f"id IN ({', '.join(quoted)})"
            removed += int(committed(lambda: table.delete(condition)).num_deleted_rows)  # noqa: B023
    return removed


def remove_where(place: Place, database: Any, where: str) -> int:
    """Remove the rows that a condition lets through."""
    with _change(place, database) as (table, committed):
        count = len(keys_where(table, where, place.uri))
        if count:
            committed(lambda: table.delete(where))
    return count


def compact(place: Place, database: Any, keep: float) -> None:
    """Join small files and drop old versions, if nothing is damaged."""
    if not keep >= 0:
        raise InvalidArgument(f"keep is {keep}; seconds, from 0 on")
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
            pending(place.folder).touch()
        with writing(place.uri), _quiet():
            table.optimize(cleanup_older_than=timedelta(seconds=keep))
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
                pending(folder).touch()
            result = _tried(change, place.uri)
            if folder is not None:
                with reading(place.uri):
                    version, rows = int(table.version), int(table.count_rows())
                seal(folder, Sealed.read(folder), version, rows)
            return result

        yield table, committed


def _settle(place: Place, folder: Path, table: Any) -> None:
    """Seal what a writer that was killed left, once all rows are found to be whole.

    Also what another program did to the table, LanceDB's own tools say.
    """
    sealed = Sealed.read(folder)
    if sealed.problems:
        raise DamagedIndex(
            f"{sealed.problems[0]} in the index {folder}. Restore it from a backup; or `heatlens "
            "index --compact` compares each row with its checksum and seals the files anew"
        )
    if pending(folder).exists() or set(table_files(folder)) != sealed.files.keys():
        for _ in scanned(table, (), place.uri):
            pass
        with reading(place.uri):
            seal(folder, sealed, int(table.version), int(table.count_rows()))


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


def _hashes_of(table: Any, ids: Any, place: str) -> dict[str, str]:
    """Hashes of those of the ids that are there."""
    wanted = ids.combine_chunks() if hasattr(ids, "combine_chunks") else ids
    found: dict[str, str] = {}
    for batch in having_ids(table, wanted, ["id", "hash"], place):
        found.update(zip(batch["id"].to_pylist(), batch["hash"].to_pylist(), strict=True))
    return found


def _check_dimensions(table: Any, fresh: Any, place: Place) -> None:
    with reading(place.uri):
        there = table.search().select(["dimensions"]).limit(1).to_arrow()["dimensions"].to_pylist()
    given = fresh["dimensions"][0].as_py()
    if there and there[0] != given:
        raise InvalidArgument(
            f"points with {given} coordinates do not fit into the index {place.uri}, whose points "
            f"have {there[0]}; one index holds one kind"
        )


def _clear_unfinished(folder: Path) -> None:
    """Drop the beginning of a table whose making was cut off before its first version."""
    if pending(folder).exists() and not any((folder / TABLE / "_versions").glob("*.manifest")):
        shutil.rmtree(folder / TABLE, ignore_errors=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """LanceDB warns that versions are dropped, which is what was asked for."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
