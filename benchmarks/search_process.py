"""Searches an index in a process of its own, so that its memory can be told.

`python -m benchmarks.search_process INDEX SIGNATURES.npz THREADS K MODE` prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["MODES", "measured"]

MODES = ("exact", "approximate", "batch")


def measured(index: Path, queries: Path, threads: int, k: int, mode: str) -> dict[str, Any]:
    """What the child found.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.search_process", str(index), str(queries)]
    done = subprocess.run(
        [*command, str(threads), str(k), mode], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child(index: str, queries: str, threads: int, k: int, mode: str) -> dict[str, Any]:
    from heatlens.search import ImageIndex

    started = time.perf_counter()
    opened = ImageIndex.open(index)
    with np.load(queries) as held:
        asked = list(zip(held["weights"], held["points"], strict=True))
    opened.search(asked[0], k)
    ready = time.perf_counter() - started
    found: dict[str, Any] = {"ready": ready}
    if mode == "batch":
        opened.search_batch(asked[:50], k, threads=threads)
        begun = time.perf_counter()
        answers = opened.search_batch(asked, k, threads=threads)
        found["seconds"] = [time.perf_counter() - begun]
    else:
        exact = mode == "exact"
        for one in asked:  # pages of the files that later rounds find in memory
            opened.search(one, k, exact=exact, threads=threads)
        times, answers = [], []
        for one in asked:
            begun = time.perf_counter()
            answers.append(opened.search(one, k, exact=exact, threads=threads))
            times.append(time.perf_counter() - begun)
        found["seconds"] = times
    found["solves"] = [hits.solves for hits in answers]
    found["bounds"] = [hits.bounds for hits in answers]
    found["distances"] = [hits.distances.tolist() for hits in answers]
    found["memory"] = _peak()
    return found


def _peak() -> float:
    """Peak of resident memory in megabytes, mapped files included (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 2**10


if __name__ == "__main__":
    index, queries, threads, k, mode = sys.argv[1:]
    print(json.dumps(_child(index, queries, int(threads), int(k), mode)))
