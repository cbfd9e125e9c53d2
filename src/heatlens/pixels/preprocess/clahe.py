"""CLAHE: histogram equalisation in tiles, with a limit on the contrast it may add.

Zuiderveld: Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV, 1994. Computed by
scikit-image, in float.
"""

from __future__ import annotations

import numpy as np

from heatlens.image import Image
from heatlens.optional import needed
from heatlens.pixels.checks import checked_count, checked_number
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, grey, planes

__all__ = ["clahe"]

_BINS = 256


@register(STEPS, range="0..1")
def clahe(image: Image, *, limit: float = 2.0, tiles: int = 8) -> Image:
    """Even out local contrast; the result is stretched over 0..1.

    Of a picture with several channels the luma is equalised and the channels are scaled along,
    clipped at white. A constant picture stays as it is.

    Args:
        image: any still picture.
        limit: how many times the mean a bin of a tile's histogram (256 bins) may hold, above 0;
            small limits leave the picture alone, large ones equalise fully.
        tiles: along each axis; fewer where the picture has fewer pixels.

    Raises:
        MissingDependency: scikit-image is not there.
    """
    limit, tiles = checked_number("limit", limit, 0, above=True), checked_count("tiles", tiles)
    exposure = needed("skimage.exposure", "CLAHE", extra="pixels")
    unit, luma = planes(image), np.clip(grey(image), 0, 1)
    if luma.max() - luma.min() < 1e-7:
        return as_image(unit, image)
    kernel = [-(-side // min(tiles, side)) for side in luma.shape]
    even = np.asarray(
        exposure.equalize_adapthist(luma, kernel, clip_limit=min(limit / _BINS, 1.0), nbins=_BINS),
        np.float32,
    )
    if unit.shape[2] == 1:
        return as_image(np.clip(even, 0, 1), image)
    gain = np.where(luma > 1e-4, even / np.maximum(luma, 1e-4), 1.0)
    return as_image(np.clip(unit * gain[..., None], 0, 1), image)
