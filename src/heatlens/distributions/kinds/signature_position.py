"""Signature of colours at places: which colours, and where."""

from __future__ import annotations

import numpy as np

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, name_of, whole
from heatlens.errors import InvalidArgument

__all__ = ["signature_position"]

_BITS, _TILES = 4, 64


@register("signature-position", unit="CIELAB units, the diagonal counting `position` of them")
def signature_position(
    source: Source, *, k: int = 64, position: float = 100.0, seed: int = 0
) -> Distribution:
    """Group the picture's pixels into k clusters of colour and place.

    A point is (L*, a*, b*, s y, s x): y and x are measured from the picture's centre in fractions
    of its diagonal, and s = `position` says how many CIELAB units the diagonal counts. With the
    default 100 it costs as much to cross the picture as to turn black into white.

    The pixels are gathered first, in 64 tiles along the longer side and 16 steps of colour a
    channel, with exact means.

    Args:
        source: a flat picture, grey or colour.
        k: number of clusters.
        position: weight of place; 0 leaves place out.
        seed: of the start of k-means.

    Returns:
        Points (k, 5), weighted by their shares of the picture, which sum to 1.

    Example:
        >>> from heatlens.image import Image
        >>> halves = Image(np.repeat(np.uint8([[0, 255]]), 6, axis=0).repeat(3, axis=1), "YX")
        >>> signature_position(halves, k=2).points.round(1)[:, [0, 4]].tolist()
        [[0.0, -17.7], [100.0, 17.7]]
    """
    from heatlens.distributions.kmeans import kmeans
    from heatlens.distributions.lattice import gathered

    image = whole(source, "signature-position")
    k = checked_bins(k, "k")
    if not (np.isfinite(position) and position >= 0):
        raise InvalidArgument(f"position is {position}; the weight of place is finite, from 0 on")
    cells = gathered(image, _BITS, _TILES)
    size = np.array(image.size, np.float64)
    places = (cells.places - size / 2) * (position / np.hypot(*size))
    points = np.hstack([cells.lab, places])
    centres, masses, labels = kmeans(points, k, cells.weights, seed)
    order = np.lexsort((*centres.T[::-1], -masses))
    error = float(
        np.average(np.linalg.norm(points - centres[labels], axis=1), weights=cells.weights)
    )
    return Distribution(
        masses[order] / masses.sum(),
        centres[order],
        f"CIELAB units (the diagonal counts {position:g})",
        "signature-position",
        name_of(image),
        info={"k": len(centres), "position": position, "seed": seed, "error": error},
        notes=(f"colour and place lie {error:.2g} units from their cluster's on average",),
    )
