"""AUC-Borji: fixated pixels against pixels drawn at random.

Borji, Sihite, Itti: Quantitative analysis of human-model agreement in visual saliency modeling,
IEEE Trans. Image Processing 2013; Bylinskii et al., PAMI 2019, section 4.1.
"""

from __future__ import annotations

import numpy as np

from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.given import (
    Floats,
    Map,
    Points,
    checked_draws,
    checked_map,
    pixels_of,
)
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.roc import share_below, share_below_in_steps
from heatlens.perception.metrics.scaling import from_zero_to_one

__all__ = ["auc_borji"]


def _each(
    heat: Map,
    fixations: Points,
    *,
    convention: str = "tuebingen",
    splits: int = 100,
    step: float = 0.1,
    seed: int = 0,
) -> Floats:
    values = checked_map(heat)
    mit = checked_convention(convention) == "mit"
    splits, step, seed = checked_draws(splits, step, seed)
    cells = pixels_of(fixations, values.shape, once=mit)
    if not mit:
        return share_below(values.ravel()[cells], values.ravel())
    flat = from_zero_to_one(values).ravel()
    positives = flat[cells]
    drawn = np.random.default_rng(seed).integers(flat.size, size=(splits, len(positives)))
    return np.mean([share_below_in_steps(positives, flat[other], step) for other in drawn], axis=0)


@register(
    "auc-borji",
    low=0.0,
    high=1.0,
    chance=0.5,
    each=_each,
    paper="doi:10.1109/TIP.2012.2210727",
)
def auc_borji(
    heat: Map,
    fixations: Points,
    *,
    convention: str = "tuebingen",
    splits: int = 100,
    step: float = 0.1,
    seed: int = 0,
) -> float:
    """Area under the ROC curve, fixated pixels against pixels drawn uniformly at random.

    "tuebingen": what the draws estimate, exactly: the same number as `auc_judd` there; `splits`,
    `step` and `seed` are not used.

    "mit": the map is scaled to 0..1; as many pixels as there are fixated ones are drawn `splits`
    times, thresholds are 0, .1, .2, ..., and the areas are averaged. Differences of less than a
    step are not seen, so a map with one bright spot and all else below .1 is judged by the spot.

    Args:
        heat: (H, W).
        fixations: (n, 2) positions (row, column), or a mask of bool.
        convention: "tuebingen" or "mit".
        splits: how often negatives are drawn ("mit").
        step: between thresholds, in 0..1 ("mit").
        seed: of the draws ("mit").

    Returns:
        0..1; a constant map gets 0.5 (the Matlab code: NaN, as for a single fixation).

    Raises:
        InvalidArgument: no fixations, some outside, no splits, a step outside of 0..1, or a seed
            below 0.
        InvalidType: splits, step or seed are not such numbers.

    Example:
        >>> ramp = np.arange(4.0).reshape(2, 2)
        >>> auc_borji(ramp, [[1, 1]])
        0.875
    """
    return float(
        _each(heat, fixations, convention=convention, splits=splits, step=step, seed=seed).mean()
    )
