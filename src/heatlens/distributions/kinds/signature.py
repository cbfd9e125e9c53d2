"""Colour signature: a few colours and how much of the picture each stands for.

Rubner, Tomasi, Guibas: The Earth Mover's Distance as a Metric for Image Retrieval, International
Journal of Computer Vision 40(2), 2000.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, coloured, name_of, opacity, whole
from heatlens.errors import InvalidArgument

__all__ = ["colour_signature", "signature"]

Floats = npt.NDArray[np.float64]

_BITS, _ITERATIONS, _TOLERANCE = 6, 100, 1e-3
"""A tenth of the usual precision of k-means spares a tenth of the time and costs 0.2 % inertia."""

_SAMPLE = 2500


@register("signature", unit="CIELAB units")
def signature(source: Source, *, k: int = 32, seed: int = 0) -> Distribution:
    """Group the picture's colours into k clusters, by k-means in CIELAB.

    The pixels are gathered on a lattice of 64 steps a channel first, with exact mean colours.
    `info["error"]` is the mean distance between a pixel's colour and that of its cluster, on at
    most 2,500 evenly spaced pixels: what the signature leaves out, in CIELAB units. The W1
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
    from heatlens.distributions.colour_clusters import mean_distance

    image = whole(source, "signature")
    k = checked_bins(k, "k")
    read = _as_read(coloured(image), image.value_range, opacity(image))
    masses, centres, cells = _clusters(read, k, seed)
    step = math.ceil(math.sqrt(math.prod(image.size) / _SAMPLE))
    error = float(mean_distance(*read, step, centres))
    return Distribution(
        masses,
        centres,
        "CIELAB units",
        "signature",
        name_of(image),
        info={"k": len(centres), "seed": seed, "error": error, "cells": cells},
        notes=(f"a pixel's colour lies {error:.2g} CIELAB units from its cluster's on average",),
    )


def colour_signature(
    pixels: npt.NDArray[np.uint8], k: int = 32, seed: int = 0
) -> tuple[Floats, Floats]:
    """`signature` of bare pixels: the same numbers, and nothing else is computed.

    For many small pictures: the compiled part releases the GIL, so threads share the work.

    Args:
        pixels: (H, W, 3) uint8, sRGB.
        k: number of colours; fewer where the picture has fewer.
        seed: of the start of k-means.

    Returns:
        Weights (k,) that sum to 1, largest first, and colours (k, 3) in CIELAB.

    Raises:
        InvalidArgument: another shape or type of pixels.

    Example:
        >>> weights, colours = colour_signature(np.full((2, 2, 3), 255, np.uint8))
        >>> weights.tolist(), colours.round(1).tolist()
        ([1.0], [[100.0, -0.0, 0.0]])
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise InvalidArgument(
            f"pixels are {pixels.dtype} of shape {pixels.shape}; bare pixels are uint8, (H, W, 3). "
            "as_distribution(picture, 'signature') takes any picture"
        )
    k = checked_bins(k, "k")
    read = _as_read(np.ascontiguousarray(pixels), (0, 255), None)
    return _clusters(read, k, seed)[:2]


def _as_read(
    pixels: npt.NDArray[Any], value_range: tuple[float, float], seen: Floats | None
) -> tuple[npt.NDArray[Any], float, float, Floats]:
    """What the compiled loops take: pixels, black, 1 / (white - black), opacities or none."""
    low, high = (float(value) for value in value_range)
    return pixels, low, 1 / (high - low), np.empty((0, 0)) if seen is None else seen


def _clusters(read: tuple[Any, ...], k: int, seed: int) -> tuple[Floats, Floats, int]:
    """Weights and colours, largest first, and the number of occupied cells."""
    from heatlens.distributions.colour_clusters import colour_clusters
    from heatlens.distributions.kmeans import draws_of

    centres, masses, cells = colour_clusters(
        *read, _BITS, draws_of(k, k, seed), _ITERATIONS, _TOLERANCE
    )
    order = np.lexsort((*centres.T[::-1], -masses))
    return masses[order] / masses.sum(), centres[order], cells
