"""How much an approximate search finds, measured on an index's own rows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from heatlens.search.engine import files
from heatlens.search.engine.nearest import Question, nearest, nearly_nearest
from heatlens.search.searcher import FEW
from heatlens.search.store.lock import alone
from heatlens.search.view import View
from heatlens.transport.threads import over_rows

if TYPE_CHECKING:
    from heatlens.search.index import ImageIndex

__all__ = ["recall"]


def recall(index: ImageIndex, k: int, queries: int, seed: int) -> float:
    """See `ImageIndex.recall`; kept in the working set's manifest."""
    seen = index.searcher.view()
    if seen is None or seen.count <= FEW:
        return 1.0
    name = f"{seen.version} {k} {queries} {seed}"
    kept = seen.working.manifest.get("recalls", {})
    if name not in kept:
        kept = {**kept, name: _measured(seen, k, queries, seed)}
        seen.working.manifest["recalls"] = kept
        _note(seen, kept)
    return float(kept[name])


def _measured(seen: View, k: int, queries: int, seed: int) -> float:
    rows = np.flatnonzero(seen.alive)
    chosen = np.random.default_rng(seed).choice(rows, min(queries, len(rows)), replace=False)
    found, wanted = np.zeros((2, len(chosen)), np.int64)

    def compare(start: int, stop: int) -> None:
        for n in range(start, stop):
            question = Question.of(seen.working, *seen.working.signatures[int(chosen[n])])
            # The row itself is found at distance 0 and counts for neither.
            exact = nearest(seen.working, question, k + 1, seen.alive)
            short = nearly_nearest(seen.working, question, k + 1, seen.alive)
            last = exact.distances[-1] * (1 + 1e-9)
            wanted[n] = max(1, len(exact.rows) - 1)
            found[n] = min(wanted[n], max(0, int((short.distances <= last).sum()) - 1))

    over_rows(compare, len(chosen))
    return float(found.sum() / wanted.sum())


def _note(seen: View, recalls: dict[str, float]) -> None:
    """Write it down for other processes, if the working set is still the one it was measured on."""
    home = seen.working.folder.parent
    with suppress(OSError, files.Stale), alone(home):
        manifest = files.load(home)
        if manifest["generation"] == seen.working.manifest["generation"]:
            of_this = {k: v for k, v in recalls.items() if k.startswith(f"{seen.version} ")}
            files.store(home, {**manifest, "recalls": of_this})
