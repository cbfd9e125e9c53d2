"""Bilateral filter: the mean of those neighbours that are near and of like colour.

    I'(p) = sum_q I(q) exp(-|p - q|^2 / 2 s^2) exp(-|I(p) - I(q)|^2 / 2 t^2) / sum_q ...

Tomasi, Manduchi: Bilateral Filtering for Gray and Color Images, ICCV 1998. Computed by OpenCV.
"""

from __future__ import annotations

import numpy as np

from heatlens.image import Image
from heatlens.optional import needed
from heatlens.pixels.checks import checked_number
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, planes

__all__ = ["bilateral"]


@register(
    STEPS,
    range="that of the picture",
    paper="doi:10.1109/ICCV.1998.710815",
    reach=lambda p: max(1, round(2 * p["sigma"])),
)
def bilateral(image: Image, *, sigma: float = 2.0, contrast: float = 0.1) -> Image:
    """Smooth areas and keep edges.

    Three channels are taken as one colour (the sum of their differences decides), any other
    number channel by channel.

    Args:
        image: any still picture.
        sigma: how far away neighbours count, standard deviation in pixels.
        contrast: how different they may be, standard deviation in units of the range.

    Raises:
        MissingDependency: OpenCV is not there.
    """
    sigma = checked_number("sigma", sigma, 0, above=True)
    contrast = checked_number("contrast", contrast, 0, above=True)
    cv2 = needed("cv2", "the bilateral filter", extra="pixels")
    unit = planes(image)
    if unit.max() - unit.min() < np.finfo(np.float32).eps:  # OpenCV leaves such a picture unset
        return as_image(unit, image)
    parts = [unit] if unit.shape[2] == 3 else list(np.moveaxis(unit, 2, 0))
    diameter = 2 * max(1, round(2 * sigma)) + 1
    found = [
        cv2.bilateralFilter(
            np.ascontiguousarray(part), diameter, contrast, sigma, borderType=cv2.BORDER_REPLICATE
        )
        for part in parts
    ]
    return as_image(found[0] if unit.shape[2] == 3 else np.stack(found, axis=2), image)
