"""Training pictures, rendered once and kept under build/scenes.

The second kind of picture, a scene without its object, carries no class: the networks learn to
give it even scores, which keeps evidence off the background and the distractors.
"""

from __future__ import annotations

import hashlib
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heatlens.testing import scenes as world

FOLDER = Path(__file__).resolve().parent.parent / "build" / "scenes"


@dataclass(frozen=True)
class Recipe:
    """What to render.

    Attributes:
        count: scenes.
        empty: how many of them, from the first on, are also kept without their object.
        seed: of the world of scenes.
        shortcut: the watermark, or None.
    """

    count: int
    empty: int
    seed: int
    shortcut: world.Shortcut | None = None


@dataclass(frozen=True)
class Arrays:
    """Rendered pictures.

    Attributes:
        images: (count + empty, 96, 96, 3) uint8, the scenes without object last.
        labels: (count + empty,) int64, -1 where there is no object.
        centres: (count + empty, 2) float32, (y, x) of the middle of the object's bounding box,
            of the removed object too.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    centres: NDArray[np.float32]


def arrays(recipe: Recipe, workers: int = 2) -> Arrays:
    """Render a recipe, or read what an earlier run rendered from the same generator."""
    stem = FOLDER / f"{_fingerprint(recipe)}"
    parts = [stem.with_suffix(f".{name}.npy") for name in ("images", "labels", "centres")]
    if not all(path.exists() for path in parts):
        FOLDER.mkdir(parents=True, exist_ok=True)
        rendered = _rendered(recipe, workers)
        for path, values in zip(parts, rendered, strict=True):
            unfinished = path.with_suffix(f".{os.getpid()}.tmp.npy")
            np.save(unfinished, values)
            unfinished.replace(path)
        return Arrays(*rendered)
    images, labels, centres = (np.load(path) for path in parts)
    return Arrays(images, labels, centres)


def _rendered(
    recipe: Recipe, workers: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]:
    chunks = [
        (recipe, first, min(first + 100, recipe.count)) for first in range(0, recipe.count, 100)
    ]
    images = np.empty((recipe.count + recipe.empty, 96, 96, 3), dtype=np.uint8)
    labels = np.full(recipe.count + recipe.empty, -1, dtype=np.int64)
    centres = np.empty((recipe.count + recipe.empty, 2), dtype=np.float32)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # Ctrl-C is for this process alone: the workers inherit that they ignore it.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        results = pool.map(_chunk, chunks)
        signal.signal(signal.SIGINT, interrupt)
        try:
            for (_, first, last), (whole, empty, label, centre) in zip(
                chunks, results, strict=True
            ):
                images[first:last], labels[first:last], centres[first:last] = whole, label, centre
                kept = max(min(recipe.empty, last) - first, 0)
                place = slice(recipe.count + first, recipe.count + first + kept)
                images[place], centres[place] = empty[:kept], centre[:kept]
                if last % 5000 == 0:
                    print(f"rendered {last} of {recipe.count} scenes", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return images, labels, centres


def _chunk(
    task: tuple[Recipe, int, int],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]:
    recipe, first, last = task
    drawn = [world.scene(i, seed=recipe.seed, shortcut=recipe.shortcut) for i in range(first, last)]
    centres = []
    for one in drawn:
        y, x = np.nonzero(one.mask)
        centres.append([(y.min() + y.max()) / 2, (x.min() + x.max()) / 2])
    return (
        np.stack([one.image for one in drawn]),
        np.stack([one.without_object for one in drawn]),
        np.array([one.label for one in drawn], dtype=np.int64),
        np.array(centres, dtype=np.float32),
    )


def _fingerprint(recipe: Recipe) -> str:
    """Name a recipe together with the generator's source, so that a change renders anew."""
    digest = hashlib.sha256(repr(recipe).encode())
    for path in sorted(Path(world.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
