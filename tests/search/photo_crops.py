"""Signatures of crops of real photographs, cheap to make: mean colours of a coarse lattice."""

import numpy as np

from heatlens.render.cielab import from_srgb
from heatlens.search.signatures import Signatures

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


def photo_crops(count: int, seed: int = 0, position: bool = False) -> Signatures:
    """So many signatures of 10 to 36 colours each, (L, a, b) or (L, a, b, y, x)."""
    import skimage.data

    rng = np.random.default_rng(seed)
    photographs = [getattr(skimage.data, name)() for name in PHOTOGRAPHS]
    return Signatures.of(_signature(_crop(photographs, rng), position) for _ in range(count))


def _crop(photographs, rng):
    """A square of 24 x 24 pixels out of a photograph, some of them brighter."""
    photograph = photographs[rng.integers(len(photographs))]
    side = int(rng.integers(48, min(photograph.shape[:2])))
    y, x = (int(rng.integers(n - side + 1)) for n in photograph.shape[:2])
    index = np.linspace(0, side - 1, 24).astype(int)
    crop = photograph[np.ix_(y + index, x + index)].astype(float)
    return np.clip(crop * rng.uniform(0.8, 1.2), 0, 255)


def _signature(crop, position):
    lab = from_srgb(crop / 255).reshape(-1, 3)
    low, high = lab.min(0), lab.max(0)
    cells = np.minimum((lab - low) / (high - low + 1e-9) * (4, 3, 3), (3, 2, 2)).astype(int)
    if position:
        places = np.stack(np.mgrid[:24, :24], -1).reshape(-1, 2) * (100 / (24 * 2**0.5))
        lab = np.hstack([lab, places])
    _, index, counts = np.unique(
        np.ravel_multi_index(cells.T, (4, 3, 3)), return_inverse=True, return_counts=True
    )
    sums = np.stack([np.bincount(index, column) for column in lab.T], -1)
    return counts, sums / counts[:, None]
