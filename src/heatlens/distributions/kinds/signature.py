"""Colour signature: a few colours and how much of the picture each stands for.

Rubner, Tomasi, Guibas: The Earth Mover's Distance as a Metric for Image Retrieval, International
Journal of Computer Vision 40(2), 2000.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, name_of, whole

__all__ = ["signature"]

Floats = npt.NDArray[np.float64]

_BITS = 5


@register("signature", unit="CIELAB units")
def signature(source: Source, *, k: int = 32, seed: int = 0) -> Distribution:
    """Group the picture's colours into k clusters, by k-means in CIELAB.

    The pixels are gathered on a lattice of 32 steps a channel first, with exact mean colours.
    `info["error"]` is the mean distance between a pixel's colour and that of its cluster, on at
    most 10,000 evenly spaced pixels: what the signature leaves out, in CIELAB units. The W1
    between two signatures can differ from that between all pixels by about the sum of both errors.

    Args:
        source: a flat picture, grey or colour; transparent pixels count as much as they are
            opaque.
        k: number of colours; fewer where the picture has fewer.
        seed: of the start of k-means.

    Returns:
        Colours (k, 3) in CIELAB, weighted by their shares of the picture, which sum to 1.

    Example:
        >>> from heatlens.image import Image
        >>> flag = Image(np.repeat(np.uint8([[[255] * 3], [[255, 0, 0]]]), 4, axis=1), name="flag")
        >>> found = signature(flag)
        >>> found.weights.tolist(), found.points.round(1).tolist()
        ([0.5, 0.5], [[53.2, 80.1, 67.2], [100.0, -0.0, 0.0]])
    """
    from heatlens.distributions.kmeans import kmeans
    from heatlens.distributions.lattice import gathered, sampled_colours

    image = whole(source, "signature")
    k = checked_bins(k, "k")
    cells = gathered(image, _BITS)
    centres, masses, _ = kmeans(cells.lab, k, cells.weights, seed)
    order = np.lexsort((*centres.T[::-1], -masses))
    weights, colours, _ = sampled_colours(image)
    error = _mean_distance(colours, weights, centres)
    return Distribution(
        masses[order] / masses.sum(),
        centres[order],
        "CIELAB units",
        "signature",
        name_of(image),
        info={"k": len(centres), "seed": seed, "error": error, "cells": len(cells.weights)},
        notes=(f"a pixel's colour lies {error:.2g} CIELAB units from its cluster's on average",),
    )


def _mean_distance(points: Floats, weights: Floats, centres: Floats) -> float:
    from scipy.spatial import KDTree

    if not weights.sum() > 0:  # the sample met transparent pixels only
        return float("nan")
    nearest = KDTree(centres).query(points)[0]
    return float(np.average(nearest, weights=weights))
