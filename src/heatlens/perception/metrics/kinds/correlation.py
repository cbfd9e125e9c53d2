"""CC, Pearson's linear correlation of two maps.

    CC = cov(S, D) / (sd S sd D)

Le Meur, Le Callet, Barba: Predicting visual fixations on video based on low-level visual features,
Vision Research 2007; Bylinskii et al., PAMI 2019, eq. 3.
"""

from __future__ import annotations

import numpy as np

from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.density import density_of
from heatlens.perception.metrics.given import Map, Points, checked_map
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.scaling import is_constant, of_order_one

__all__ = ["cc"]


@register(
    "cc", low=-1.0, high=1.0, chance=0.0, density=True, paper="doi:10.1016/j.visres.2007.06.015"
)
def cc(
    heat: Map,
    fixations: Map | Points,
    *,
    convention: str = "tuebingen",
    sigma: float | None = None,
) -> float:
    """Linear correlation of the map with the density of the fixations.

    Of two densities both conventions give the same number; they differ in how points become one,
    see `fixation_density`.

    Args:
        heat: (H, W).
        fixations: a density (H, W), or (n, 2) positions (row, column). What has the map's shape is
            a density.
        convention: "tuebingen" or "mit".
        sigma: blur of the points, in pixels; see `fixation_density`.

    Returns:
        -1..1; 0 if either is constant (pysaliency: NaN if both are; Matlab: NaN).

    Raises:
        InvalidArgument: no fixations, some outside, or a density of another size.

    Example:
        >>> round(cc([[0, 1], [2, 3]], [[1, 3], [5, 7]]), 6)
        1.0
    """
    values = checked_map(heat)
    density = density_of(fixations, values.shape, sigma, checked_convention(convention))
    if is_constant(values) or is_constant(density):
        return 0.0
    values, density = of_order_one(values), of_order_one(density)
    one, other = ((x - x.mean()) / np.ptp(x) for x in (values, density))
    product = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
    return float(np.clip(product, -1.0, 1.0))
