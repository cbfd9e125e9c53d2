"""Local entropy: how many bits the grey levels around a pixel take, -sum p log2 p.

On 8-bit levels in a disk. Computed by scikit-image.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.optional import needed
from heatlens.pixels.checks import checked_count
from heatlens.pixels.levels import eight_bits, few_levels
from heatlens.pixels.part import FEATURES, register

__all__ = ["local_entropy"]


@register(
    FEATURES,
    range="0..8 bits, at most log2 of the disk's pixels",
    reach=lambda p: p["radius"],
    remarks=few_levels,
)
def local_entropy(image: Image, *, radius: int = 5) -> npt.NDArray[np.float32]:
    """Shannon entropy of the 256 grey levels in a disk, in bits.

    Smooth areas have little, fine texture much. A disk is cut where the picture ends.

    Args:
        image: any still picture; levels outside its range are clipped.
        radius: of the disk, pixels.

    Raises:
        MissingDependency: scikit-image is not there.
    """
    radius = checked_count("radius", radius)
    rank = needed("skimage.filters.rank", "local entropy", extra="pixels")
    morphology = needed("skimage.morphology", "local entropy", extra="pixels")
    levels = eight_bits(image)
    return np.maximum(np.asarray(rank.entropy(levels, morphology.disk(radius)), np.float32), 0)
