"""One version of an index as the search sees it: the working set, and which of its rows count."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import HeatlensError, UnwritableIndex
from heatlens.search.engine.clusters import ROWS
from heatlens.search.engine.files import MANIFEST, Stale
from heatlens.search.engine.ground import Ground
from heatlens.search.engine.working_set import Piece, WorkingSet
from heatlens.search.signatures import Signatures
from heatlens.search.store.lock import alone
from heatlens.search.store.place import Place
from heatlens.search.store.store import Store

__all__ = ["BOUNDS", "View", "home_of", "ordered", "view"]

BOUNDS = "bounds"
"""The working set's folder in that of an index."""

_ROWS_AT_ONCE = 1 << 18
_POINTS_AT_ONCE = 1 << 23
"""Of what is laid out in memory while the working set grows."""

_DEAD, _FEW_DEAD = 0.3, 0.02
"""Share of rows that are no longer in the table from which the working set is made anew; by
itself, and when it is asked to be in order."""

_CLUSTERS, _FEW_CLUSTERS = 8.0, 1.5
"""How many times as many clusters as there would be at once, likewise."""

_log = logging.getLogger("heatlens.search")


@dataclass(frozen=True, eq=False)
class View:
    """What can be searched.

    Attributes:
        working: the rows.
        alive: (N,) uint8, 1 for rows that are in the table.
        count: how many are.
        version: of the table.
    """

    working: WorkingSet
    alive: npt.NDArray[np.uint8]
    count: int
    version: int


def view(store: Store) -> View | None:
    """The working set for the version that `store` reads, brought up to date; None if it is empty.

    Raises:
        DamagedIndex: a row of the table that is needed is damaged.
    """
    keys = store.keys()
    if not len(keys):
        return None
    homes, ground = _homes_of(store.place), _ground(store, keys)
    for home in homes:
        found = _fitting(store, home, ground, keys)
        if found is not None:
            return found
    return _made(store, homes[-1], ground, keys)


def ordered(store: Store) -> None:
    """Make the working set anew where many small additions, or removals, have scattered it."""
    keys = store.keys()
    if len(keys):
        home = _homes_of(store.place)[-1]
        _made(store, home, _ground(store, keys), keys, dead=_FEW_DEAD, clusters=_FEW_CLUSTERS)


def _made(store: Store, home: Path, ground: Ground, keys: Any, **limits: float) -> View:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with alone(home):
            return _renewed(store, home, ground, keys, **limits)
    except OSError as error:
        if isinstance(error, HeatlensError):
            raise
        raise UnwritableIndex(
            f"the working set of {store.place.uri} cannot be written to {home} "
            f"({error.strerror or error}); a search needs it, it takes about as much room as the "
            "signatures. The index itself is whole"
        ) from error


def _homes_of(place: Place) -> list[Path]:
    """Where the working set may lie; in the last of them it is made.

    It lies in the index's folder. With the user's caches it lies for object storage, and where that
    folder cannot be written to and what is in it does not fit.
    """
    beside = None if place.folder is None else place.folder / BOUNDS
    if beside is not None and os.access(beside if beside.is_dir() else beside.parent, os.W_OK):
        return [beside]
    name = hashlib.blake2b(str(place.uri).encode(), digest_size=12).hexdigest()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cached = Path(caches) / "heatlens" / BOUNDS / name
    try:
        cached.mkdir(parents=True, exist_ok=True)
    except OSError:
        cached = Path(tempfile.gettempdir()) / f"heatlens-{os.getuid()}" / BOUNDS / name
    return [cached] if beside is None else [beside, cached]


def home_of(place: Place) -> Path:
    """Where the working set lies, or would be made."""
    homes = _homes_of(place)
    return next((home for home in homes if (home / MANIFEST).exists()), homes[-1])


def _fitting(store: Store, home: Path, ground: Ground, keys: Any) -> View | None:
    """The working set that lies in `home`, if it holds all rows."""
    try:
        working = WorkingSet.load(home, ground)
    except Stale:
        return None
    if not working.settled and os.access(home, os.W_OK):
        return None  # a copy: its times of change are noted, so that it is not read whole each time
    if len(working) == len(keys) and _digest(working.keys) == _digest(keys):
        return View(working, np.ones(len(keys), np.uint8), len(keys), store.version)
    alive = np.isin(working.keys, keys)
    if int(alive.sum()) < len(keys):
        return None
    return View(working, alive.astype(np.uint8), len(keys), store.version)


def _digest(keys: Any) -> tuple[int, int]:
    """Of keys in any order; they are checksums themselves."""
    return int(np.bitwise_xor.reduce(keys)), int(keys.sum(dtype=np.uint64))


def _renewed(
    store: Store,
    home: Path,
    ground: Ground,
    keys: Any,
    dead: float = _DEAD,
    clusters: float = _CLUSTERS,
) -> View:
    """Append what is missing, or make all anew; the lock is held."""
    try:
        working = WorkingSet.load(home, ground)
        alive = np.isin(working.keys, keys)
        scattered = len(working.clusters.centre) > clusters * (8 + len(working) / ROWS)
        if scattered or len(working) - alive.sum() > dead * max(len(working), ROWS):
            raise Stale("it is scattered")
        missing = keys[~np.isin(keys, working.keys)]
        if len(missing):
            working = working.extended(_pieces(store, missing), store.version)
    except Stale as reason:
        _log.info("the working set in %s is made anew: %s", home, reason)
        working = WorkingSet.new(home, ground).extended(_pieces(store, None), store.version)
    if working.manifest["version"] != store.version or not working.settled:
        working = working.sealed(store.version)
    alive = np.isin(working.keys, keys)
    return View(working, alive.astype(np.uint8), len(keys), store.version)


def _ground(store: Store, keys: Any) -> Ground:
    first = next(store.read(keys[:1], ["dimensions"]))
    return Ground(int(first["dimensions"][0].as_py()), store.settings.period)


def _pieces(store: Store, keys: Any) -> Iterator[Piece]:
    """Rows of the table in pieces that fit in memory, as large as they may be."""
    held: list[Piece] = []
    rows = points = 0
    for found, ids, signatures in store.signatures(keys):
        held.append((found, ids, signatures))
        rows, points = rows + len(ids), points + len(signatures.weights)
        if rows >= _ROWS_AT_ONCE or points >= _POINTS_AT_ONCE:
            yield _joined(held)
            held, rows, points = [], 0, 0
    if held:
        yield _joined(held)


def _joined(held: list[Piece]) -> Piece:
    sizes = np.concatenate([np.diff(piece[2].starts) for piece in held])
    together = Signatures(
        np.concatenate([piece[2].weights for piece in held]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([piece[2].points for piece in held]),
    )
    keys = np.concatenate([piece[0] for piece in held])
    return keys, [name for piece in held for name in piece[1]], together
