"""Pictures that the tests of this room share."""

import numpy as np
import skimage.data

from heatlens.image import Image


def photograph(name="astronaut", step=4):
    """A photograph of scikit-image, every `step`th pixel."""
    pixels = getattr(skimage.data, name)()[::step, ::step]
    pixels = pixels if pixels.ndim == 2 else pixels[..., :3]
    return Image(np.ascontiguousarray(pixels), "YXC"[: pixels.ndim], name=name)


def awkward():
    """Pictures of every kind that a part of the chain has to take, by name."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (19, 23, 3), np.uint8)
    return {
        "colour": Image(noise),
        "grey": Image(noise[..., 0], "YX"),
        "16 bits": Image(noise[..., 0].astype(np.uint16) * 257, "YX", (0, 65535)),
        "float": Image(generator.random((17, 9), np.float32), "YX", (0, 1)),
        "constant": Image(np.full((12, 11, 3), 77, np.uint8)),
        "one pixel": Image(np.full((1, 1, 3), 200, np.uint8)),
        "one row": Image(noise[:1]),
        "one column": Image(noise[:, :1]),
        "two by two": Image(noise[:2, :2]),
        "beyond its range": Image(
            generator.normal(0, 3, (15, 14)).astype(np.float32), "YX", (0.0, 1.0)
        ),
    }
