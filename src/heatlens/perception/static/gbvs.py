"""Graph-based visual saliency: where a random walker ends up who is drawn to what is unlike.

Each feature map M (brightness, two opponent colours, four orientations, on three scales) becomes a
graph of all pairs of its places. A walker prefers steps to places that differ and are near; how often
he is where is the activation A. A second walker on A prefers places of high activation, which draws
mass together. The sum over all features is the map.

    w1(i, j) = d(M_i, M_j) F(i - j; sigma),    w2(i, j) = A_j F(i - j; concentration)

Both equilibria are exact (`graph.chains`). Places at the picture's edge have fewer neighbours, so the
map favours the middle, as people do; that is the paper's, too. Of what the paper leaves open, these
defaults were chosen on pop-out displays: |M_i - M_j| (the paper's second d), sigma at the lower end of
its range of .1 to .2, and two rounds of concentration over one place.

Harel, Koch, Perona: Graph-Based Visual Saliency, NIPS 2006.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import blurred, seen
from heatlens.perception.model import register
from heatlens.perception.static.feature_maps.early import CHANNELS, early_features
from heatlens.perception.static.feature_maps.promotion import NOTHING
from heatlens.perception.static.feature_maps.pyramid import onto
from heatlens.perception.static.graph.chains import activation, concentration

__all__ = ["gbvs"]

Array = npt.NDArray[np.float32]
Dissimilarity = Literal["log", "difference"]

LONGEST = 640
MAP_SIDE = 32
"""Places along the longer side of a map; their pairs are the cost."""

LEVELS = (2, 3, 4)
"""Levels of the pyramid that maps are taken from, of a picture of `LONGEST` pixels."""

DARKEST = 0.2
"""Least value of a map of range 0..1 inside a logarithm, as a share of that range."""

SMOOTHING = 0.02
"""Deviation of the last blur in widths of the map."""


@register(
    "gbvs",
    family="graph",
    paper="https://papers.nips.cc/paper/2006/hash/4db0f8b0fc895da263fd77fc8aecabe4-Abstract.html",
    longest=LONGEST,
)
def gbvs(
    image: Image,
    *,
    dissimilarity: Dissimilarity = "difference",
    sigma: float = 0.1,
    sigma_concentration: float = 0.03,
    concentrations: int = 2,
    map_side: int = MAP_SIDE,
    longest: int = LONGEST,
) -> Array:
    """Graph-based visual saliency: a random walker who is drawn to what differs nearby.

    Args:
        image: a flat picture of any size.
        dissimilarity: "log" for |log(M_i / M_j)|, "difference" for |M_i - M_j|; the paper names both.
        sigma: how far the first walker steps, in longer sides of the map.
        sigma_concentration: how far the second one steps.
        concentrations: how often the second one walks, each time on what came out before; 0 leaves
            the activation as it is.
        map_side: places along the longer side of the map; time grows with its fourth power.
        longest: pixels along the longer side that the features are computed from.

    Returns:
        (h, w) with `map_side` places along the longer side, fewer of a smaller picture. On it its sum is
        1 where every feature varies, 2/3 of a grey picture (a third each is brightness's, colour's
        and direction's), and 0 where nothing differs.

    Raises:
        UnknownName: another `dissimilarity`.
        InvalidArgument: a sigma that is not positive, fewer than 0 `concentrations`, a `map_side`
            outside of 1..128.

    Example:
        >>> scene = np.full((96, 128), 90, np.uint8)
        >>> scene[30:38, 80:88] = 200
        >>> look = gbvs(Image(scene, "YX"))
        >>> look.shape, [int(n) for n in np.unravel_index(look.argmax(), look.shape)]
        ((24, 32), [8, 20])
    """
    if dissimilarity not in get_args(Dissimilarity):
        raise UnknownName("dissimilarity", dissimilarity, get_args(Dissimilarity))
    if not 1 <= map_side <= 128:
        raise InvalidArgument(f"map_side is {map_side}; it can be 1 to 128 places")
    check_at_least("gbvs", 0, concentrations=concentrations)
    for name, value in (("sigma", sigma), ("sigma_concentration", sigma_concentration)):
        if not value > 0:
            raise InvalidArgument(f"{name} is {value}; it must be a positive share of the map")
    maps = _feature_maps(seen(image, longest), map_side)
    side = max(maps.shape[1:])
    logarithms = np.log(np.maximum(maps, DARKEST)) if dissimilarity == "log" else maps
    active = activation(logarithms, sigma * side)
    for _ in range(concentrations):
        active = concentration(active, sigma_concentration * side)
    # Mean within a feature, then over the three kinds of feature.
    features = active.reshape(-1, len(CHANNELS), *maps.shape[1:]).mean(axis=0)
    kinds = [features[:1], features[1:3], features[3:]]
    total = np.mean([kind.mean(axis=0) for kind in kinds], axis=0)
    return blurred(total.astype(np.float32), SMOOTHING * side)


def _feature_maps(image: Image, map_side: int) -> Array:
    """Every feature of every level, (levels x 7, h, w), each over its range; without one: 0."""
    height, width = image.size
    shift = int(np.clip(np.rint(np.log2(LONGEST / max(height, width))), 0, min(LEVELS)))
    levels = early_features(image, min(LEVELS) - shift, max(LEVELS) - shift).levels
    side = min(map_side, max(height, width))
    size = tuple(max(1, round(side * n / max(height, width))) for n in (height, width))
    maps = np.concatenate([onto(level, (size[0], size[1])) for level in levels.values()])
    low, high = (ends(axis=(1, 2), keepdims=True) for ends in (maps.min, maps.max))
    span = high - low
    unit: Array = np.where(span > NOTHING, (maps - low) / np.maximum(span, NOTHING), 0)
    return unit
