"""EMD: how far the map's mass has to be carried to lie where people look.

    EMD = min_P sum_xy P(x, y) |x - y|,   P moves p onto q

on both maps reduced by 32, in pixels of the reduced grid, exactly (`heatlens.transport.emd`).

Rubner, Tomasi, Guibas: The Earth Mover's Distance as a Metric for Image Retrieval, IJCV 2000; Judd,
Durand, Torralba, MIT-CSAIL-TR-2012-001; Bylinskii et al., PAMI 2019, eq. 6.
"""

from __future__ import annotations

import math

import numpy as np

from heatlens import transport
from heatlens.distributions.given import checked_whole
from heatlens.images.area import reduced
from heatlens.perception.metrics.convention import checked_convention
from heatlens.perception.metrics.density import density_of
from heatlens.perception.metrics.given import Floats, Map, Points, checked_map
from heatlens.perception.metrics.metric import register
from heatlens.perception.metrics.scaling import mass_of

__all__ = ["emd"]


@register(
    "emd",
    low=0.0,
    high=math.inf,
    chance=None,
    higher_is_better=False,
    density=True,
    paper="doi:10.1023/A:1026543900054",
)
def emd(
    heat: Map,
    fixations: Map | Points,
    *,
    convention: str = "tuebingen",
    sigma: float | None = None,
    factor: int = 32,
) -> float:
    """Least way that the map's mass has to go to become the density of the fixations.

    Both are averaged down, divided by their sums, and compared, in both conventions; they differ in
    how points become a density (see `fixation_density`). pysaliency has no metric of its own, this
    is the plain definition. The MIT benchmark's Matlab code has reduced by a bicubic kernel instead
    of averages, solves for masses rounded to about 1e-6, and answers NaN for a map of zeros, which
    is uniform here; until September 2014 (and not since) it matched the map's histogram to the
    density's in between, so figures of before are others.

    Args:
        heat: (H, W), not negative.
        fixations: a density (H, W), or (n, 2) positions (row, column). What has the map's shape is
            a density.
        convention: "tuebingen" or "mit".
        sigma: blur of the points, in pixels; see `fixation_density`.
        factor: pixels of the picture, along a side, in one of the reduced grid; 1 keeps the grid,
            and takes long for more than about 100 x 100 pixels.

    Returns:
        Pixels of the reduced grid; 0 for equal densities.

    Raises:
        InvalidArgument: no fixations, some outside, a density of another size, negative values, or
            a factor below 1.
        InvalidType: a factor that is no whole number.

    Example:
        >>> emd([[1, 0, 0]], [[0, 0, 1]], factor=1)
        2.0
    """
    values = checked_map(heat)
    factor = checked_whole(factor, "factor")
    density = density_of(fixations, values.shape, sigma, checked_convention(convention))
    # Divided by their sums already here, so that single precision loses nothing in between.
    q = _small(mass_of(density, "density of the fixations"), factor)
    p = _small(mass_of(values), factor)
    places = np.argwhere(np.ones(p.shape, np.bool_)).astype(np.float64)
    return transport.emd(mass_of(p).ravel(), mass_of(q).ravel(), x=places).value


def _small(mass: Floats, factor: int) -> Floats:
    height, width = (math.ceil(n / factor) for n in mass.shape)
    if (height, width) == mass.shape:
        return mass
    return reduced(mass * mass.size, (height, width)).astype(np.float64)
