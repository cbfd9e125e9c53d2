"""One pass over a large picture in a process of its own, so that its memory can be told (Linux).

`python -m benchmarks.large_process MODE PICTURE.tif FOLDER` prints JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.memory import _resident

__all__ = [
    "EXPLAIN",
    "MODES",
    "READ",
    "SALIENCY",
    "SIMILARITY",
    "SIMILARITY_LAB",
    "WRITTEN",
    "measured",
    "pass_over",
]

READ = "reading all tiles"
SALIENCY, SALIENCY_OUT = "saliency", "saliency, pyramid written"
SIMILARITY, SIMILARITY_OUT = "similarity", "similarity, pyramid written"
SIMILARITY_LAB = "similarity in CIELAB, its spread measured first"
EXPLAIN = "tiled explain, pyramid written"
WRITTEN = (SALIENCY_OUT, SIMILARITY_OUT)
MODES = (READ, SALIENCY, SALIENCY_OUT, SIMILARITY, SIMILARITY_OUT, SIMILARITY_LAB, EXPLAIN)
WINDOW = 512


def measured(mode: str, picture: Path, folder: Path) -> dict[str, float]:
    """Seconds and peak megabytes of one pass, libraries and all.

    Raises:
        RuntimeError: the child failed.
    """
    command = [sys.executable, "-m", "benchmarks.large_process", mode, str(picture), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def pass_over(mode: str, picture: Path, folder: Path) -> Callable[[], Any]:
    """The pass, ready to be run; only what it needs is imported."""
    from heatlens.images.large import open_large

    out = {"out": folder / "heat.tif"} if mode.endswith("written") else {}

    def read() -> int:
        with open_large(picture) as large:
            return sum(len(band) for _, band in large.rows())

    def saliency() -> Any:
        from heatlens.perception.large import large_saliency

        with (
            open_large(picture) as large,
            large_saliency(large, "spectral-residual", **out) as heat,
        ):
            return heat.region(0, 0, 64, 64)

    def similarity() -> Any:
        from heatlens.pixels.large import large_similarity

        with (
            open_large(picture) as large,
            large_similarity(large, (100, 100), features=("rgb",), spread=0.2, **out) as heat,
        ):
            return [band.max() for _, band in heat.rows()] if not out else heat.region(0, 0, 64, 64)

    def similarity_by_default() -> Any:
        from heatlens.pixels.large import large_similarity

        with open_large(picture) as large, large_similarity(large, (100, 100)) as heat:
            return [band.max() for _, band in heat.rows()]

    def explain() -> Any:
        from heatlens.attribution.large import explain_large
        from heatlens.models.load import load_model

        model = load_model("bundled:scene-cnn")
        with (
            open_large(picture) as large,
            explain_large(model, large, "gradcam", 0, window=WINDOW, overlap=0.1, **out) as heat,
        ):
            return heat.region(0, 0, 64, 64)

    ways = {
        READ: read,
        SALIENCY: saliency,
        SIMILARITY: similarity,
        SIMILARITY_LAB: similarity_by_default,
        EXPLAIN: explain,
    }
    return ways.get(mode) or ways[mode.partition(",")[0]]


def _child(mode: str, picture: Path, folder: Path) -> dict[str, float]:
    started = time.perf_counter()
    pass_over(mode, picture, folder)()
    return {"seconds": time.perf_counter() - started, "peak": _resident()}


if __name__ == "__main__":
    print(json.dumps(_child(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
