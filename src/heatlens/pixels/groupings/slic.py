"""SLIC superpixels: k-means on colour and place, from a regular grid, each connected.

Achanta et al.: SLIC Superpixels Compared to State-of-the-Art Superpixel Methods, IEEE TPAMI 2012.
Computed by scikit-image.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.optional import needed
from heatlens.pixels.checks import checked_number
from heatlens.pixels.part import CLUSTERINGS, register

__all__ = ["slic", "superpixels"]


@register(CLUSTERINGS, paper="doi:10.1109/TPAMI.2012.120")
def slic(
    values: npt.NDArray[np.float32], k: int, seed: int, *, compactness: float = 0.1
) -> npt.NDArray[np.int32]:
    """Connected pieces of about equal size that follow edges; about k of them.

    Args:
        values: (H, W, d).
        k: how many are asked for; the grid decides how many there are.
        seed: not used, nothing is random.
        compactness: what place counts beside colour, whose range over the picture is taken as
            0..1: 0.01 follows every edge, 1 gives squares.

    Raises:
        MissingDependency: scikit-image is not there.
    """
    return superpixels(values, k, checked_number("compactness", compactness, 0, above=True))


def superpixels(
    values: npt.NDArray[np.float32], count: int, compactness: float
) -> npt.NDArray[np.int32]:
    """SLIC's labels from 0 on, without gaps."""
    segmentation = needed("skimage.segmentation", "SLIC superpixels", extra="pixels")
    if values.shape[0] * values.shape[1] == 1:
        return np.zeros(values.shape[:2], np.int32)
    labels = segmentation.slic(
        values,
        n_segments=count,
        compactness=compactness,
        channel_axis=-1,
        convert2lab=False,
        start_label=0,
    )
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
