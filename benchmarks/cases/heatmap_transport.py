"""Exact distances between heatmaps on grids, beside POT's exact solver."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from benchmarks import pot
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.transport import emd

GOALS = {32: 12.0, 48: 15.0, 64: 15.0}
OVERLAP, BOARD = "overlapping", "checkerboard"
OURS, GIVEN, CANCELLED = (
    "heatlens",
    "POT's solver, cost given",
    "POT's solver, common mass cancelled",
)


def run(settings: Settings, said: Said) -> Result:
    """Smooth and noisy maps that overlap, and a checkerboard, whose halves share nothing."""
    sides = settings.of(quick=(12,), default=(32, 48, 64), full=(32, 48, 64, 96))
    contenders, works = [], {}
    for side in sides:
        for kind in (OVERLAP, BOARD):
            a, b = (overlapping if kind == OVERLAP else checkerboard)(side, settings.seed)
            grid = cells(side)
            cost = cdist(grid, grid)
            work = {OURS: functools.partial(ours, a, b, grid)}
            if side <= 64:
                work[GIVEN] = functools.partial(pot.solver(), a, b, cost)
                if kind == OVERLAP:
                    work[CANCELLED] = functools.partial(cancelled, a, b, cost)
            for name, run_it in work.items():
                label = f"{side} x {side} {kind}, {name}"
                works[label] = run_it
                contenders.append(Contender(label, run_it, peer=name != OURS))
    times = race(contenders, settings, said=said)
    small = [side for side in sides if side <= 64]
    return Result(
        name="heatmap-transport",
        title="Exact Wasserstein distance of heatmaps",
        setting={"ground distance": "Euclid between cells, p = 1", "threads": "1 on both sides"},
        entries=entries(times.values()),
        reference="",
        targets=[target for side in small for target in _targets(side, times)],
        agreements=[_agreement(works, side, kind) for side in small for kind in (OVERLAP, BOARD)],
        notes=[
            "Overlapping: a few broad blobs each, and a tenth of the mass as noise on every cell. "
            "Checkerboard: black against white cells, random masses.",
            "heatlens computes its costs inside the time; POT is given them.",
            f"{pot.version()}; its limit of iterations is raised, or it stops short of the "
            "optimum.",
        ],
        rounds=settings.rounds,
    )


def cells(side: int) -> Any:
    """Row and column of each cell, (side^2, 2)."""
    return np.stack(np.mgrid[:side, :side], -1).reshape(-1, 2).astype(float)


def overlapping(side: int, seed: int) -> tuple[Any, Any]:
    """Two heatmaps as two methods give for one picture: alike, shifted, with noise."""
    rng, at = np.random.default_rng(seed), cells(side) / side
    centres = rng.uniform(0.2, 0.8, (3, 2))
    maps = []
    for _ in range(2):
        moved = centres + rng.normal(scale=0.08, size=centres.shape)
        blobs = sum(np.exp(-((at - centre) ** 2).sum(1) / (2 * 0.13**2)) for centre in moved)
        noise = rng.random(side * side)
        maps.append(0.9 * blobs / np.sum(blobs) + 0.1 * noise / noise.sum())
    a, b = (heat / heat.sum() for heat in maps)
    return a, b * (a.sum() / b.sum())


def checkerboard(side: int, seed: int) -> tuple[Any, Any]:
    """Random masses on the black cells and on the white ones."""
    rng = np.random.default_rng(seed)
    black = cells(side).sum(1) % 2 == 0
    a, b = np.where(black, rng.random(side * side), 0), np.where(black, 0, rng.random(side * side))
    a /= a.sum()
    return a, b * (a.sum() / b.sum())


def ours(a: Any, b: Any, grid: Any) -> float:
    return emd(a, b, x=grid).value


def cancelled(a: Any, b: Any, cost: Any) -> float:
    """POT as an expert calls it: what both have stays, empty places are left out."""
    kept = np.minimum(a, b)
    left, other = a - kept, b - kept
    rows, columns = left > 0, other > 0
    first, second = left[rows], other[columns]
    second *= first.sum() / second.sum()
    return pot.solver()(first, second, np.ascontiguousarray(cost[np.ix_(rows, columns)]))


def _targets(side: int, times: dict[str, Any]) -> list[Target]:
    def per(kind: str, peer: str) -> float | None:
        return ratio(
            times[f"{side} x {side} {kind}, {peer}"], times[f"{side} x {side} {kind}, {OURS}"]
        )

    name = f"EMD of {side} x {side} heatmaps: faster than POT"
    return [
        Target(name, GOALS.get(side, 12.0), per(OVERLAP, GIVEN), False, "x"),
        Target(f"{name} after cancellation", 3.0, per(OVERLAP, CANCELLED), False, "x"),
        Target(f"{name}, checkerboard", 4.0, per(BOARD, GIVEN), False, "x"),
    ]


def _agreement(works: dict[str, Callable[[], Any]], side: int, kind: str) -> Agreement:
    label = f"{side} x {side} {kind}"
    mine, theirs = works[f"{label}, {OURS}"](), works[f"{label}, {GIVEN}"]()
    return Agreement(
        f"{label}: heatlens and POT", abs(mine - theirs) / theirs, "relative difference"
    )
