"""SIM, histogram intersection: the mass that two densities have in common.

    SIM = sum_x min(p(x), q(x))

Swain, Ballard: Color indexing, IJCV 1991; Judd, Durand, Torralba, MIT-CSAIL-TR-2012-001;
Bylinskii et al., PAMI 2019, eq. 2.
"""

from __future__ import annotations

import numpy as np

from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.density import density_of
from heatlens.perception.metrics.given import Map, Points, checked_map
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.scaling import mass_of

__all__ = ["sim"]


@register(
    "sim", low=0.0, high=1.0, chance=None, density=True, paper="doi:10.1109/TPAMI.2018.2815601"
)
def sim(
    heat: Map,
    fixations: Map | Points,
    *,
    convention: str = "tuebingen",
    sigma: float | None = None,
) -> float:
    """Mass that the map and the density of the fixations share, each of total 1.

    "tuebingen": both are divided by their sums; a map of zeros counts as uniform.
    "mit": both are scaled to 0..1 first, so a floor that a model puts under its map does not
    count; a map of zeros stays one and shares nothing, and so does a constant one (Matlab: NaN).

    Args:
        heat: (H, W); not negative, in "tuebingen".
        fixations: a density (H, W), or (n, 2) positions (row, column). What has the map's shape is
            a density.
        convention: "tuebingen" or "mit".
        sigma: blur of the points, in pixels; see `fixation_density`.

    Returns:
        0..1; 1 for equal densities.

    Raises:
        InvalidArgument: no fixations, some outside, a density of another size, negative values.

    Example:
        >>> sim([[1, 3]], [[3, 1]]), sim([[1, 3]], [[3, 1]], convention="mit")
        (0.5, 0.0)
    """
    values = checked_map(heat)
    mit = checked_convention(convention) == "mit"
    density = density_of(fixations, values.shape, sigma, convention)
    p, q = (
        mass_of(x, what, above_floor=mit, empty="zero" if mit else "uniform")
        for x, what in ((values, "map"), (density, "density of the fixations"))
    )
    return float(np.minimum(p, q).sum())
