"""Scenes per second of `heatlens.testing.scenes`: ``python benchmarks/scenes_throughput.py``.

The first scenes are not counted: they compile the loops and shape the digits.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from heatlens.testing.scenes import scenes

GOAL = 400.0
"""Scenes per second on two cores."""


def rendered(task: tuple[int, int, int]) -> int:
    """Render the scenes of (seed, start, count) and drop them."""
    seed, start, count = task
    return len(scenes(count, seed=seed, start=start))


def measure(count: int = 1000, repeats: int = 5, workers: int = 2) -> dict[str, float | int]:
    """Render `count` scenes `repeats` times, each worker its share in a process of its own."""
    share = -(-count // workers)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(rendered, [(0, start * 4000, 4000) for start in range(workers)]))
        seconds = []
        for repeat in range(repeats):
            started = time.perf_counter()
            list(pool.map(rendered, [(repeat + 1, i * share, share) for i in range(workers)]))
            seconds.append(time.perf_counter() - started)
    low, middle, high = statistics.quantiles(seconds, n=4)
    return {
        "scenes": share * workers,
        "repeats": repeats,
        "workers": workers,
        "scenes_per_second": share * workers / middle,
        "scenes_per_second_lower_quartile": share * workers / high,
        "scenes_per_second_upper_quartile": share * workers / low,
        "goal": GOAL,
    }


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:.4g}")
