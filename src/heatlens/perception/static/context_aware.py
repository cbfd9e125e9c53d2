"""Context-aware saliency: a patch is salient that has no near neighbour in looks, near in place.

    d(i, j) = d_colour(i, j) / (1 + c d_position(i, j)),     c = 3
    S_r(i) = 1 - exp( -1/K sum_k d(p_i, q_k) )               over the K most similar patches q_k
    S(i) = mean_r S_r(i) (1 - d_foci(i))

Patches are 7 x 7 pixels of CIELAB, half overlapping, at scale r of 100, 80, 50 and 30 %; the q_k come
from the scales r, r / 2 and r / 4, so that a blurred ground is its own context. d_colour is the root
mean square difference of two patches over 100 (the range of L*), d_position their distance over the
longer side. d_foci is the distance to the nearest place with S above .8 of the highest: what is near
an object belongs to it.

Goferman, Zelnik-Manor, Tal: Context-Aware Saliency Detection, CVPR 2010; IEEE PAMI 34(10), 2012.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import torch

from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import seen
from heatlens.perception.model import register
from heatlens.perception.static.feature_maps.pyramid import onto
from heatlens.perception.static.regions.colours import FLAT, lab

__all__ = ["context_aware"]

Array = npt.NDArray[np.float32]

LONGEST = 250
PATCH, STRIDE = 7, 4
SCALES = (1.0, 0.8, 0.5, 0.3)
CONTEXT = (1.0, 0.5, 0.25)
POSITION = 3.0
FOCUS = 0.8
"""The papers' numbers."""

ROWS = 512
"""Patches compared with all others at a time."""


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches of one scale.

    Attributes:
        values: (n, 147) CIELAB, scaled so that a squared distance is d_colour squared.
        positions: (n, 2) row and column of the centres in longer sides of the picture.
        grid: rows and columns of patches, n their product.
    """

    values: torch.Tensor
    positions: torch.Tensor
    grid: tuple[int, int]


@register("context-aware", family="patches", paper="doi:10.1109/TPAMI.2011.272", longest=LONGEST)
def context_aware(
    image: Image, *, neighbours: int = 64, focus: bool = True, longest: int = LONGEST
) -> Array:
    """Context-aware saliency: patches that differ from the most similar ones, with what is near.

    Args:
        image: a flat picture of any size.
        neighbours: how many of the most similar patches count, the paper's K; all there are, if
            there are fewer.
        focus: weigh by the distance to the nearest salient place.
        longest: pixels along the longer side of the picture; time grows with its fourth power.

    Returns:
        (h, w), one value for each patch of the finest scale, 0..1; 0 everywhere for one colour.

    Raises:
        InvalidArgument: fewer than 1 `neighbours`.

    Example:
        >>> scene = np.full((48, 64), 90, np.uint8)
        >>> scene[16:22, 40:46] = 220
        >>> look = context_aware(Image(scene, "YX"))
        >>> look.shape, [int(n) for n in np.unravel_index(look.argmax(), look.shape)]
        ((12, 16), [4, 10])
    """
    check_at_least("context-aware", 1, neighbours=neighbours)
    colours = lab(seen(image, longest))
    side = max(colours.shape[:2])
    sets: dict[float, Patches] = {}

    def patches(scale: float) -> Patches:
        scale = max(scale, min(1.0, PATCH / side))
        if scale not in sets:
            sets[scale] = _patches(colours, scale)
        return sets[scale]

    size = patches(1.0).grid
    maps = []
    for scale in SCALES:
        here = patches(scale)
        context = {id(found): found for found in (patches(scale * share) for share in CONTEXT)}
        distance = _mean_distance(here, list(context.values()), neighbours)
        distance[distance < FLAT / 100] = 0
        maps.append(onto((1 - np.exp(-distance))[None], size)[0])
    mean: Array = np.mean(maps, axis=0, dtype=np.float32)
    return mean * (1 - _to_focus(mean)) if focus and mean.any() else mean


def _patches(colours: Array, scale: float) -> Patches:
    """All patches whose centres stand on a grid over the picture reduced by `scale`."""
    height, width = (max(1, round(n * scale)) for n in colours.shape[:2])
    planes = onto(np.ascontiguousarray(colours.transpose(2, 0, 1)), (height, width))
    reach = PATCH // 2
    padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(1, 2))
    # As many as the stride gives, spread evenly, so that the grid covers the picture edge to edge.
    rows, columns = (
        np.rint((np.arange(count) + 0.5) * n / count - 0.5).astype(np.intp)
        for n, count in ((n, -(-n // STRIDE)) for n in (height, width))
    )
    chosen = windows[:, rows[:, None], columns].transpose(1, 2, 0, 3, 4)
    values = chosen.reshape(len(rows) * len(columns), -1) / (100 * PATCH)
    places = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    positions = ((places + 0.5) / max(height, width)).astype(np.float32)
    return Patches(
        torch.from_numpy(np.ascontiguousarray(values, np.float32)),
        torch.from_numpy(positions),
        (len(rows), len(columns)),
    )


def _mean_distance(here: Patches, context: list[Patches], neighbours: int) -> Array:
    """Mean of d(i, j) over the `neighbours` patches most similar to each i, on the grid of `here`."""
    values = torch.cat([part.values for part in context])
    positions = torch.cat([part.positions for part in context])
    count = min(neighbours, len(values))
    found = []
    with torch.no_grad():
        for first in range(0, len(here.values), ROWS):
            rows = slice(first, first + ROWS)
            looks = torch.cdist(here.values[rows], values)
            places = torch.cdist(here.positions[rows], positions)
            dissimilar = looks / (1 + POSITION * places)
            found.append(dissimilar.topk(count, dim=1, largest=False, sorted=False).values.mean(1))
    mean: Array = torch.cat(found).reshape(here.grid).numpy()
    return mean


def _to_focus(saliency: Array) -> Array:
    """Distance to the nearest place of attention, in longer sides of the map."""
    attended = saliency >= FOCUS * saliency.max()
    distance = scipy.ndimage.distance_transform_edt(~attended) / max(saliency.shape)
    return np.minimum(distance, 1).astype(np.float32)
