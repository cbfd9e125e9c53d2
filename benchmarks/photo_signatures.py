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

from heatlens.testing.scenes.sources import file_of
from heatlens.transport.threads import over_rows

__all__ = ["CACHE", "PHOTOGRAPHS", "made", "signatures", "thumbnails"]

CACHE = Path(__file__).parents[1] / "out" / "bench" / "cache"
VERSION: Final = 1
"""Of the generator; a change of what comes out needs another one."""

SIDE: Final = 32
ITERATIONS: Final = 6
POSITION: Final = 100.0
"""CIELAB units that the diagonal counts, as in `signature-position`."""

_DULL: Final = 25.0
"""Variance of the colours, in squared CIELAB units, below which a crop is drawn again."""

_BLOCK: Final = 50_000
_SKIMAGE, _SKLEARN = ("skimage", "data"), ("sklearn", "datasets/images")
PHOTOGRAPHS: Final = (
    (_SKIMAGE, "astronaut.png"),
    (_SKIMAGE, "chelsea.png"),
    (_SKIMAGE, "coffee.png"),
    (_SKIMAGE, "hubble_deep_field.jpg"),
    (_SKIMAGE, "ihc.png"),
    (_SKIMAGE, "motorcycle_left.png"),
    (_SKIMAGE, "retina.jpg"),
    (_SKIMAGE, "rocket.jpg"),
    (_SKLEARN, "china.jpg"),
    (_SKLEARN, "flower.jpg"),
    (("matplotlib", "mpl-data/sample_data"), "grace_hopper.jpg"),
)


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
    work = partial(_rows, *_photographs(), *_tables(), seed, start, weights, points)
    over_rows(work, stop - start, least=64)
    return weights, points


def thumbnails(count: int, side: int = 64, seed: int = 0) -> Any:
    """Crops themselves, (count, side, side, 3) uint8, drawn as those of the signatures are."""
    found = np.empty((count, side, side, 3), np.uint8)
    _pictures(*_photographs(), seed, found)
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


def _photographs() -> tuple[Any, Any, Any]:
    """Summed-area tables end to end (total, 3), where each begins, and heights and widths."""
    from PIL import Image

    tables, sizes = [], []
    for place, name in PHOTOGRAPHS:
        with Image.open(file_of(place, name)) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        table = np.zeros((pixels.shape[0] + 1, pixels.shape[1] + 1, 3), np.uint32)
        table[1:, 1:] = pixels.astype(np.uint32).cumsum(0, np.uint32).cumsum(1, np.uint32)
        tables.append(table.reshape(-1, 3))
        sizes.append(pixels.shape[:2])
    starts = np.cumsum([0, *map(len, tables)])[:-1]
    return np.concatenate(tables), starts, np.array(sizes)


def _tables() -> tuple[Any, Any]:
    """sRGB to linear light in 4096 steps, and the matrix to X, Y, Z over those of white."""
    from heatlens.render import cielab

    v = np.arange(4096) / 4095
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32), cielab._XYZ / cielab._WHITE[:, None]


@njit(cache=True, nogil=True, error_model="numpy")
def _random(state: Any) -> Any:
    """A number in 0..1 from the state (1,), by SplitMix64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True, error_model="numpy")
def _seeded(state: Any, seed: int, row: int) -> None:
    state[0] = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(1)
    _random(state)
    state[0] ^= np.uint64(row) * np.uint64(0xA0761D6478BD642F)
    _random(state)
    _random(state)


@njit(cache=True, nogil=True, error_model="numpy")
def _colours(state: Any, matrix: Any, offset: Any) -> None:
    """Draw a change of colours: rgb -> matrix rgb + offset, in 0..1."""
    gain = math.exp(0.9 * (_random(state) - 0.6))
    contrast = math.exp(1.0 * (_random(state) - 0.5))
    saturation = 1.8 * _random(state) ** 0.7
    angle = 0.5 * (_random(state) + _random(state) - 1)
    if _random(state) < 0.5:
        angle = 2 * _random(state)
    cosine, sine = math.cos(math.pi * angle), math.sin(math.pi * angle)
    shift = 0.3 * (_random(state) - 0.5)
    luma = (0.299, 0.587, 0.114)
    for c in range(3):
        white = math.exp(0.3 * (_random(state) - 0.5))
        for e in range(3):
            # A turn about the grey axis, of the part that has a colour.
            after, before = (c + 1) % 3, (c + 2) % 3
            turned = (1.0 if c == e else 0.0) * cosine + (1 - cosine) / 3
            if e == before:
                turned += sine / math.sqrt(3.0)
            elif e == after:
                turned -= sine / math.sqrt(3.0)
            matrix[c, e] = (
                white * gain * contrast * (saturation * turned + (1 - saturation) * luma[e])
            )
        offset[c] = white * gain * (1 - contrast) * 0.45 + shift


@njit(cache=True, nogil=True, error_model="numpy")
def _crop(tables: Any, starts: Any, sizes: Any, state: Any, side: int, rgb: Any) -> None:
    """Draw a crop and its colours: `rgb` (3, side * side) in 0..1."""
    photograph = min(int(_random(state) * len(starts)), len(starts) - 1)
    height, width = sizes[photograph]
    most = math.log(min(height, width) / (1.5 * side))
    extent = 1.5 * side * math.exp(most * _random(state))
    aspect = math.exp(0.35 * (_random(state) - 0.5))
    high = max(side, min(height, int(extent * aspect)))
    wide = max(side, min(width, int(extent / aspect)))
    top = min(int(_random(state) * (height - high + 1)), height - high)
    left = min(int(_random(state) * (width - wide + 1)), width - wide)
    mirrored, turned = _random(state) < 0.5, _random(state) < 0.25
    matrix, offset = np.empty((3, 3)), np.empty(3)
    _colours(state, matrix, offset)
    line = width + 1
    base = starts[photograph]
    for i in range(side):
        a, b = top + i * high // side, top + (i + 1) * high // side
        y = side - 1 - i if turned else i
        for j in range(side):
            c, e = left + j * wide // side, left + (j + 1) * wide // side
            x = side - 1 - j if mirrored else j
            share = 1.0 / (255.0 * (b - a) * (e - c))
            p, q = base + a * line, base + b * line
            mean0 = share * np.float64(
                tables[q + e, 0] - tables[q + c, 0] - tables[p + e, 0] + tables[p + c, 0]
            )
            mean1 = share * np.float64(
                tables[q + e, 1] - tables[q + c, 1] - tables[p + e, 1] + tables[p + c, 1]
            )
            mean2 = share * np.float64(
                tables[q + e, 2] - tables[q + c, 2] - tables[p + e, 2] + tables[p + c, 2]
            )
            for channel in range(3):
                v = (
                    matrix[channel, 0] * mean0
                    + matrix[channel, 1] * mean1
                    + matrix[channel, 2] * mean2
                    + offset[channel]
                )
                rgb[channel, y * side + x] = min(max(v, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _lab(rgb: Any, linear: Any, cones: Any, lab: Any) -> Any:
    """CIELAB (3, n) of `rgb` (3, n); the colours' variance."""
    n = rgb.shape[1]
    f = np.empty(3)
    sums, squares = np.zeros(3), np.zeros(3)
    for i in range(n):
        r = linear[int(rgb[0, i] * 4095 + 0.5)]
        g = linear[int(rgb[1, i] * 4095 + 0.5)]
        b = linear[int(rgb[2, i] * 4095 + 0.5)]
        for c in range(3):
            t = cones[c, 0] * r + cones[c, 1] * g + cones[c, 2] * b
            f[c] = t ** (1 / 3) if t > 0.008856451679035631 else t * 7.787037037037037 + 4 / 29
        lab[0, i] = 116 * f[1] - 16
        lab[1, i] = 500 * (f[0] - f[1])
        lab[2, i] = 200 * (f[1] - f[2])
        for c in range(3):
            sums[c] += lab[c, i]
            squares[c] += lab[c, i] * lab[c, i]
    return ((squares - sums * sums / n) / n).sum()


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _closer(x: Any, centre: Any, j: Any, best: Any, label: Any) -> None:
    """One more centre: squared distances to the nearest, and which it is."""
    d, n = x.shape
    if d == 3:
        x0, x1, x2 = x[0], x[1], x[2]
        for i in range(n):
            s = (x0[i] - centre[0]) ** 2 + (x1[i] - centre[1]) ** 2 + (x2[i] - centre[2]) ** 2
            nearer = s < best[i]
            best[i] = s if nearer else best[i]
            label[i] = j if nearer else label[i]
    else:
        for i in range(n):
            s = (x[0, i] - centre[0]) ** 2
            for c in range(1, d):
                s += (x[c, i] - centre[c]) ** 2
            nearer = s < best[i]
            best[i] = s if nearer else best[i]
            label[i] = j if nearer else label[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _clustered(
    x: Any, state: Any, best: Any, label: Any, sums: Any, weights: Any, centres: Any
) -> Any:
    """k-means of the points x (d, n); whether there are k different ones."""
    d, n = x.shape
    k = len(weights)
    best[:] = np.inf
    chosen = min(int(_random(state) * n), n - 1)
    for j in range(k):
        for c in range(d):
            centres[j, c] = x[c, chosen]
        _closer(x, centres[j], np.int32(j), best, label)
        total = 0.0
        for i in range(n):
            total += best[i]
        if total <= 0:
            return False
        aim, reached = _random(state) * total, 0.0
        for i in range(n):
            reached += best[i]
            if best[i] > 0:
                chosen = i
            if reached > aim and best[i] > 0:
                break
    for _ in range(ITERATIONS):
        best[:] = np.inf
        for j in range(k):
            _closer(x, centres[j], np.int32(j), best, label)
        sums[:] = 0
        for i in range(n):
            j = label[i]
            sums[j, d] += 1
            for c in range(d):
                sums[j, c] += x[c, i]
        for j in range(k):
            if sums[j, d] == 0:
                # The point that is worst off, of a cluster that has others.
                worst = -1
                for i in range(n):
                    if sums[label[i], d] > 1 and (worst < 0 or best[i] > best[worst]):
                        worst = i
                old = label[worst]
                for c in range(d):
                    sums[old, c] -= x[c, worst]
                    sums[j, c] = x[c, worst]
                sums[old, d] -= 1
                sums[j, d] = 1
                label[worst], best[worst] = j, 0
            for c in range(d):
                centres[j, c] = sums[j, c] / sums[j, d]
            weights[j] = sums[j, d] / n
    # A point taken from a cluster further on was counted in its mean already.
    for j in range(k):
        for c in range(d):
            centres[j, c] = sums[j, c] / sums[j, d]
        weights[j] = sums[j, d] / n
    return True


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
        _seeded(state, seed, first + row)
        while True:
            _crop(tables, starts, sizes, state, SIDE, rgb)
            if _lab(rgb, linear, cones, x) < _DULL:
                continue
            if d == 5:
                for i in range(n):
                    x[3, i] = (i // SIDE + 0.5 - SIDE / 2) * scale
                    x[4, i] = (i % SIDE + 0.5 - SIDE / 2) * scale
            if _clustered(x, state, best, label, sums, weights[row], points[row]):
                break


@njit(cache=True, nogil=True, error_model="numpy")
def _pictures(tables: Any, starts: Any, sizes: Any, seed: int, found: Any) -> None:
    side = found.shape[1]
    state = np.empty(1, np.uint64)
    rgb = np.empty((3, side * side))
    for row in range(len(found)):
        _seeded(state, seed, row)
        _crop(tables, starts, sizes, state, side, rgb)
        for i in range(side * side):
            for c in range(3):
                found[row, i // side, i % side, c] = np.uint8(rgb[c, i] * 255 + 0.5)


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
