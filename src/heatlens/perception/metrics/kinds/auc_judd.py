"""AUC-Judd: how well the map's values tell fixated pixels from the others.

Judd, Ehinger, Durand, Torralba: Learning to Predict Where Humans Look, ICCV 2009; Bylinskii, Judd,
Oliva, Torralba, Durand: What do different evaluation metrics tell us about saliency models?,
PAMI 2019, section 4.1.
"""

from __future__ import annotations

import numpy as np

from heatlens.distributions.given import checked_seed
from heatlens.errors import InvalidArgument
from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.given import Floats, Map, Points, checked_map, pixels_of
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.roc import share_below, swept_by_positives
from heatlens.perception.metrics.scaling import from_zero_to_one, is_constant

__all__ = ["auc_judd"]

_JITTER = 1e-7
"""Of the map's range."""


def _each(
    heat: Map,
    fixations: Points,
    *,
    convention: str = "tuebingen",
    jitter: bool = True,
    seed: int = 0,
) -> Floats:
    values = checked_map(heat)
    mit = checked_convention(convention) == "mit"
    seed = checked_seed(seed)
    cells = pixels_of(fixations, values.shape, once=mit)
    flat = values.ravel()
    if not mit:
        return share_below(flat[cells], flat)
    if len(cells) == flat.size:
        raise InvalidArgument("every pixel is fixated; none is left to tell the fixated ones from")
    if jitter and not is_constant(values):
        flat = from_zero_to_one(values).ravel()
        flat = flat + _JITTER * np.random.default_rng(seed).random(flat.size)
    return swept_by_positives(flat[cells], np.delete(flat, cells))


@register(
    "auc-judd",
    low=0.0,
    high=1.0,
    chance=0.5,
    each=_each,
    paper="doi:10.1109/ICCV.2009.5459462",
)
def auc_judd(
    heat: Map,
    fixations: Points,
    *,
    convention: str = "tuebingen",
    jitter: bool = True,
    seed: int = 0,
) -> float:
    """Area under the ROC curve, fixated pixels against the picture's pixels.

    "tuebingen": the Mann-Whitney statistic with ties counting half; every fixation is a positive,
    and all pixels are negatives, the fixated ones too. So even a perfect map stays a little below
    1. Exact: neither `jitter` nor `seed` is used.

    "mit": a pixel counts once, the negatives are the pixels that were not fixated, and thresholds
    are taken at the n fixated values, with straight lines between. Without ties that is the
    Mann-Whitney statistic plus f / 2n, with f the false alarms at the lowest fixated value: a
    useless map gets .75 from one fixation. Ties are broken by noise in 0..1e-7 of the map's range:
    the map is scaled to 0..1 before, as the benchmark's were, which came as pictures in 0..1. (Its
    Matlab function puts the noise on a map as it is given, so that of a density over a million
    pixels, whose values are as small as the noise, little is left: scale such a map for it.)
    Without `jitter`, pixels of the same value share a threshold, with a straight line to it, so
    that ties count half; the Matlab function counts them in whatever order they lie, and may leave
    0..1. A constant map is not made noise.

    Args:
        heat: (H, W).
        fixations: (n, 2) positions (row, column), or a mask of bool.
        convention: "tuebingen" or "mit".
        jitter: break ties by noise ("mit").
        seed: of the noise.

    Returns:
        0..1; a constant map gets 0.5.

    Raises:
        InvalidArgument: no fixations, some outside, every pixel fixated ("mit"), a seed below 0.
        InvalidType: a seed that is no whole number.

    Example:
        >>> ramp = np.arange(4.0).reshape(2, 2)
        >>> auc_judd(ramp, [[1, 1]]), auc_judd(ramp, [[1, 1]], convention="mit")
        (0.875, 1.0)
    """
    return float(_each(heat, fixations, convention=convention, jitter=jitter, seed=seed).mean())
