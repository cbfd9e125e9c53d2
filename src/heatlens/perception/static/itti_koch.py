"""Itti, Koch and Niebur: what differs from its surround in brightness, hue or direction.

    F(c, s) = |F(c) - F(s)|,       c in {2, 3, 4},  s = c + d,  d in {3, 4}
    S = (N(I) + N(C) + N(O)) / 3,  I = (+) N(I(c, s)),  C = (+) N(RG(c, s)) + N(BY(c, s)),
                                   O = sum over theta of N((+) N(O(c, s, theta)))

F(n) is level n of a Gaussian pyramid; the difference is taken on the finer grid; (+) adds maps on the
grid of level 4; N promotes a map with few strong peaks (`feature_maps.promotion`). Each map is brought
to level 4 before N looks at its peaks. RG(c, s) is the plain difference across scales of
double-opponent cells: the paper's eq. 2 swaps the opponents' signs at the surround, which would call
a picture of one colour salient all over. Both signs share a map, as in the paper ("joint"), so that a
green item among red ones, all of them strong, can hide; `opponents="separate"` gives cells that prefer
red, green, blue and yellow a map each. The paper's levels are meant for 640 pixels; in a picture of
half or a quarter of that, all levels are one or two less, so that they see the same shares of it.

Itti, Koch, Niebur: A Model of Saliency-Based Visual Attention for Rapid Scene Analysis, IEEE PAMI
20(11), 1998.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnknownName
from heatlens.image import Image
from heatlens.perception.channels import seen
from heatlens.perception.model import register
from heatlens.perception.static.feature_maps.early import early_features
from heatlens.perception.static.feature_maps.promotion import (
    Normalisation,
    check_normalisation,
    promoted,
)
from heatlens.perception.static.feature_maps.pyramid import onto

__all__ = ["itti_koch"]

Array = npt.NDArray[np.float32]
Opponents = Literal["joint", "separate"]

CENTRES, SURROUNDS, MAP_LEVEL, DEEPEST = (2, 3, 4), (3, 4), 4, 8
LONGEST = 640


@register("itti-koch", family="centre-surround", paper="doi:10.1109/34.730558", longest=LONGEST)
def itti_koch(
    image: Image,
    *,
    normalisation: Normalisation = "maximum",
    opponents: Opponents = "joint",
    longest: int = LONGEST,
) -> Array:
    """Itti, Koch and Niebur: differences between centre and surround in brightness, hue, direction.

    Args:
        image: a flat picture of any size. Where it is too small for the levels, the pyramid ends
            with one pixel, and the surrounds that are left are compared.
        normalisation: "maximum" (1998) or "iterative" (2000): how peaks compete.
        opponents: "joint" (the paper) or "separate": whether both signs of an opponent colour share
            a map.
        longest: pixels along the longer side that the pyramid begins with.

    Returns:
        (h, w) on the grid of level 4, 40 pixels along the longer side of 640; 0..1.

    Raises:
        UnknownName: another `normalisation`, or other `opponents`.

    Example:
        >>> scene = np.full((128, 128), 90, np.uint8)
        >>> scene[30:38, 80:88] = 200
        >>> look = itti_koch(Image(scene, "YX"))
        >>> look.shape, [int(n) for n in np.unravel_index(look.argmax(), look.shape)]
        ((32, 32), [8, 20])
    """
    check_normalisation(normalisation)
    if opponents not in get_args(Opponents):
        raise UnknownName("way of opponent colours", opponents, get_args(Opponents))
    contrasts = _contrasts(seen(image, longest), opponents)
    across_scales = promoted(contrasts.reshape(-1, *contrasts.shape[2:]), normalisation)
    channels = across_scales.reshape(contrasts.shape).sum(axis=0)
    orientation = promoted(channels[-4:], normalisation).sum(axis=0)
    conspicuity = np.stack([channels[0], channels[1:-4].sum(axis=0), orientation])
    saliency: Array = promoted(conspicuity, normalisation).mean(axis=0)
    return saliency


def _contrasts(image: Image, opponents: Opponents) -> Array:
    """Every F(c, s) there is, (pairs, features, h, w) on the grid of level 4.

    Features are brightness, two or four of colour, four orientations.
    """
    shift = _shift(max(image.size))
    levels = early_features(image, min(CENTRES) - shift, DEEPEST - shift).levels
    first, last = min(levels), max(levels)
    size = levels[min(MAP_LEVEL - shift, last)].shape[1:]
    centres = [c - shift for c in CENTRES]
    pairs = [(c, c + d) for c in centres for d in SURROUNDS if c >= first and c + d <= last]
    found = []
    for c, s in pairs or [(first, last)]:
        difference = levels[c] - onto(levels[s], levels[c].shape[1:])
        if opponents == "separate":
            colours = difference[1:3]
            difference = np.concatenate(
                [difference[:1], np.maximum(colours, 0), np.maximum(-colours, 0), difference[3:]]
            )
        found.append(onto(np.abs(difference), size))
    return np.stack(found)


def _shift(side: int) -> int:
    """How many levels less a picture needs than one of `LONGEST` pixels."""
    return int(np.clip(np.rint(np.log2(LONGEST / side)), 0, min(CENTRES)))
