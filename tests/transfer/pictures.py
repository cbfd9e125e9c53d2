"""Small real photographs."""

import numpy as np

from heatlens.image import Image


def photograph(name, step=4):
    """A photograph of scikit-image, every `step`th pixel."""
    import skimage.data

    return Image(np.ascontiguousarray(getattr(skimage.data, name)()[::step, ::step, :3]), name=name)
