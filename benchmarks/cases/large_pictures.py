"""Pictures too large for memory: is reading them the longest part, and do they stay small?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.cases import Said
from benchmarks.large_process import (
    EXPLAIN,
    MODES,
    READ,
    SALIENCY,
    SIMILARITY,
    SIMILARITY_LAB,
    WINDOW,
    WRITTEN,
    measured,
    pass_over,
)
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.images.large import open_large, write_pyramid
from heatlens.perception.large import large_saliency
from heatlens.perception.saliency import saliency

BAND = 512
LIMIT = 1000.0
PEER = "tifffile, segments()"


def run(settings: Settings, said: Said) -> Result:
    """Time passes over a tiled TIFF beside reading its tiles; memory in processes of their own."""
    side = settings.of(quick=4_000, default=12_000, full=20_000)
    rounds = settings.at_most(settings.of(quick=1, default=3, full=3))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = folder / "picture.tif"
        said(f"writing {side} x {side} pixels of photographs")
        write_pyramid(
            picture,
            _photographs(side, settings.seed),
            (side, side),
            np.uint8,
            channels=3,
            compression="deflate",
        )
        passes = [mode for mode in MODES if mode != EXPLAIN]
        looked = [mode for mode in passes if mode in (SALIENCY, SIMILARITY)]
        contenders = [Contender(mode, pass_over(mode, picture, folder)) for mode in passes]
        contenders.append(Contender(PEER, lambda: _segments(picture, settings.threads), peer=True))
        times = race(contenders, settings, rounds=rounds, said=said)
        memory: dict[str, dict[str, float]] = {}
        for mode in MODES:
            said(f"memory: {mode}")
            memory[mode] = measured(mode, picture, folder)
        gap = _gap(picture) if settings.size == "quick" else None
        megabytes = picture.stat().st_size / 1e6
    readings = {mode: ratio(times[mode], times[READ]) for mode in passes}
    return Result(
        name="large-pictures",
        title=f"A picture of {side:,} x {side:,} pixels, never in memory whole",
        setting={"picture": f"{side} x {side} RGB, 8 bits, pyramidal BigTIFF, tiles of 512, deflate",
                 "file": f"{megabytes:.0f} MB", "saliency": "spectral-residual",
                 "similarity": "Euclidean to one pixel, RGB, spread 0.2",
                 "explain": f"gradcam, bundled:scene-cnn, windows of {WINDOW}"},
        entries=entries(times.values()),
        reference=READ,
        targets=[
            *(Target(f"{mode} / reading the tiles", 2.0, readings[mode], True, "x")
              for mode in looked),
            *(Target(f"{mode}: peak memory of the process, MB", LIMIT, round(found["peak"]), True)
              for mode, found in memory.items()),
        ],
        agreements=[] if gap is None else
                   [Agreement("saliency, streamed and of the picture in memory", gap)],
        extras=[
            Extra("What takes longer than its reading, beside reading alone",
                  ["pass", "times as long as reading"],
                  [[mode, round(readings[mode], 2)]
                   for mode in passes if mode in (SIMILARITY_LAB, *WRITTEN)]),
            Extra("In a process of its own, libraries loaded and compiled code read from disk",
                  ["pass", "peak MB", "seconds"],
                  [[mode, round(found["peak"]), round(found["seconds"], 2)]
                   for mode, found in memory.items()]),
        ],
        notes=[
            "Reading is decoding every tile of the file by two threads; its bytes are in the page "
            "cache, so that it is the processor's time and not the disk's.",
            "A map that is not written is complete all the same: saliency's small one is enlarged "
            "where it is looked at, similarity is computed of every pixel and let go.",
            "By default colours are compared in CIELAB, and by how far they spread over the "
            "picture, which takes a pass of its own: that is arithmetic of every pixel, not reading.",
            "A pyramid that is written has float32 values, without loss, and all its smaller "
            "copies: for each byte of the picture 1.8 bytes of heat to be compressed, which takes "
            "longer than reading and is no target.",
        ],
        rounds=rounds,
    )  # fmt: skip


def _photographs(side: int, seed: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Rows of a wall of photographs, each in a place of its own by chance."""
    from skimage import data

    photos = [
        image()[:, :, :3] for image in (data.astronaut, data.chelsea, data.coffee, data.rocket)
    ]
    rng = np.random.default_rng(seed)
    for top in range(0, side, BAND):
        cells = []
        for _ in range(0, side, BAND):
            photo = photos[rng.integers(len(photos))]
            rows, columns = (np.arange(BAND) + rng.integers(BAND) for _ in range(2))
            cells.append(photo[rows[:, None] % photo.shape[0], columns % photo.shape[1]])
        band: npt.NDArray[np.uint8] = np.concatenate(cells, axis=1)[: side - top, :side]
        yield band


def _segments(picture: Path, threads: int) -> int:
    """All tiles of level 0, decoded by tifffile's own threads and let go."""
    import tifffile

    with tifffile.TiffFile(picture) as file:
        page: Any = file.pages[0]
        return sum(1 for _ in page.segments(maxworkers=threads))


def _gap(picture: Path) -> float:
    with open_large(picture) as large, large_saliency(large) as heat:
        streamed = np.concatenate([band for _, band in heat.rows()])
        whole = saliency(large.image()).values
    return float(np.abs(streamed - whole).max() / whole.max())
