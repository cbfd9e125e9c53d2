"""Crops of real photographs, as files."""

from functools import cache

import numpy as np
from PIL import Image as Pillow

from heatlens.testing.scenes.sources import PHOTOGRAPHS, file_of


@cache
def _pictures():
    return [Pillow.open(file_of(*place)).convert("RGB") for place in PHOTOGRAPHS["train"]]


def crops(folder, count, side=96, seed=0):
    """Write `count` JPEG files crop000.jpg, ... and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    files = []
    for number in range(count):
        picture = _pictures()[number % len(_pictures())]
        x, y = (int(rng.integers(0, size - 2 * side + 1)) for size in picture.size)
        file = folder / f"crop{number:03d}.jpg"
        picture.crop((x, y, x + 2 * side, y + 2 * side)).resize((side, side)).save(file)
        files.append(file)
    return files
