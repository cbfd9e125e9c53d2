"""Non-local means: the mean of pixels whose surroundings look alike.

    I'(p) = sum_q w(p, q) I(q),  w ~ exp(-max(|P(p) - P(q)|^2 - 2 s^2, 0) / h^2)

with P(p) the patch about p and s the noise. Buades, Coll, Morel: A Non-Local Algorithm for Image
Denoising, CVPR 2005. Computed by scikit-image (its fast mode; Darbon et al. 2008).
"""

from __future__ import annotations

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.optional import needed
from heatlens.pixels.checks import checked_count, checked_number
from heatlens.pixels.part import STEPS, register
from heatlens.pixels.planes import as_image, planes

__all__ = ["non_local_means"]


@register(STEPS, range="that of the picture", paper="doi:10.1109/CVPR.2005.38")
def non_local_means(
    image: Image, *, noise: float | None = None, patch: int = 5, distance: int = 6
) -> Image:
    """Remove noise and keep repeated detail; the slowest of the four.

    Args:
        image: any still picture.
        noise: standard deviation of the noise in units of the range; None estimates it from the
            finest wavelets (Donoho, Johnstone 1994).
        patch: side of the patches, pixels, odd.
        distance: how far away alike patches are looked for, pixels.

    Raises:
        MissingDependency: scikit-image is not there.
    """
    patch, distance = checked_count("patch", patch), checked_count("distance", distance)
    if patch % 2 == 0:
        raise InvalidArgument(f"patch is {patch}; a patch with a middle has an odd side")
    restoration = needed("skimage.restoration", "non-local means", extra="pixels")
    unit = planes(image)
    if noise is None:
        noise = _noise(unit)
    noise = checked_number("noise", noise, 0)
    if noise == 0 or min(unit.shape[:2]) < 2:
        return as_image(unit, image)
    found = restoration.denoise_nl_means(
        unit, patch_size=patch, patch_distance=distance, h=0.8 * noise, sigma=noise,
        fast_mode=True, channel_axis=-1,
    )  # fmt: skip
    return as_image(np.asarray(found), image)


def _noise(unit: np.ndarray) -> float:
    """sigma = median |d| / 0.6745 of the diagonal Haar coefficients d, mean over channels."""
    even = unit[: unit.shape[0] // 2 * 2, : unit.shape[1] // 2 * 2]
    if not even.size:
        return 0.0
    d = (even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]) / 2
    return float(np.median(np.abs(d), axis=(0, 1)).mean() / 0.6745)
