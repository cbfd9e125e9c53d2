"""Folders of JPEG photographs, drawn from the bundled ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.photo_crops import PHOTOGRAPHS
from heatlens.testing.scenes.sources import file_of

__all__ = ["GRAIN", "written"]

GRAIN = 3.0
"""Standard deviation of the noise, in levels: a camera's pixels are not as smooth as enlarged ones."""


def written(folder: Path, count: int, width: int, height: int, seed: int) -> list[Path]:
    """Write `count` crops, brought to a size, as JPEG of quality 90; their paths."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pictures = [Image.open(file_of(*place)).convert("RGB") for place in PHOTOGRAPHS]
    grain = rng.normal(scale=GRAIN, size=(height, width, 3)).round().astype(np.int16)
    files = []
    for number in range(count):
        picture = pictures[number % len(pictures)]
        share = min(picture.width / width, picture.height / height) * rng.uniform(0.6, 1)
        wide, high = share * width, share * height
        left, top = rng.uniform(0, picture.width - wide), rng.uniform(0, picture.height - high)
        box = (left, top, left + wide, top + high)
        levels = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC, box=box))
        moved = np.roll(grain, int(rng.integers(0, width)), axis=1)
        taken = np.clip(levels + moved, 0, 255).astype(np.uint8)
        files.append(folder / f"photograph{number:04d}.jpg")
        Image.fromarray(taken).save(files[-1], quality=90)
    return files
