"""Hierarchical clusters: from below, the two neighbours whose union costs least are joined.

    cost of a union = |A| |B| / (|A| + |B|) |mean A - mean B|^2

Ward 1963, with the constraint that only clusters that touch are joined: every cluster is one piece
of the picture. Computed by scikit-learn; of larger pictures on SLIC superpixels, which are then the
leaves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from heatlens.optional import needed
from heatlens.pixels.checks import checked_count, checked_number
from heatlens.pixels.grouping import cluster_means
from heatlens.pixels.groupings.slic import superpixels
from heatlens.pixels.part import CLUSTERINGS, register

__all__ = ["hierarchical", "touching"]


@register(CLUSTERINGS, paper="doi:10.1080/01621459.1963.10500845")
def hierarchical(
    values: npt.NDArray[np.float32],
    k: int,
    seed: int,
    *,
    leaves: int = 2_000,
    compactness: float = 0.05,
) -> npt.NDArray[np.int32]:
    """Ward's clusters, each in one piece.

    Args:
        values: (H, W, d).
        k: number of clusters.
        seed: not used, nothing is random.
        leaves: pictures of more pixels are first cut into about so many superpixels, which all
            count alike.
        compactness: of the superpixels; see "slic".

    Raises:
        MissingDependency: scikit-learn or, for larger pictures, scikit-image is not there.
    """
    leaves = checked_count("leaves", leaves, 2)
    compactness = checked_number("compactness", compactness, 0, above=True)
    height, width, _ = values.shape
    if height * width <= max(leaves, k):
        leaf = np.arange(height * width, dtype=np.int32).reshape(height, width)
    else:
        leaf = superpixels(values, max(leaves, k), compactness)
    count = int(leaf.max()) + 1
    if count <= k:
        return leaf
    cluster = needed("sklearn.cluster", "hierarchical clusters", extra="pixels")
    means, _ = cluster_means(values, leaf, count)
    joined = cluster.AgglomerativeClustering(k, linkage="ward", connectivity=touching(leaf))
    return np.asarray(joined.fit_predict(means), np.int32)[leaf]


def touching(labels: npt.NDArray[np.int32]) -> Any:
    """Which labels 0..n-1 share a side of a pixel: a sparse symmetric matrix (n, n)."""
    sides = [
        np.stack([labels[:-1].ravel(), labels[1:].ravel()]),
        np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()]),
    ]
    pairs = np.concatenate(sides, axis=1)
    pairs = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1)
    n = int(labels.max()) + 1
    one_way = sparse.coo_matrix((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), (n, n)).tocsr()
    return one_way.maximum(one_way.T)
