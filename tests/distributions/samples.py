"""A small picture and small maps."""

import numpy as np

from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance


def photo(height=40, width=60, seed=0, **about):
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (5, 6, 3))
    pixels = np.kron(coarse, np.ones((height // 5, width // 6, 1))) * 0.8
    pixels = pixels + generator.integers(0, 40, (height, width, 3))
    return Image(pixels.astype(np.uint8), name="photo", **about)


def heat(values, valid=None):
    return Heatmap(np.asarray(values, np.float32), Provenance("x", image="cat"), valid=valid)
