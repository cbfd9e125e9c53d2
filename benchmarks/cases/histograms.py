"""Histograms of ten bins: how many Earth Mover's Distances a second?"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens.transport import histogram_matrix, histogram_nearest

BINS = 10
NEIGHBOURS = 10
SOME = 1_000
"""Histograms of the collection that a slow peer gets."""
ONE, ALL = "heatlens, one thread", "heatlens, all threads"
FRESH = "heatlens, all threads, new matrix"
NEAREST = "heatlens, nearest 10, one thread"
SCIPY, OPENCV = "scipy cdist, cumulated", "cv2.EMD"
POT_LINE, POT_PAIR = "POT ot.wasserstein_1d", "POT ot.emd2_1d"

Floats = npt.NDArray[np.float64]


def run(settings: Settings, said: Said) -> Result:
    """All pairs of two collections, beside SciPy, OpenCV and POT; whole counts, so no rounding."""
    rows = settings.of(quick=500, default=1_000, full=5_000)
    columns = settings.of(quick=2_000, default=10_000, full=20_000)
    rng = np.random.default_rng(settings.seed)
    shapes = rng.dirichlet(np.ones(BINS), rows + columns)
    counts = rng.multinomial(10_000, shapes).astype(np.float64)
    queries, collection = counts[:rows], counts[rows:]
    pairs = dict.fromkeys((ONE, ALL, FRESH, NEAREST, SCIPY), rows * columns)
    few = settings.of(quick=5, default=40, full=40)
    pairs |= {POT_LINE: few * SOME, OPENCV: few * 50, POT_PAIR: few * 50}
    contenders = _contenders(queries, collection, few, settings.threads)
    times = race(contenders, settings, said=said)
    rates = {name: pairs[name] / time.median / 1e6 for name, time in times.items() if time.seconds}
    speed_up = ratio(times[ONE], times[ALL])
    return Result(
        name="histograms",
        title="Earth Mover's Distance of histograms, ten bins",
        setting={"bins": BINS, "pairs": rows * columns, "queries": rows, "collection": columns,
                 "pairs for POT's ot.wasserstein_1d": pairs[POT_LINE],
                 "pairs for cv2.EMD and ot.emd2_1d": pairs[OPENCV], "type": "float64"},
        entries=entries(times.values()),
        targets=[
            Target(f"10-bin histograms, {words}: million pairs a second", 100.0,
                   _rounded(rates.get(name)), False)
            for words, name in (("one thread, memory reused", ONE),
                                ("all threads, memory reused", ALL),
                                ("all threads, new memory", FRESH))
        ],
        agreements=_agreements(contenders, times, queries, collection, few),
        extras=[
            Extra("Million pairs a second", ["contender", "pairs", "million a second"],
                  [[name, pairs[name], _rounded(rate)] for name, rate in rates.items()]),
        ],
        notes=[
            "Contenders have different numbers of pairs; the rates compare them, the times do not.",
            f"All threads / one thread: {speed_up:.2f}x. The result, 8 bytes a pair, is written to "
            "the same memory in each round, SciPy's too, if nothing else is said.",
            "cumulating, and the checks of the masses, are part of heatlens's time; SciPy is given "
            "the cumulated histograms.",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def _contenders(queries: Floats, collection: Floats, few: int, threads: int) -> list[Contender]:
    cumulated = [np.cumsum(side, 1)[:, :-1] for side in (queries, collection)]
    room = np.empty((len(queries), len(collection)))
    found = [
        Contender(ONE, lambda: histogram_matrix(queries, collection, threads=1, out=room)),
        Contender(ALL, lambda: histogram_matrix(queries, collection, threads=threads, out=room)),
        Contender(
            FRESH,
            lambda: histogram_matrix(queries, collection, threads=threads),
            note="and the system has to find memory for the result",
        ),
        Contender(
            NEAREST,
            lambda: histogram_nearest(queries, collection, NEIGHBOURS, threads=1),
            note="all distances, but only the nearest are kept",
        ),
        Contender(
            SCIPY,
            lambda: cdist(*cumulated, "cityblock", out=room),
            peer=True,
            note=f"scipy {peers.version('scipy')}, given cumulated histograms, one thread",
        ),
    ]
    for name, build in ((OPENCV, _opencv), (POT_LINE, _pot_line), (POT_PAIR, _pot_pair)):
        try:
            contender = build(queries[:few], collection[:SOME])
        except ImportError as error:
            contender = Contender(name, _raiser(error), peer=True)
        found.append(contender)
    return found


def _opencv(queries: Floats, collection: Floats) -> Contender:
    cv2 = importlib.import_module("cv2")
    places = np.arange(BINS)
    left, right = (
        [np.c_[weights, places].astype(np.float32) for weights in side]
        for side in (queries, collection[:50])
    )

    def compute() -> Floats:
        cv2.setNumThreads(1)
        return np.array([[cv2.EMD(a, b, cv2.DIST_L1)[0] for b in right] for a in left])

    return Contender(OPENCV, compute, peer=True, note=f"OpenCV {cv2.__version__}, one pair a call")


def _pot() -> Any:
    for framework in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{framework}", "1")
    return importlib.import_module("ot")


def _pot_line(queries: Floats, collection: Floats) -> Contender:
    ot = _pot()
    places = np.arange(BINS, dtype=np.float64)
    every = np.repeat(places[:, None], len(collection), 1)
    right = np.ascontiguousarray(collection.T)

    def compute() -> Floats:
        return np.stack([
            ot.wasserstein_1d(every, every, np.repeat(row[:, None], len(collection), 1), right)
            for row in queries
        ])  # fmt: skip

    about = f"POT {peers.version('POT')}, a query against 1000 a call"
    return Contender(POT_LINE, compute, peer=True, note=about)


def _pot_pair(queries: Floats, collection: Floats) -> Contender:
    ot = _pot()
    places = np.arange(BINS, dtype=np.float64)

    def compute() -> Floats:
        return np.array([[ot.emd2_1d(places, places, a / a.sum(), b / b.sum(), "cityblock")
                          for b in collection[:50]] for a in queries])  # fmt: skip

    about = f"POT {peers.version('POT')}, one pair a call"
    return Contender(POT_PAIR, compute, peer=True, note=about)


def _raiser(error: ImportError) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def _agreements(
    contenders: list[Contender],
    times: dict[str, Timing],
    queries: Floats,
    collection: Floats,
    few: int,
) -> list[Agreement]:
    """Every distance, as a mean way, against SciPy's."""
    runs = {contender.name: contender.run for contender in contenders}
    total = queries[0].sum()
    ours = runs[ALL]() / total  # a copy: SciPy writes to the same memory
    found = [Agreement(f"{SCIPY} and heatlens, all pairs",
                       float(np.abs(runs[SCIPY]() / total - ours).max()), MEASURE)]  # fmt: skip
    order = np.argsort(ours[:few], axis=1, kind="stable")[:, :NEIGHBOURS]
    indices, _ = histogram_nearest(queries[:few], collection, NEIGHBOURS)
    found.append(Agreement("neighbours and the sorted matrix", float((indices == order).mean()),
                           "share that is the same"))  # fmt: skip
    for name, scale in ((OPENCV, 1.0), (POT_LINE, total), (POT_PAIR, 1.0)):
        if times[name].seconds:
            theirs = runs[name]() / scale
            off = np.abs(theirs - ours[: theirs.shape[0], : theirs.shape[1]]).max()
            found.append(Agreement(f"{name} and heatlens", float(off), MEASURE))
    return found


MEASURE = "largest difference, in bins"


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else float(f"{rate:.3g}")
