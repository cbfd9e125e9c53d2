"""Signatures a second from decoded thumbnails, and from a folder of JPEG files to an index."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import Said
from benchmarks.photo_files import written
from benchmarks.photo_signatures import thumbnails
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens import ImageIndex, as_distribution
from heatlens.distributions.kinds.signature import colour_signature
from heatlens.distributions.lloyd import nearest
from heatlens.render.cielab import from_srgb

K, SIDE = 32, 64
RATE, INERTIA, LIMIT = 3000, 1.05, 1.5
"""Goals: signatures a second by two threads, inertia over scikit-learn's, adding over decoding."""

SIZES = {(640, 480): (80, 600, 2000), (1600, 1200): (20, 200, 600), (4000, 3000): (4, 40, 100)}
"""Pixels of the JPEG files -> how many (quick, default, full)."""

ONE, TWO, DOOR, PEER = "one thread", "two threads", "as_distribution", "scikit-learn"


def run(settings: Settings, said: Said) -> Result:
    """Time both, beside scikit-learn's k-means and beside decoding alone."""
    said("thumbnails")
    pictures = thumbnails(settings.of(quick=60, default=2000, full=6000), SIDE, settings.seed)
    some = _of_many_colours(pictures)[: settings.of(quick=10, default=200, full=400)]
    few = some[: settings.of(quick=4, default=20, full=40)]
    ours = [
        Contender(f"heatlens, {ONE}", partial(_all, pictures, 1), note=f"{len(pictures)} pictures"),
        Contender(f"heatlens, {TWO}", partial(_all, pictures, 2), note=f"{len(pictures)} pictures"),
        Contender(f"heatlens, {DOOR}", lambda: [as_distribution(p, "signature") for p in some],
                  note=f"{len(some)} pictures, one thread, with the mean error"),
        Contender(f"{PEER}, KMeans", lambda: [_peer(p, 0) for p in few], peer=True,
                  note=f"{len(few)} pictures, all pixels, n_init=1, its threads"),
    ]  # fmt: skip
    times = race(ours, settings, said=said)
    said("inertia")
    mine = np.array([_inertia(p, colour_signature(p, K)[1]) for p in some])
    theirs = np.array([_inertia(p, _peer(p, seed)) for seed, p in enumerate(some)])
    share = float(mine.mean() / theirs.mean())
    counts = [len(pictures), len(pictures), len(some), len(few)]
    rates = {
        t.name: n / t.median if t.seconds else None
        for t, n in zip(times.values(), counts, strict=True)
    }
    folders = Path(tempfile.mkdtemp(prefix="heatlens-build"))
    try:
        ended = race(_end_to_end(folders, settings, said), settings, said=said)
    finally:
        shutil.rmtree(folders, ignore_errors=True)
    return Result(
        name="build-signatures",
        title="Signatures from pictures",
        setting={"thumbnails": f"{SIDE} x {SIDE}", "clusters": K, "files": str(_numbers(settings))},
        entries=entries([*times.values(), *ended.values()]),
        targets=_targets(rates, share, ended),
        agreements=[_agreement(some)],
        extras=[
            Extra("Signatures a second", ["contender", "rate"],
                  [[name, None if rate is None else round(rate, 1)] for name, rate in rates.items()]),
            Extra("Inertia of all pixels over scikit-learn's, picture by picture", ["5 %", "median", "95 %"],
                  [[round(float(v), 3) for v in np.percentile(mine / theirs, [5, 50, 95])]]),
        ],
        notes=[
            "Thumbnails are jittered crops of photographs; those of no more than 64 colours are "
            "left out of the inertia.",
            "Decoding is what the index does first: the file is read, hashed, and decoded at "
            "the smallest JPEG scale that leaves 128 pixels. Adding reduces it, makes the "
            "signature and a thumbnail and commits the rows. Two threads, files in the page cache.",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def _all(pictures: Any, threads: int) -> list[Any]:
    if threads == 1:
        return [colour_signature(picture, K) for picture in pictures]
    with ThreadPoolExecutor(threads) as pool:
        pieces = pool.map(partial(_all, threads=1), np.array_split(pictures, 8 * threads))
        return [found for piece in pieces for found in piece]


def _of_many_colours(pictures: Any) -> list[Any]:
    return [p for p in pictures if len(np.unique(p.reshape(-1, 3), axis=0)) > 2 * K]


def _peer(picture: Any, seed: int) -> Any:
    from sklearn.cluster import KMeans

    pixels = from_srgb(picture / 255).reshape(-1, 3)
    return KMeans(K, n_init=1, random_state=seed).fit(pixels).cluster_centers_


def _inertia(picture: Any, centres: Any) -> float:
    pixels = from_srgb(picture / 255).reshape(-1, 3)
    _, squared = nearest(np.ascontiguousarray(pixels.T), np.ascontiguousarray(centres))
    return float(squared.mean())


def _agreement(pictures: Sequence[Any]) -> Agreement:
    worst = 0.0
    for picture in pictures[:50]:
        weights, points = colour_signature(picture, K)
        whole = as_distribution(picture, "signature", k=K)
        worst = max(worst, *(float(np.abs(a - b).max()) for a, b in ((weights, whole.weights), (points, whole.points))))  # fmt: skip
    return Agreement("colour_signature and as_distribution", worst, "largest difference")


def _numbers(settings: Settings) -> dict[str, int]:
    return {
        f"{width} x {height}": settings.of(quick=quick, default=default, full=full)
        for (width, height), (quick, default, full) in SIZES.items()
    }


def _end_to_end(folder: Path, settings: Settings, said: Said) -> list[Contender]:
    found = []
    for (width, height), count in zip(SIZES, _numbers(settings).values(), strict=True):
        size = f"{width} x {height}"
        said(f"{count} files of {size}")
        files = written(folder / size, count, width, height, settings.seed)
        note = f"{count} files"
        found.append(Contender(f"{size}, decoding", partial(_decoded, files), note=note))
        every = Contender(f"{size}, every pixel", partial(_decoded, files, _whole), peer=True,
                          note=f"{note}, Pillow, full size")  # fmt: skip
        found.append(every)
        found.append(Contender(f"{size}, adding", _adding(folder, files), note=note))
    return found


def _reduced(path: Path) -> Any:
    from heatlens.images.read import pixel_limit, read_file
    from heatlens.images.selection import Selection
    from heatlens.search.adding.contents import read_once

    file, _ = read_once(path)
    with file.stream:
        return read_file(file, Selection(), pixel_limit(), 128).pixels


def _whole(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def _decoded(files: Sequence[Path], read: Callable[[Path], Any] = _reduced) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(read, files):
            pass


def _adding(folder: Path, files: Sequence[Path]) -> Callable[[], None]:
    def add() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            index = ImageIndex.create(Path(place) / "photographs.lance", "signature", k=K)
            added = index.add(list(files))
            if added.added != len(files):
                raise RuntimeError(f"{added} of {len(files)} files")

    return add


def _targets(
    rates: dict[str, float | None], share: float, ended: dict[str, Timing]
) -> list[Target]:
    rate = rates[f"heatlens, {TWO}"]
    slower = {
        f"{width} x {height}": ratio(
            ended[f"{width} x {height}, adding"], ended[f"{width} x {height}, decoding"]
        )
        for width, height in SIZES
    }
    return [
        Target("signatures a second, two threads", RATE, None if rate is None else round(rate, 1), False, "/s"),
        Target("inertia over scikit-learn's", INERTIA, round(share, 4), True, "x"),
        *(Target(f"JPEG files of {size} into an index, over decoding them", LIMIT, found, True, "x")
          for size, found in slower.items()),
    ]  # fmt: skip
