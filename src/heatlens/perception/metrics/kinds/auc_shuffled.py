"""Shuffled AUC: fixated pixels against where people look in other pictures.

The centre of pictures is looked at more whatever they show; a map that only knows that gets 0.5.

Tatler, Baddeley, Gilchrist: Visual correlates of fixation selection, Vision Research 2005; Zhang,
Tong, Marks, Shan, Cottrell: SUN, Journal of Vision 2008; Bylinskii et al., PAMI 2019, section 4.1.
"""

from __future__ import annotations

import numpy as np

from heatlens.errors import InvalidArgument
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

__all__ = ["auc_shuffled"]


def _each(
    heat: Map,
    fixations: Points,
    *,
    others: Points | None = None,
    convention: str = "tuebingen",
    splits: int = 100,
    step: float = 0.1,
    seed: int = 0,
) -> Floats:
    values = checked_map(heat)
    mit = checked_convention(convention) == "mit"
    splits, step, seed = checked_draws(splits, step, seed)
    if others is None:
        raise InvalidArgument(
            "auc_shuffled needs others=: fixations on other pictures, (m, 2), at this picture's size"
        )
    here = pixels_of(fixations, values.shape, once=mit)
    there = pixels_of(others, values.shape, once=mit, what="others")
    if not mit:
        flat = values.ravel()
        return share_below(flat[here], flat[there])
    flat = from_zero_to_one(values).ravel()
    rng = np.random.default_rng(seed)
    count = min(len(here), len(there))
    drawn = (rng.permutation(there)[:count] for _ in range(splits))
    return np.mean([share_below_in_steps(flat[here], flat[other], step) for other in drawn], axis=0)


@register(
    "auc-shuffled",
    low=0.0,
    high=1.0,
    chance=0.5,
    needs=frozenset({"others"}),
    each=_each,
    paper="doi:10.1016/j.visres.2004.09.017",
)
def auc_shuffled(
    heat: Map,
    fixations: Points,
    *,
    others: Points | None = None,
    convention: str = "tuebingen",
    splits: int = 100,
    step: float = 0.1,
    seed: int = 0,
) -> float:
    """Area under the ROC curve, fixated pixels against the fixations on other pictures.

    "tuebingen": the Mann-Whitney statistic, ties counting half, with all of `others` as negatives.

    "mit": pixels count once on both sides; the map is scaled to 0..1; of the others as many as
    there are fixated pixels (or all, if fewer) are drawn without replacement `splits` times, with
    thresholds 0, .1, .2, ...; areas are averaged. The benchmark takes the others of 10 pictures.

    Args:
        heat: (H, W).
        fixations: (n, 2) positions (row, column), or a mask of bool.
        others: (m, 2) positions on other pictures, brought to this picture's size.
        convention: "tuebingen" or "mit".
        splits: how often negatives are drawn ("mit").
        step: between thresholds, in 0..1 ("mit").
        seed: of the draws ("mit").

    Returns:
        0..1; a constant map gets 0.5 (the Matlab code: NaN).

    Raises:
        InvalidArgument: no fixations or no others, some outside, no splits, a step outside of 0..1,
            or a seed below 0.
        InvalidType: splits, step or seed are not such numbers.

    Example:
        >>> ramp = np.arange(4.0).reshape(2, 2)
        >>> auc_shuffled(ramp, [[1, 1]], others=[[0, 0], [1, 1]])
        0.75
    """
    return float(
        _each(
            heat,
            fixations,
            others=others,
            convention=convention,
            splits=splits,
            step=step,
            seed=seed,
        ).mean()
    )
