"""NSS, normalised scanpath saliency: how far above its mean the map is where people look.

    NSS = mean_i (S(x_i) - mean S) / sd S

Peters, Iyer, Itti, Koch: Components of bottom-up gaze allocation in natural images, Vision
Research 2005; Bylinskii et al., PAMI 2019, eq. 1.
"""

from __future__ import annotations

import math

import numpy as np

from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.given import Floats, Map, Points, checked_map, pixels_of
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.scaling import is_constant, of_order_one

__all__ = ["nss"]


def _each(heat: Map, fixations: Points, *, convention: str = "tuebingen") -> Floats:
    values = checked_map(heat)
    mit = checked_convention(convention) == "mit"
    cells = pixels_of(fixations, values.shape, once=mit)
    if is_constant(values):
        return np.zeros(len(cells))
    values = of_order_one(values)
    centred = (values - values.mean()) / np.ptp(values)  # squares neither vanish nor overflow
    found: Floats = centred.ravel()[cells] / centred.std(ddof=1 if mit else 0)
    return found


@register(
    "nss",
    low=-math.inf,
    high=math.inf,
    chance=0.0,
    each=_each,
    paper="doi:10.1016/j.visres.2005.03.019",
)
def nss(heat: Map, fixations: Points, *, convention: str = "tuebingen") -> float:
    """Mean of the map at the fixations, in standard deviations above the map's mean.

    "tuebingen": the standard deviation divides by n, and every fixation counts.
    "mit": it divides by n - 1, and a pixel counts once, however often it was looked at.

    Args:
        heat: (H, W).
        fixations: (n, 2) positions (row, column), or a mask of bool.
        convention: "tuebingen" or "mit".

    Returns:
        0 is chance; a constant map gets 0 (the Matlab code: NaN).

    Raises:
        InvalidArgument: no fixations, or some outside.

    Example:
        >>> spot = [[0, 0], [0, 4]]
        >>> round(nss(spot, [[1, 1]]), 4), nss(spot, [[1, 1]], convention="mit")
        (1.7321, 1.5)
    """
    return float(_each(heat, fixations, convention=convention).mean())
