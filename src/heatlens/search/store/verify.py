"""`verify`: every byte of an index compared with what was written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.errors import HeatlensError
from heatlens.search.store.lock import alone
from heatlens.search.store.place import Place
from heatlens.search.store.scan import scanned
from heatlens.search.store.seals import (
    HINT,
    SEALS,
    TABLE,
    Sealed,
    digest_of,
    files_below,
    pending,
    table_files,
)

__all__ = ["Report", "checked", "verify"]


@dataclass(frozen=True)
class Report:
    """What `verify` found.

    Attributes:
        files: how many were read.
        rows: compared with their keys; 0 where files are damaged already.
        problems: sentences, each with the file's path below the index; none if all is well.
        unsealed: files without a seal: of a writer that was killed (the next one compares their
            rows with their keys, and seals them), or foreign.
        seconds: it took.
    """

    files: int
    rows: int
    problems: tuple[str, ...] = ()
    unsealed: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.problems


def verify(
    path: str | os.PathLike[str], *, storage_options: dict[str, str] | None = None
) -> Report:
    """Check the files of an index against their seals, and its rows against their keys.

    Writers wait meanwhile. An index that cannot be opened is checked as well. On object storage,
    which has checksums of its own, only rows are compared.

    Raises:
        MissingIndex: there is nothing at `path`.
        NotAnIndex: something else is.
    """
    place = Place.of(path, storage_options)
    place.check_there()
    with alone(place.folder):
        return checked(place)[0]


def checked(place: Place, database: Any = None) -> tuple[Report, Sealed]:
    """The report, and the seals; the writers' lock is held."""
    start = time.perf_counter()
    sealed, problems, files = Sealed(), [], 0
    unsealed: tuple[str, ...] = ()
    if place.folder is not None and (place.folder / TABLE).is_dir():
        folder = place.folder
        sealed = Sealed.read(folder)
        present = table_files(folder)
        problems = [*sealed.problems, *_wrong_files(folder, present, sealed)]
        files = len(present) + len(sealed.names) + 1
        seals = {f"{SEALS}/{pending(folder).name}", *sealed.names}
        unsealed = tuple(
            path
            for path in (*present, *files_below(folder, SEALS))
            if path not in sealed.files and path not in seals
        )
    rows = 0
    if all(problem.startswith(SEALS) for problem in problems):
        try:
            rows, found = _wrong_rows(place, database or place.connect(), sealed)
            problems += found
        except HeatlensError as error:
            if place.folder is None or not sealed.names:
                raise
            problems.append(str(error))
    seconds = time.perf_counter() - start
    return Report(files, rows, tuple(problems), unsealed, seconds), sealed


def _wrong_files(folder: Path, present: list[str], sealed: Sealed) -> Iterator[str]:
    for path in present:
        if path not in sealed.files:
            continue
        was = sealed.files[path]
        try:
            size = (folder / path).stat().st_size
            same = size == was[0] and digest_of(folder / path) == was
        except OSError as error:
            yield f"{path} cannot be read: {error.strerror or error}"
            continue
        if size != was[0]:
            yield f"{path} is damaged: it has {size} bytes, and {was[0]} were written"
        elif not same:
            yield f"{path} is damaged: its {size} bytes are not those that were written"
    if not pending(folder).exists():
        for path in sorted(sealed.files.keys() - set(present)):
            yield f"{path} is missing"
    yield from _wrong_hint(folder, sealed.version)


def _wrong_hint(folder: Path, version: int) -> Iterator[str]:
    """The hint at the newest version, which Lance writes anew each time and can do without."""
    file = folder / HINT
    if not file.exists():
        return
    said = file.read_bytes()
    try:
        hinted = int(json.loads(said)["version"])
    except (ValueError, KeyError, TypeError):
        hinted = -1
    whole = said == b'{"version":%d}' % hinted
    # Names of manifests count down, so that the newest is the first of a listing.
    newer = hinted > version and (file.parent / f"{2**64 - 1 - hinted:020}.manifest").exists()
    if version and not (whole and (hinted == version or newer)):
        yield (
            f"{HINT} is damaged: it says {said[:40]!r}, and the newest version is {version}; it "
            "can be deleted"
        )


def _wrong_rows(place: Place, database: Any, sealed: Sealed) -> tuple[int, list[str]]:
    table, _ = place.open(database)
    found = [keys for keys, _ in scanned(table, (), place.uri)]
    keys = np.concatenate([np.empty(0, np.uint64), *found])
    problems = []
    if len(np.unique(keys)) < len(keys):
        problems.append(f"{TABLE} holds a row twice")
    if sealed.version == int(table.version) and sealed.rows != len(keys):
        problems.append(f"{TABLE} holds {len(keys)} rows, and {sealed.rows} were written")
    return len(keys), problems
