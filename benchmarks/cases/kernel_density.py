"""Kernel density of a million points on a thousand by thousand pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.stats import gaussian_kde

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race
from heatlens.pixels import density

SIDE = 1000
WIDTH = 6.0
SCOTT, FIXED = "heatlens, Scott's rule", "heatlens, 6 pixels"
SHEATHER = "heatlens, improved Sheather-Jones"
HISTOGRAM = "NumPy histogram and SciPy gaussian_filter"
SCIPY, LEARN = "SciPy gaussian_kde, few", "scikit-learn KernelDensity, few"

Floats = npt.NDArray[np.float64]


def run(settings: Settings, said: Said) -> Result:
    """All points at once; SciPy and scikit-learn get a hundredth of them and of the pixels."""
    count = settings.of(quick=100_000, default=1_000_000, full=1_000_000)
    few, coarse = settings.of(quick=(1_000, 20), default=(10_000, 10), full=(10_000, 10))
    points = _points(count, settings.seed)
    size = (SIDE, SIDE)
    grid = np.mgrid[:SIDE:coarse, :SIDE:coarse].reshape(2, -1).astype(float)
    sparse = points[:few]
    runs: dict[str, Callable[[], Any]] = {
        FIXED: lambda: density(points, size, bandwidth=WIDTH).values,
        SCOTT: lambda: density(points, size).values,
        SHEATHER: lambda: density(points, size, bandwidth="improved-sheather-jones").values,
        HISTOGRAM: lambda: _histogram(points),
        SCIPY: lambda: gaussian_kde(sparse.T)(grid),
        LEARN: lambda: _learn(sparse, grid),
    }
    notes = {
        HISTOGRAM: "nearest pixel instead of linear binning, Gaussian cut at 4 sigma",
        SCIPY: f"scipy {peers.version('scipy')}, {few:,} points at {grid.shape[1]:,} pixels",
        LEARN: f"scikit-learn {peers.version('scikit-learn')}, the same, ball tree, rtol 1e-4",
    }
    contenders = [
        Contender(name, call, peer=name in notes, note=notes.get(name, ""))
        for name, call in runs.items()
    ]
    times = race(contenders, settings, said=said)
    large = count >= 1_000_000
    why = "" if large else "fewer points were used"
    work = dict.fromkeys(runs, (count, SIDE**2)) | dict.fromkeys(
        (SCIPY, LEARN), (few, grid.shape[1])
    )
    smaller = count * SIDE**2 / (few * grid.shape[1])
    return Result(
        name="kernel-density",
        title="Kernel density of points",
        setting={"points": count, "pixels": f"{SIDE} x {SIDE}", "type": "float64"},
        entries=entries(times.values()),
        reference=FIXED,
        targets=[
            Target(f"density of a million points, {words}", 1.0,
                   times[name].median if large else None, True, "s", why=why)
            for name, words in ((FIXED, "6 pixels"), (SCOTT, "Scott's rule"))
        ],
        agreements=_agreements(sparse, grid),
        extras=[
            Extra("What each did", ["contender", "points", "pixels"],
                  [[name, *work[name]] for name in runs]),
        ],
        notes=[
            "The points: nine normal blobs of several sizes and an even background, all on the "
            "picture. heatlens and the histogram reflect at the border, SciPy and scikit-learn "
            "let the mass leave the picture.",
            "The few points and pixels of SciPy and scikit-learn are another problem, "
            f"{smaller:,.0f} times smaller, at Scott's width instead of {WIDTH:g} pixels: compare "
            "the work, not the times.",
            "The exact sum and the filtered histogram are compared on the few points only.",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def _points(count: int, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    middles = generator.uniform(100, 900, (9, 2))
    spreads = generator.uniform(15, 70, 9)
    blob = generator.integers(0, 10, count)
    points = generator.uniform(0, SIDE - 1, (count, 2))
    inside = blob < 9
    noise = generator.standard_normal((count, 2))
    points[inside] = middles[blob[inside]] + spreads[blob[inside], None] * noise[inside]
    return np.clip(points, -0.5, SIDE - 0.5)


def _histogram(points: Floats) -> Floats:
    edges = np.arange(SIDE + 1) - 0.5
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=(edges, edges))
    return ndimage.gaussian_filter(counts, WIDTH, mode="reflect")


def _learn(points: Floats, grid: Floats) -> Floats:
    from sklearn.neighbors import KernelDensity

    width = float(gaussian_kde(points.T).scotts_factor() * points.std())
    fitted = KernelDensity(bandwidth=width, algorithm="ball_tree", rtol=1e-4).fit(points)
    return np.exp(fitted.score_samples(grid.T))


def _agreements(points: Floats, grid: Floats) -> list[Agreement]:
    """On the few points: the exact sum at some pixels, and SciPy's filtered histogram."""
    ours = density(points, (SIDE, SIDE), bandwidth=WIDTH, boundary=None).values
    rows, columns = grid[:, :: max(1, grid.shape[1] // 300)]
    far = (rows[:, None] - points[:, 0]) ** 2 + (columns[:, None] - points[:, 1]) ** 2
    exact = np.exp(-far / (2 * WIDTH**2)).sum(axis=1) / (2 * np.pi * WIDTH**2)
    found = ours[rows.astype(int), columns.astype(int)]
    return [
        Agreement("heatlens and the exact sum, without reflection",
                  float(np.abs(found - exact).max() / exact.max()), "largest difference, share of the peak"),
        Agreement("heatlens and the filtered histogram",
                  float(np.abs(density(points, (SIDE, SIDE), bandwidth=WIDTH).values
                               - _histogram(points)).max() / ours.max()),
                  "largest difference, share of the peak"),
    ]  # fmt: skip
