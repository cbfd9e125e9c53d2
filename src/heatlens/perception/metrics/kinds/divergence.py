"""KLDiv: what is lost when the map is taken for the density of the fixations.

    KL = sum_x q(x) ln(eps + q(x) / (p(x) + eps)),   eps = 2.2204e-16

with p the map and q the density of the fixations, each of total 1. A map that was saved in 8 bits
has another divergence: what lies below 1/510 of its highest value became 0 there, and mass of q on
such pixels costs 36 nats. Keep maps in floating point.

Kullback, Leibler: On information and sufficiency, 1951; Bylinskii et al., PAMI 2019, eq. 4.
"""

from __future__ import annotations

import math

import numpy as np

from heatlens.perception.metrics.convention import EPSILON, checked_convention
from heatlens.perception.metrics.density import density_of
from heatlens.perception.metrics.given import Map, Points, checked_map
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.scaling import mass_of

__all__ = ["kld"]


@register(
    "kld",
    low=0.0,
    high=math.inf,
    chance=None,
    higher_is_better=False,
    density=True,
    paper="doi:10.1109/TPAMI.2018.2815601",
)
def kld(
    heat: Map,
    fixations: Map | Points,
    *,
    convention: str = "tuebingen",
    sigma: float | None = None,
) -> float:
    """Divergence of the density of the fixations from the map, in nats; lower is better.

    The formula and its eps are the same in both conventions. They differ in how points become a
    density (see `fixation_density`), and in a map of zeros: uniform in "tuebingen", zero in "mit".

    Args:
        heat: (H, W), not negative.
        fixations: a density (H, W), or (n, 2) positions (row, column). What has the map's shape is
            a density.
        convention: "tuebingen" or "mit".
        sigma: blur of the points, in pixels; see `fixation_density`.

    Returns:
        0 for equal densities, up to rounding by eps; at most about 36.

    Raises:
        InvalidArgument: no fixations, some outside, a density of another size, negative values
            (pysaliency takes the minimum off without a word).

    Example:
        >>> round(kld([[1, 1]], [[0, 1]]), 4)  # ln 2
        0.6931
    """
    values = checked_map(heat)
    empty = "zero" if checked_convention(convention) == "mit" else "uniform"
    density = density_of(fixations, values.shape, sigma, convention)
    p = mass_of(values, empty=empty)
    q = mass_of(density, "density of the fixations", empty=empty)
    return max(0.0, float((q * np.log(EPSILON + q / (p + EPSILON))).sum()))
