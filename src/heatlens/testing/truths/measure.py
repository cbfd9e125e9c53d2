"""What a hit is, and how maps of planted cases are made and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from heatlens.attribution.attribute import attributed
from heatlens.images.geometry import Placement
from heatlens.models.protocol import Model
from heatlens.testing.ground_truth import View

__all__ = ["KindTruth", "PlantedTruth", "heat", "hits_in", "parts"]

_ROWS = 50

Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class KindTruth:
    """How the maps of one view agree with what was planted.

    Attributes:
        hit_rate: share of cases whose hottest place is right.
        chance: that share for a map that points anywhere with the same odds.
        count: number of cases.
    """

    hit_rate: float
    chance: float
    count: int


@dataclass(frozen=True)
class PlantedTruth:
    """What is measured on one model.

    Attributes:
        words: what a hit is.
        model: the bundled model.
        views: methods; the first is held to a figure by a test.
        measure: from a number of held-out cases, a seed and views to the figures by view.
        held: whether it is; else the figures are published alone.
    """

    words: str
    model: str
    views: tuple[View, ...]
    measure: Callable[[int, int, Sequence[View]], dict[str, KindTruth]]
    held: bool = True


def parts(count: int) -> Iterator[Tensor]:
    """Numbers of cases, some at a time."""
    yield from torch.arange(count).split(_ROWS)


def heat(model: Model, inputs: Tensor, view: View, target: Any) -> Tensor:
    """Heat (N, *cells), channels summed."""
    return attributed(model, inputs, view.method, target, dict(view.parameters)).values.sum(1)


def hits_in(values: Tensor, masks: Masks, view: View) -> int:
    """How many maps (N, *cells), laid over masks (N, H, W), are hottest inside the mask."""
    size = (masks.shape[1], masks.shape[2])
    maps = Placement(size, size).back(values.cpu().numpy())
    hits = 0
    for one, mask in zip(maps, masks, strict=True):
        smooth = ndimage.gaussian_filter(one, view.smooth) if view.smooth else one
        hits += bool(mask.flat[int(smooth.argmax())])
    return hits
