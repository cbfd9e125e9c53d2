"""Optimal transport on arrays: no knowledge of images, NumPy in and out.

| file or folder | what it gives |
|---|---|
| `mass` | the policies of mass, and the checks that every distance makes |
| `ground` | ground distances and their matrix of costs |
| `threads`, `compiling` | many rows on many cores; what the first call costs |
| `exact/` | `emd`, `emd_batch`, `emd_matrix`: a network simplex with a certificate |
| `line/` | on a line or a circle, in closed form |
| `sliced/` | averages and maxima over projections |
| `entropic/` | Sinkhorn, and its debiased divergence as a loss with gradients |
| `gaussian` | between normal distributions: Bures, Frechet |
| `barycenter/` | the mean of distributions, on grids and of points |
| `interpolation` | the way from one distribution to another |
| `critic` | the dual, learned by a network |

Names are imported when they are first used: numba and torch take a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.transport.barycenter.grid import GridBarycenter, barycenter_grid
    from heatlens.transport.barycenter.points import PointsBarycenter, barycenter_points
    from heatlens.transport.critic import WassersteinCritic
    from heatlens.transport.entropic.grid import sinkhorn_divergence_grid
    from heatlens.transport.entropic.points import sinkhorn_divergence
    from heatlens.transport.entropic.sinkhorn import Entropic, sinkhorn
    from heatlens.transport.exact.batch import emd_batch, emd_matrix
    from heatlens.transport.exact.emd import emd
    from heatlens.transport.exact.transport import Transport
    from heatlens.transport.gaussian import frechet_distance, gaussian_wasserstein
    from heatlens.transport.ground import ground_cost
    from heatlens.transport.interpolation import displacement, displacement_grid
    from heatlens.transport.line.circular import wasserstein_circular
    from heatlens.transport.line.histograms import (
        histogram_distance,
        histogram_matrix,
        histogram_nearest,
    )
    from heatlens.transport.line.wasserstein import wasserstein_1d
    from heatlens.transport.sliced.maximum import max_sliced_wasserstein
    from heatlens.transport.sliced.patches import patch_distance
    from heatlens.transport.sliced.sliced import sliced_wasserstein

__all__ = [
    "Entropic",
    "GridBarycenter",
    "PointsBarycenter",
    "Transport",
    "WassersteinCritic",
    "barycenter_grid",
    "barycenter_points",
    "displacement",
    "displacement_grid",
    "emd",
    "emd_batch",
    "emd_matrix",
    "frechet_distance",
    "gaussian_wasserstein",
    "ground_cost",
    "histogram_distance",
    "histogram_matrix",
    "histogram_nearest",
    "max_sliced_wasserstein",
    "patch_distance",
    "sinkhorn",
    "sinkhorn_divergence",
    "sinkhorn_divergence_grid",
    "sliced_wasserstein",
    "wasserstein_1d",
    "wasserstein_circular",
]

_HOME = {
    "GridBarycenter": "barycenter.grid",
    "PointsBarycenter": "barycenter.points",
    "barycenter_grid": "barycenter.grid",
    "barycenter_points": "barycenter.points",
    "displacement": "interpolation",
    "displacement_grid": "interpolation",
    "Entropic": "entropic.sinkhorn",
    "WassersteinCritic": "critic",
    "sinkhorn": "entropic.sinkhorn",
    "sinkhorn_divergence": "entropic.points",
    "sinkhorn_divergence_grid": "entropic.grid",
    "Transport": "exact.transport",
    "emd": "exact.emd",
    "emd_batch": "exact.batch",
    "emd_matrix": "exact.batch",
    "frechet_distance": "gaussian",
    "gaussian_wasserstein": "gaussian",
    "ground_cost": "ground",
    "histogram_distance": "line.histograms",
    "histogram_matrix": "line.histograms",
    "histogram_nearest": "line.histograms",
    "max_sliced_wasserstein": "sliced.maximum",
    "patch_distance": "sliced.patches",
    "sliced_wasserstein": "sliced.sliced",
    "wasserstein_1d": "line.wasserstein",
    "wasserstein_circular": "line.circular",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
