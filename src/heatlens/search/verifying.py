"""`verify` of a whole index: the table, its seals, and the working set beside it."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

from heatlens.search.engine import files
from heatlens.search.engine.files import Stale
from heatlens.search.engine.ground import Ground
from heatlens.search.engine.working_set import WorkingSet
from heatlens.search.store.lock import alone
from heatlens.search.store.place import Place
from heatlens.search.store.verify import Report, verify
from heatlens.search.view import home_of

__all__ = ["verified"]


def verified(
    path: str | os.PathLike[str], *, storage_options: dict[str, str] | None = None
) -> Report:
    """Compare every byte of an index with what was written, those of its working set too.

    It needs no table that can be opened. A working set with a damaged byte is put out of use, so
    that the next search makes another.

    Raises:
        MissingIndex: nothing is there.
        NotAnIndex: something else is.
    """
    report, started = verify(path, storage_options=storage_options), time.perf_counter()
    home = home_of(Place.of(path, storage_options))
    if not (home / files.MANIFEST).exists():
        return report
    with alone(home):
        problems, count = _problems(home)
        if problems:
            problems = [f"{home.name}/{problem}; {_put_out_of_use(home)}" for problem in problems]
    return dataclasses.replace(
        report,
        files=report.files + count,
        problems=(*report.problems, *problems),
        seconds=report.seconds + time.perf_counter() - started,
    )


def _problems(home: Path) -> tuple[list[str], int]:
    """What is wrong in a working set, and how many files were looked at."""
    try:
        manifest = files.load(home)
        dimensions, period = manifest["ground"]
        working = WorkingSet.load(home, Ground(dimensions, period))
        return working.problems(), len(manifest["pieces"]) + 1
    except Stale as reason:
        return [f"the working set cannot be used: {reason}"], 1


def _put_out_of_use(home: Path) -> str:
    """Take the manifest away, and say what follows."""
    try:
        (home / files.MANIFEST).unlink(missing_ok=True)
    except OSError:
        return f"delete {home}, which can be made anew"
    return "it is made anew by the next search"
