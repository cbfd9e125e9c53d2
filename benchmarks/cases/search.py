"""Exact search of up to a million signatures, beside brute force by POT."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import photo_signatures, pot
from benchmarks.cases import Said
from benchmarks.photo_signatures import CACHE
from benchmarks.result import Agreement, Entry, Extra, Result, Target
from benchmarks.search_process import measured
from benchmarks.settings import Settings

K, MANY = 10, 200
"""Neighbours, and queries: crops that are not in the index."""

_HEAD = ("median, ms", "nine of ten within, ms", "exact solutions", "rows looked at",
         "peak memory, MB")  # fmt: skip
_SAMPLE = 200
"""Rows whose distance POT computes for the estimate of brute force."""


def run(settings: Settings, said: Said) -> Result:
    """Search indexes of growing size; then other signatures, other k, and a short cut."""
    sizes = settings.of(quick=[2000, 5000], default=[10_000, 100_000, 1_000_000],
                        full=[10_000, 100_000, 1_000_000])  # fmt: skip
    other = settings.of(quick=2000, default=200_000, full=200_000)
    many = settings.of(quick=20, default=MANY, full=MANY)
    look = _Looks(settings, said, many)
    scale = {size: look("exact", size) for size in sizes}
    most = sizes[-1]
    by_k = {k: {size: look("exact", size, k=k) for size in sizes} for k in (1, 100)} | {K: scale}
    batch, short = look("batch", most), look("approximate", most)
    alone = look("exact", most, threads=1)
    shapes = {"32 colours": {}, "64 colours": {"clusters": 64},
              "64 colours at places": {"clusters": 64, "position": True}}  # fmt: skip
    kinds = {
        name: {size: look("exact", size, **shape) for size in (*sizes[:-1], other)}
        for name, shape in shapes.items()
    }
    said("brute force by POT")
    brute = _brute_force(settings, most)
    ours = _median(scale[most])
    recall = _recall(short, scale[most])
    rates = many / batch["seconds"][0]
    return Result(
        name="search",
        title="Exact search of a million signatures by Earth Mover's Distance",
        setting={"signatures": "32 colours in CIELAB of jittered crops of photographs",
                 "queries": f"{many} other crops", "k": K},
        entries=[
            *(_entry(f"heatlens, exact, {size:,} images", found) for size, found in scale.items()),
            _entry(f"heatlens, exact, {most:,} images, one thread", alone),
            _entry(f"heatlens, approximate, {most:,} images", short),
            Entry(f"POT, brute force, {most:,} images (estimated)", brute, brute, brute, [brute],
                  peer=True, note=f"{_SAMPLE} rows for each of 5 queries, scaled up; emd_c with "
                  "NumPy costs, one thread"),
        ],
        reference="",
        targets=[
            Target(f"exact top {K} of {most:,} images, median", 15.0, 1e3 * ours, True, "ms"),
            Target(f"exact top {K} of {most:,} images, nine of ten within", 40.0,
                   1e3 * float(np.percentile(scale[most]["seconds"], 90)), True, "ms"),
            Target(f"exact top {K} of {most:,} images, in a batch", 100.0, rates, False, "/s"),
            Target(f"search of {most:,} images, peak memory", 1.2,
                   max(batch["memory"], scale[most]["memory"]) / 1e3, True, "GB"),
            Target("exact search: faster than brute force by POT, one thread each", 5000.0,
                   brute / _median(alone), False, "x"),
            Target("ten times as many images", 4.0, ours / _median(scale[sizes[-2]]), True, "x"),
            *(Target(f"{name} over 32 colours, {other:,} images", 3.0,
                     _median(found[other]) / _median(kinds["32 colours"][other]), True, "x")
              for name, found in list(kinds.items())[1:]),
            Target(f"approximate top {K} of {most:,} images, recall", 0.99, recall, False),
            Target(f"approximate top {K} of {most:,} images, median", 1.0, 1e3 * _median(short),
                   True, "ms"),
        ],
        agreements=[_agreement(settings, sizes[0], scale[sizes[0]])],
        extras=[
            Extra("Exact search as the index grows",
                  ["images", *_HEAD],
                  [[f"{size:,}", *_row(found)] for size, found in scale.items()]),
            Extra("As more neighbours are asked for",
                  ["k", "images", *_HEAD],
                  [[str(k), f"{size:,}", *_row(one)] for k, found in sorted(by_k.items())
                   for size, one in found.items()]),
            Extra("Other signatures",
                  ["signature", "images", *_HEAD],
                  [[name, f"{size:,}", *_row(one)] for name, found in kinds.items()
                   for size, one in found.items()]),
        ],
        notes=[
            "Each index is searched in a process of its own; memory is the peak of that process, "
            "the pages of mapped files included. Every query is asked once before it is timed.",
            "The middle half is that of the queries.",
            "Indexed and asked crops come from the same photographs, moved, zoomed and recoloured.",
        ],
        rounds=1,
    )  # fmt: skip


class _Looks:
    """Measures one setting after another, on indexes that are made once and kept."""

    def __init__(self, settings: Settings, said: Said, many: int) -> None:
        self.settings, self.said, self.many = settings, said, many

    def __call__(
        self,
        mode: str,
        size: int,
        *,
        k: int = K,
        clusters: int = 32,
        position: bool = False,
        threads: int = 0,
    ) -> dict[str, Any]:
        self.said(f"{size:,} images, {clusters} clusters, k={k}, {mode}")
        index = index_of(size, clusters, position, self.settings.seed)
        queries = CACHE / f"queries-{clusters}-{position}-{self.many}.npz"
        weights, points = photo_signatures.signatures(
            self.many, clusters, position, self.settings.seed + 1
        )
        np.savez(queries, weights=weights, points=points)
        return measured(index, queries, threads or self.settings.threads, k, mode)


def index_of(size: int, clusters: int, position: bool, seed: int) -> Path:
    """An index of so many signatures, made where it is not there."""
    from heatlens.search import ImageIndex

    kind = "signature-position" if position else "signature"
    path = CACHE / f"index-{kind}-{clusters}-{seed}-{size}.lance"
    done = CACHE / f"{path.name}.done"
    index = ImageIndex.create(path, kind, k=clusters, thumbnail=0, exist_ok=True)
    if not done.exists():
        weights, points = photo_signatures.signatures(size, clusters, position, seed)
        started = time.perf_counter()
        for start in range(0, size, 50_000):
            stop = min(start + 50_000, size)
            names = [f"crop-{number:07d}" for number in range(start, stop)]
            index.add((np.array(weights[start:stop]), np.array(points[start:stop]), names))
        index.compact()
        index.searcher.view()
        done.write_text(json.dumps({"seconds": time.perf_counter() - started}))
    return path


def _brute_force(settings: Settings, size: int) -> float:
    """Seconds that POT takes for one query against all rows, from a sample."""
    weights, points = photo_signatures.signatures(size, 32, False, settings.seed)
    queries = photo_signatures.signatures(5, 32, False, settings.seed + 1)
    solver, rows = pot.solver(), np.linspace(0, size - 1, _SAMPLE).astype(np.int64)
    a, x = (np.asarray(part[rows], np.float64) for part in (weights, points))
    a /= a.sum(1, keepdims=True)
    times = []
    for b, y in zip(*(np.asarray(part, np.float64) for part in queries), strict=True):
        share = b / b.sum()
        started = time.perf_counter()
        for k in range(_SAMPLE):
            solver(share, a[k], pot.costs(y, x[k]))
        times.append(time.perf_counter() - started)
    return float(np.median(times)) / _SAMPLE * size


def _agreement(settings: Settings, size: int, found: dict[str, Any]) -> Agreement:
    """Ten queries against all rows by the public solver."""
    from heatlens.transport import emd_matrix

    rows = photo_signatures.signatures(size, 32, False, settings.seed)
    asked = photo_signatures.signatures(10, 32, False, settings.seed + 1)
    weights, points = (np.asarray(part, np.float64) for part in rows)
    b, y = (np.asarray(part, np.float64) for part in asked)
    every = emd_matrix(b, weights, x=y, y=points, mass="normalise")
    truth = np.sort(every, axis=1)[:, :K]
    mine = np.array(found["distances"][:10])
    return Agreement(f"top {K} of {size:,} and all distances solved",
                     float(np.max(np.abs(mine - truth) / truth)))  # fmt: skip


def _recall(short: dict[str, Any], exact: dict[str, Any]) -> float:
    """Share of the nearest that the short cut finds; a tie counts as found."""
    shares = [
        np.mean(np.array(one) <= truth[-1] * (1 + 1e-9))
        for one, truth in zip(short["distances"], exact["distances"], strict=True)
    ]
    return float(np.mean(shares))


def _median(found: dict[str, Any]) -> float:
    return float(np.median(found["seconds"]))


def _row(found: dict[str, Any]) -> list[str | float | None]:
    return [
        round(1e3 * _median(found), 2),
        round(1e3 * float(np.percentile(found["seconds"], 90)), 2),
        f"{np.median(found['solves']):,.0f}",
        f"{np.median(found['bounds']):,.0f}",
        f"{found['memory']:,.0f}",
    ]


def _entry(name: str, found: dict[str, Any]) -> Entry:
    low, median, high = np.percentile(found["seconds"], [25, 50, 75]).round(6).tolist()
    return Entry(name, median, low, high, [median])
