"""`verify` of a whole index: the table, its seals, and the working set beside it."""

from __future__ import annotations

import dataclasses
import time

from heatlens.search.engine import files
from heatlens.search.engine.files import Stale
from heatlens.search.engine.ground import Ground
from heatlens.search.engine.working_set import WorkingSet
from heatlens.search.store.lock import alone
from heatlens.search.store.store import Store
from heatlens.search.store.verify import Report
from heatlens.search.view import home_of

__all__ = ["verified"]


def verified(store: Store) -> Report:
    """The store's report, with what is wrong in the working set; that is made anew by itself."""
    report, started = store.verify(), time.perf_counter()
    home = home_of(store)
    if not (home / files.MANIFEST).exists():
        return report
    with alone(home):
        try:
            manifest = files.load(home)
            dimensions, period = manifest["ground"]
            working = WorkingSet.load(home, Ground(dimensions, period))
            problems = working.problems()
            count = len(manifest["pieces"]) + 1
        except Stale as reason:
            problems, count = [f"the working set: {reason}"], 1
    told = [f"{home.name}/{problem}; it is made anew by the next search" for problem in problems]
    return dataclasses.replace(
        report,
        files=report.files + count,
        problems=(*report.problems, *told),
        seconds=report.seconds + time.perf_counter() - started,
    )
