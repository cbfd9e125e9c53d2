"""Procedural scenes a second."""

from __future__ import annotations

from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target
from benchmarks.scenes_throughput import measure
from benchmarks.settings import Settings


def run(settings: Settings, said: Said) -> Result:
    """The rate of `heatlens.testing.scenes`; always on the CPU."""
    repeats = max(2, settings.rounds)
    count = settings.of(quick=300, default=1000, full=1000)
    said("rendering")
    found = measure(count=count, repeats=repeats, workers=settings.threads)
    rate = float(found["scenes_per_second"])
    low = float(found["scenes_per_second_lower_quartile"])
    high = float(found["scenes_per_second_upper_quartile"])
    return Result(
        name="scenes",
        title="Procedural scenes",
        setting={"scenes": count, "workers": settings.threads, "size": "96 x 96"},
        entries=[],
        extras=[
            Extra("Scenes a second", ["median", "lower quartile", "upper quartile"],
                  [[round(rate, 1), round(low, 1), round(high, 1)]]),
        ],
        targets=[Target("scenes a second", float(found["goal"]), round(rate, 1), False, "/s")],
        rounds=repeats,
    )  # fmt: skip
