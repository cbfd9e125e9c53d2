"""Information gain: by how many bits a fixation the map foretells better than a baseline.

    IG = mean_i (log2 p(x_i) - log2 b(x_i))

Its expectation over fixations drawn from p itself is the divergence of p from b, in bits.

Kuemmerer, Wallis, Bethge: Information-theoretic model comparison unifies saliency metrics, PNAS
2015, eq. 4; Bylinskii et al., PAMI 2019, eq. 5.
"""

from __future__ import annotations

import math

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.perception.metrics.baseline import baseline_density
from heatlens.perception.metrics.convention import EPSILON, checked_convention
from heatlens.perception.metrics.given import Floats, Map, Points, checked_map, pixels_of
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.scaling import mass_of

__all__ = ["information_gain"]


def _each(
    heat: Map,
    fixations: Points,
    *,
    baseline: str | Map = "centre",
    convention: str = "tuebingen",
) -> Floats:
    values = checked_map(heat)
    mit = checked_convention(convention) == "mit"
    cells = pixels_of(fixations, values.shape, once=mit)
    floor = EPSILON if mit else 0.0
    # A constant map scaled to 0..1 is all zeros, and says as little as a uniform one.
    p, b = (
        mass_of(x, what, above_floor=mit).ravel()[cells] + floor
        for x, what in ((values, "map"), (baseline_density(baseline, values.shape), "baseline"))
    )
    if not p.all() and not b.all():
        raise InvalidArgument(
            "the map and the baseline both say that a fixation cannot be (a density of 0 there); "
            "add a little to one of them, or take convention='mit'"
        )
    with np.errstate(divide="ignore"):
        return np.log2(p) - np.log2(b)


@register(
    "information-gain",
    low=-math.inf,
    high=math.inf,
    chance=None,
    needs=frozenset({"baseline"}),
    each=_each,
    paper="doi:10.1073/pnas.1510393112",
)
def information_gain(
    heat: Map,
    fixations: Points,
    *,
    baseline: str | Map = "centre",
    convention: str = "tuebingen",
) -> float:
    """Bits per fixation by which the map, as a density, beats a baseline.

    "tuebingen": map and baseline are divided by their sums, nothing else: a map that gives a
    fixation no probability gets minus infinity, as it deserves. Every fixation counts.

    "mit": both are scaled to 0..1 first and Matlab's eps is added inside the logarithms, so that
    such a fixation costs about 50 bits; a pixel counts once. A constant map is uniform (Matlab:
    NaN).

    A map that was not made as a density (most are not) is judged as one all the same.

    Args:
        heat: (H, W), not negative.
        fixations: (n, 2) positions (row, column), or a mask of bool.
        baseline: "centre", "uniform", or a density (H, W); see `baseline_density`.
        convention: "tuebingen" or "mit".

    Returns:
        Bits; 0 is as good as the baseline. Minus infinity (or infinity) in "tuebingen" where the
        map (or the baseline) has no mass at a fixation.

    Raises:
        InvalidArgument: no fixations, some outside, negative values, a baseline of another size,
            or neither the map nor the baseline has mass at a fixation.

    Example:
        >>> round(information_gain([[1, 3]], [[0, 1]], baseline=[[1, 1]]), 4)  # log2 1.5
        0.585
    """
    return float(_each(heat, fixations, baseline=baseline, convention=convention).mean())
