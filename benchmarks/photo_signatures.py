"""Up to a million signatures made from real photographs, cached.

A row is a crop of one of eleven bundled photographs: its place, size, shape and flip are drawn, and
its brightness, contrast, saturation, hue and white balance are changed, so that the crops of one
photograph differ about as much as different photographs do. It is reduced to 32 x 32 pixels by
area averages (summed-area tables), taken to CIELAB, and clustered (k-means++ start, six of Lloyd's
iterations). Crops of hardly any colour are drawn again, so all k clusters have mass.

A row depends on the seed and on its own number alone: the first n rows are the same whatever the
count, and queries that no row was made from are another seed's rows.

    python -m benchmarks.photo_signatures 1000000
"""

from __future__ import annotations

import hashlib
import math
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.lib.format import open_memmap

from benchmarks.photo_clusters import ITERATIONS, clustered
from benchmarks.photo_crops import PHOTOGRAPHS, crop, lab, photographs, pictures, seeded, tables
from heatlens.transport.threads import over_rows

__all__ = ["CACHE", "made", "signatures", "thumbnails"]

CACHE = Path(__file__).parents[1] / "out" / "bench" / "cache"
VERSION: Final = 1
"""Of the generator; a change of what comes out needs another one."""

SIDE: Final = 32
POSITION: Final = 100.0
"""CIELAB units that the diagonal counts, as in `signature-position`."""

_DULL: Final = 25.0
"""Variance of the colours, in squared CIELAB units, below which a crop is drawn again."""

_BLOCK: Final = 50_000


def signatures(count: int, k: int = 32, position: bool = False, seed: int = 0) -> tuple[Any, Any]:
    """Signatures from the cache, made first where they are not in it.

    Returns:
        Weights (N, k), above 0, summing to 1, and points (N, k, d), float32 and memory-mapped
        read-only: CIELAB, and with `position` also y and x, the diagonal counting 100.
    """
    stem = f"signatures-{_key(k, position, seed)}"
    enough = [path for path in CACHE.glob(f"{stem}-*") if _count(path) >= count]
    folder = min(enough, key=_count, default=CACHE / f"{stem}-{count}")
    if not enough:
        _fill(folder, count, k, position, seed)
    weights, points = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _FILES)
    return weights[:count], points[:count]


def made(start: int, stop: int, k: int, position: bool, seed: int) -> tuple[Any, Any]:
    """The rows start..stop, computed now."""
    weights = np.empty((stop - start, k), np.float32)
    points = np.empty((stop - start, k, 5 if position else 3), np.float32)
    work = partial(_rows, *photographs(), *tables(), seed, start, weights, points)
    over_rows(work, stop - start, least=64)
    return weights, points


def thumbnails(count: int, side: int = 64, seed: int = 0) -> Any:
    """Crops themselves, (count, side, side, 3) uint8, drawn as those of the signatures are."""
    found = np.empty((count, side, side, 3), np.uint8)
    pictures(*photographs(), seed, found)
    return found


_FILES: Final = ("weights", "points")


def _key(k: int, position: bool, seed: int) -> str:
    names = [name for _, name in PHOTOGRAPHS]
    about = (VERSION, SIDE, ITERATIONS, POSITION, _DULL, names, k, position, seed)
    return f"{k}{'p' if position else ''}-{hashlib.sha256(repr(about).encode()).hexdigest()[:12]}"


def _count(folder: Path) -> int:
    return int(folder.name.split("-")[-1])


def _fill(folder: Path, count: int, k: int, position: bool, seed: int) -> None:
    """Write the files in a folder of another name, which gets its own when all is there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=CACHE, prefix="draft"))
    try:
        shapes = ((count, k), (count, k, 5 if position else 3))
        maps = [
            open_memmap(draft / f"{name}.npy", "w+", np.float32, shape)
            for name, shape in zip(_FILES, shapes, strict=True)
        ]
        for start in range(0, count, _BLOCK):
            stop = min(start + _BLOCK, count)
            for whole, block in zip(maps, made(start, stop, k, position, seed), strict=True):
                whole[start:stop] = block
        for whole in maps:
            whole.flush()
        if not folder.exists():
            draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@njit(cache=True, nogil=True, error_model="numpy")
def _rows(
    tables: Any, starts: Any, sizes: Any, linear: Any, cones: Any, seed: int, first: int,
    weights: Any, points: Any, start: int, stop: int,
) -> None:  # fmt: skip
    n = SIDE * SIDE
    d, k = points.shape[2], points.shape[1]
    state = np.empty(1, np.uint64)
    rgb = np.empty((3, n))
    x = np.empty((d, n), np.float32)
    best, label = np.empty(n, np.float32), np.empty(n, np.int32)
    sums = np.empty((k, d + 1))
    scale = POSITION / (SIDE * math.sqrt(2.0))
    for row in range(start, stop):
        seeded(state, seed, first + row)
        while True:
            crop(tables, starts, sizes, state, SIDE, rgb)
            if lab(rgb, linear, cones, x) < _DULL:
                continue
            if d == 5:
                for i in range(n):
                    x[3, i] = (i // SIDE + 0.5 - SIDE / 2) * scale
                    x[4, i] = (i % SIDE + 0.5 - SIDE / 2) * scale
            if clustered(x, state, best, label, sums, weights[row], points[row]):
                break


def main(arguments: list[str]) -> int:
    count, k = (int(arguments[i]) if len(arguments) > i else n for i, n in ((0, 100_000), (1, 32)))
    position = "position" in arguments
    started = time.perf_counter()
    weights, points = signatures(count, k, position)
    rate = count / (time.perf_counter() - started)
    print(f"{weights.shape} {points.shape}, {rate:.0f} a second: {Path(weights.filename).parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
