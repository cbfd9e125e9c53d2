"""Exact distances between colour signatures: cost matrix and solution, pair by pair."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import pot
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens.distributions.kmeans import kmeans
from heatlens.render.cielab import from_srgb
from heatlens.testing.scenes.sources import photographs
from heatlens.transport import emd_batch

GOALS = {32: 2.5, 64: 2.5, 256: 2.2}
"""Clusters of a signature, and how many times faster than POT's solver it has to be."""
ONE, TWO, POT, EMD2, OPENCV = "one thread", "two threads", "POT's solver", "ot.emd2", "cv2.EMD"


def run(settings: Settings, said: Said) -> Result:
    """Time it beside POT's bare solver and NumPy costs, POT's public function and OpenCV."""
    sizes = {32: settings.of(quick=8, default=3000, full=8000),
             64: settings.of(quick=4, default=1200, full=4000),
             256: settings.of(quick=2, default=120, full=400)}  # fmt: skip
    said("signatures")
    started = time.perf_counter()
    emd_batch([[1.0, 2.0]], [[2.0, 1.0]], x=[0.0, 1.0], y=[2.0, 3.0])
    compiled = time.perf_counter() - started
    pairs = {k: signatures(k, 2 * count, settings.seed) for k, count in sizes.items()}
    contenders, runs = [], {}
    for k, (weights, points) in pairs.items():
        for name, work in _work(weights, points).items():
            if name == OPENCV and k > 64:
                continue
            runs[k, name] = work
            contenders.append(_contender(k, name, work, len(weights) // 2))
    times = race(contenders, settings, said=said)
    return Result(
        name="signatures",
        title="Exact Earth Mover's Distance of colour signatures",
        setting={"signatures": "k-means in CIELAB of photographs' crops", "pairs": str(sizes)},
        entries=entries(times.values()),
        reference="",
        targets=_targets(times),
        agreements=[_agreement(runs, k) for k in sizes],
        notes=[
            "Times are those of all pairs of a size. Costs are computed inside the time on both "
            "sides: by NumPy for POT, in the compiled loop here.",
            f"The first call of a process took {compiled:.1f} s (loading compiled code, or "
            "compiling it where this machine had not done so before).",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def signatures(k: int, count: int, seed: int) -> tuple[Any, Any]:
    """Weights (count, k) and CIELAB points (count, k, 3) of crops of photographs."""
    rng = np.random.default_rng(seed)
    every = [photograph.levels[0] for photograph in photographs("train")]
    pictures = [picture for picture in every if np.ptp(picture, axis=2).any()]
    weights, points = np.empty((count, k)), np.empty((count, k, 3))
    for number in range(count):
        picture = pictures[number % len(pictures)]
        top, left = (int(rng.integers(0, side - 96)) for side in picture.shape[:2])
        crop = picture[top : top + 96 : 2, left : left + 96 : 2].reshape(-1, 3)
        # A crop of few colours has fewer clusters; a trace of noise keeps all of them.
        colours = from_srgb(crop) + rng.normal(scale=0.5, size=crop.shape)
        centres, masses, _ = kmeans(colours, k, seed=number, iterations=8)
        weights[number], points[number] = masses / masses.sum(), centres
    return weights, points


def _work(weights: Any, points: Any) -> dict[str, Callable[[], Any]]:
    a, b, x, y = weights[::2].copy(), weights[1::2].copy(), points[::2].copy(), points[1::2].copy()
    raw, public = pot.solver(), pot.public()
    pairs = list(zip(a, b, x, y, strict=True))

    def opencv() -> Any:
        import cv2

        found = []
        for p, q, i, j in pairs:
            first, second = (np.c_[mass, at].astype(np.float32) for mass, at in ((p, i), (q, j)))
            found.append(cv2.EMD(first, second, cv2.DIST_L2)[0])
        return np.array(found)

    return {
        ONE: lambda: emd_batch(a, b, x=x, y=y, threads=1),
        TWO: lambda: emd_batch(a, b, x=x, y=y, threads=2),
        POT: lambda: np.array([raw(p, q, pot.costs(i, j)) for p, q, i, j in pairs]),
        EMD2: lambda: np.array([public(p, q, pot.costs(i, j)) for p, q, i, j in pairs]),
        OPENCV: opencv,
    }


def _contender(k: int, name: str, work: Callable[[], Any], count: int) -> Contender:
    ours = name in (ONE, TWO)
    notes = {POT: f"{pot.version()}, emd_c without its Python wrapper", OPENCV: "single precision"}
    label = f"n={k}, {'heatlens, ' if ours else ''}{name}"
    return Contender(
        label, work, peer=not ours, note=f"{count} pairs; {notes.get(name, '')}".rstrip("; ")
    )


def _targets(times: dict[str, Timing]) -> list[Target]:
    def per(k: int, slow: str, fast: str) -> float | None:
        return ratio(times[f"n={k}, {slow}"], times[f"n={k}, {fast}"])

    ours = f"heatlens, {ONE}"
    return [
        *(Target(f"EMD of signatures, n={k}, one thread: faster than POT's bare solver", goal,
                 per(k, POT, ours), False, "x") for k, goal in GOALS.items()),
        *(Target(f"EMD of signatures, n={k}: two threads over one", 1.8,
                 per(k, ours, f"heatlens, {TWO}"), False, "x") for k in GOALS),
    ]  # fmt: skip


def _agreement(runs: dict[tuple[int, str], Callable[[], Any]], k: int) -> Agreement:
    mine, theirs = runs[k, ONE](), runs[k, POT]()
    worst = float(np.max(np.abs(mine - theirs) / theirs))
    return Agreement(f"n={k}: heatlens and POT", worst, "relative difference")
