"""How near the lower bounds come to the exact distance of near neighbours, and what they cost."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from benchmarks import photo_signatures
from benchmarks.cases import Said
from benchmarks.result import Extra, Result
from benchmarks.settings import Settings
from heatlens.search.bounds.bound import bounds
from heatlens.search.bounds.quantile import embedding, quantile_bound
from heatlens.search.engine.solve import solve
from heatlens.search.engine.tighten import tighten
from heatlens.search.signatures import Signatures
from heatlens.transport import emd_matrix

NEAR, K = 30, 10
SHAPES = {"32 colours": (32, False), "64 colours at places": (64, True)}


def run(settings: Settings, said: Said) -> Result:
    """Bounds of each query's 30 nearest of some thousand rows, as parts of the distance."""
    size = settings.of(quick=300, default=4000, full=20_000)
    many = settings.of(quick=2, default=20, full=50)
    rows: list[list[str | float | None]] = []
    for shape, (clusters, position) in SHAPES.items():
        said(shape)
        shares, cost = _measured(size, many, clusters, position, settings.seed)
        rows += [
            [shape, name, round(float(np.mean(part)), 3), round(float(np.min(part)), 3),
             None if name not in cost else round(cost[name], 2)]
            for name, part in sorted(shares.items(), key=lambda item: np.mean(item[1]))
        ]  # fmt: skip
    return Result(
        name="bounds",
        title="Lower bounds of the Earth Mover's Distance",
        setting={"rows": f"{size:,} crops of photographs", "queries": many, "nearest": NEAR},
        entries=[],
        extras=[
            Extra(f"Bound / exact distance of the {NEAR} nearest",
                  ["signature", "bound", "mean", "least", "microseconds a row"], rows)
        ],
        notes=[
            "Names in the registry are plain functions in double precision, which are not timed. "
            "The compiled dual bound is what the search uses, with the 10th distance as threshold, "
            "below which it tries harder; beside it the exact solution. One thread, best of five.",
        ],
        rounds=1,
    )  # fmt: skip


def _measured(
    size: int, many: int, clusters: int, position: bool, seed: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    weights, points = photo_signatures.signatures(size, clusters, position, seed)
    held = Signatures.of(zip(weights, points, strict=True))
    asked = Signatures.of(
        zip(*photo_signatures.signatures(many, clusters, position, seed + 1), strict=True)
    )
    embedded, others = embedding(held), embedding(asked)
    reach = float(max(np.abs(held.points).max(), np.abs(asked.points).max()))
    shares: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    for n, (b, y) in enumerate(asked):
        # The nearest are surely among ten times as many by the bound; exactness is not at stake.
        likely = np.argsort(quantile_bound(embedded, others[n]))[: 10 * NEAR]
        some = [held[int(row)] for row in likely]
        distances = emd_matrix([b], [w for w, _ in some], x=[y], y=[x for _, x in some],
                               mass="normalise")[0]  # fmt: skip
        order = np.argsort(distances)[:NEAR]
        near, truth = likely[order], distances[order]
        for bound in bounds():
            told = [bound(*held[int(row)], b, y) for row in near]
            shares.setdefault(bound.name, []).extend(np.divide(told, truth))
        found = np.zeros(NEAR)
        threshold = float(truth[K - 1])
        arrays = held.weights, held.starts, held.points, b, y
        closer = partial(tighten, near, found, 0, NEAR, threshold, *arrays, reach)
        _timed(spent, "dual, compiled", closer)
        shares.setdefault("dual, compiled", []).extend(found / truth)
        values, states = np.empty(NEAR), np.empty(NEAR, np.int64)
        _timed(spent, "exact", partial(solve, near, values, states, 0, NEAR, *arrays, 0, 0.0))
        shares.setdefault("exact", []).extend(values / truth)
    return shares, {name: 1e6 * float(np.median(part)) / NEAR for name, part in spent.items()}


def _timed(spent: dict[str, list[float]], name: str, work: Any) -> None:
    times = []
    for _ in range(6):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    spent.setdefault(name, []).append(min(times[1:]))
