"""Scenes per second of `heatlens.testing.scenes`: ``python benchmarks/scenes_throughput.py``.

The first scenes are not counted: they compile the loops and shape the digits.
"""

from __future__ import annotations

import statistics
import time

from heatlens.testing.scenes import scenes

GOAL = 400.0
"""Scenes per second on two cores."""


def measure(count: int = 1000, repeats: int = 5, workers: int = 2) -> dict[str, float | int]:
    """Render `count` scenes `repeats` times; return the rates of the repeats' times."""
    scenes(4000, seed=0, workers=workers)
    seconds = []
    for repeat in range(repeats):
        started = time.perf_counter()
        scenes(count, seed=repeat + 1, workers=workers)
        seconds.append(time.perf_counter() - started)
    low, middle, high = statistics.quantiles(seconds, n=4)
    return {
        "scenes": count,
        "repeats": repeats,
        "workers": workers,
        "scenes_per_second": count / middle,
        "scenes_per_second_lower_quartile": count / high,
        "scenes_per_second_upper_quartile": count / low,
        "goal": GOAL,
    }


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.4g}")
