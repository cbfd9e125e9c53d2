"""Mean shift: clusters are the peaks of the density of the pixels' descriptions.

Each seed moves to the mean of all points within the bandwidth until it stands still (Comaniciu,
Meer 2002). There is no k. Computed by scikit-learn on a sample of pixels, from one seed in each bin
of a grid: of the points in it the one nearest to their mean, so that every seed has a point within
the bandwidth. Every pixel then goes to the nearest peak.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.optional import needed
from heatlens.pixels.checks import checked_count, checked_number, seeds_of
from heatlens.pixels.grouping import nearest_centres, sampled
from heatlens.pixels.part import CLUSTERINGS, register
from heatlens.pixels.stack import rounding_floor

__all__ = ["mean_shift"]

Floats = npt.NDArray[np.float64]


@register(CLUSTERINGS, paper="doi:10.1109/34.1000236")
def mean_shift(
    values: npt.NDArray[np.float32],
    k: int | None,
    seed: int,
    *,
    bandwidth: float | None = None,
    quantile: float = 0.15,
    sample: int = 4_000,
) -> npt.NDArray[np.int32]:
    """Nearest peak of the density; how many there are is found, not asked for.

    Args:
        values: (H, W, d).
        k: has to be None.
        seed: of the sample.
        bandwidth: radius in the unit of the features. None: the mean over the sample of the
            distance within which `quantile` of the points lie.
        quantile: 0..1; larger ones give fewer clusters.
        sample: pixels that the peaks are looked for in.

    Raises:
        InvalidArgument: a `k`, or a bandwidth of 0 (most pixels alike).
        MissingDependency: scikit-learn is not there.
    """
    if k is not None:
        raise InvalidArgument(
            f"mean-shift finds the number of clusters by its bandwidth; k is {k}, leave it out or "
            "take 'k-means'"
        )
    sample = checked_count("sample", sample, 2)
    quantile = checked_number("quantile", quantile, 0, 1, above=True)
    cluster = needed("sklearn.cluster", "mean shift", extra="pixels")
    few = sampled(values.reshape(-1, values.shape[2]), sample, seed).astype(np.float64)
    if (np.ptp(few, axis=0) <= 2 * rounding_floor(few, ())).all():
        return np.zeros(values.shape[:2], np.int32)
    if bandwidth is None:
        share = max(quantile, min(1.0, 2.01 / min(len(few), 1000)))  # one neighbour at least
        bandwidth = float(
            cluster.estimate_bandwidth(
                few, quantile=share, n_samples=1000, random_state=seeds_of(seed, 1)[0]
            )
        )
        if bandwidth <= 0:
            raise InvalidArgument(
                "most pixels are alike and the bandwidth estimated for mean shift is 0; give "
                "bandwidth=, in the unit of the features, or a larger quantile"
            )
    bandwidth = checked_number("bandwidth", bandwidth, 0, above=True)
    fitted = cluster.MeanShift(bandwidth=bandwidth, seeds=_seeds(few, bandwidth)).fit(few)
    return nearest_centres(values, np.asarray(fitted.cluster_centers_))


def _seeds(points: Floats, bandwidth: float) -> Floats:
    """Of each bin of a grid the point nearest to the mean of the bin's points."""
    _, bins, counts = np.unique(
        np.rint(points / bandwidth), axis=0, return_inverse=True, return_counts=True
    )
    bins = bins.ravel()
    sums = np.stack([np.bincount(bins, column) for column in points.T], axis=1)
    far = ((points - (sums / counts[:, None])[bins]) ** 2).sum(axis=1)
    order = np.lexsort((far, bins))
    seeds: Floats = points[order[np.cumsum(counts) - counts]]
    return seeds
