"""A picture without its hottest region: training data that makes a network look elsewhere too.

The region is where the evidence reaches a share of its maximum; it is replaced whole. Wei et al.:
Object Region Mining with Adversarial Erasing, CVPR 2017, arXiv:1703.08448, replace it by the mean
of the data; Hu, Qi: See Better Before Looking Closer, arXiv:1901.09891, section 3.3, call the same
attention dropping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.errors import UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.improvement.attended_crop import evidence

__all__ = ["FILLS", "Erased", "erased"]

FILLS = ("mean", "blur", "noise")
"""What can stand in the place of what is hidden."""


@dataclass(frozen=True, eq=False)
class Erased:
    """A picture with a part hidden.

    Attributes:
        image: the picture.
        mask: (H, W) bool, what was hidden.
        area: share of the picture that was hidden, 0..1.
        share: of the positive evidence that was hidden, 0..1.
    """

    image: Image
    mask: npt.NDArray[np.bool_]
    area: float
    share: float


def erased(
    image: Image, heat: Heatmap, *, threshold: float = 0.5, fill: str = "mean", seed: int = 0
) -> Erased:
    """Hide the hottest region of a picture.

    Args:
        image: `YX` or `YXC`.
        heat: a map of its size; only positive values count.
        threshold: share of the highest value from which on a pixel is hidden, 0 to 1.
        fill: "mean" (the picture's own mean colour), "blur" (the picture under a Gaussian, sigma
            an eighth of its shorter side) or "noise" (uniform within the range of values).
        seed: of the noise.

    Raises:
        UnknownName: no such fill.
        InvalidArgument: no positive evidence, sizes that differ, or a threshold out of its range.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> heat = Heatmap(np.array([[0.0, 1.0]]), Provenance("by hand"))
        >>> erased(Image(np.array([[10, 30]], np.uint8), "YX"), heat).image.pixels.tolist()
        [[10, 20]]
    """
    if fill not in FILLS:
        raise UnknownName("fill", fill, FILLS)
    positive, hot = evidence(image, heat, threshold)
    pixels = image.pixels.copy()
    instead = _filling(image, fill, seed)
    if np.issubdtype(pixels.dtype, np.integer):
        instead = np.rint(instead)
    pixels[hot] = instead[hot].astype(pixels.dtype)
    share = float(positive[hot].sum() / positive.sum())
    return Erased(image.with_(pixels=pixels), hot, float(hot.mean()), share)


def _filling(image: Image, fill: str, seed: int) -> npt.NDArray[Any]:
    pixels = image.pixels.astype(np.float64)
    if fill == "mean":
        return np.broadcast_to(pixels.mean((0, 1)), pixels.shape)
    if fill == "blur":
        sigma = min(image.size) / 8
        each = (sigma, sigma) if pixels.ndim == 2 else (sigma, sigma, 0)
        blurred: npt.NDArray[Any] = ndimage.gaussian_filter(pixels, each, mode="nearest")
        return blurred
    low, high = image.value_range
    return np.random.default_rng(seed).uniform(low, high, pixels.shape)
