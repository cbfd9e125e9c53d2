"""The sliced distance between the patches of two pictures, with a gradient.

    L(x, y) = mean over random filters f of W_2^2 between the values of f * x and of f * y

A filter's values at all places are the projections of all patches on one direction, and in one
dimension transport is sorting. Heitz, Vanhoey, Chambon, Belcour: A sliced Wasserstein loss for
neural texture synthesis, CVPR 2021; on patches of pixels, without a trained network: Elnekave,
Weiss: Generating natural images with direct patch distribution matching, ECCV 2022.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["patch_loss", "random_filters"]


def random_filters(count: int, channels: int, side: int, generator: torch.Generator) -> Tensor:
    """Directions of length 1 in the space of patches, (count, channels, side, side)."""
    filters = torch.randn(count, channels, side, side, generator=generator)
    return filters / filters.flatten(1).norm(dim=1)[:, None, None, None]


def patch_loss(
    picture: Tensor,
    reference: Tensor,
    filters: Tensor,
    shown: Tensor | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """L(picture, reference) of pictures (c, h, w), whose sizes may differ.

    Args:
        picture: what is to be changed.
        reference: what its patches should be like.
        filters: as `random_filters` makes them.
        shown: which of the picture's patches count, a boolean for each place; None: all.
        known: the same for the reference.

    Example:
        >>> picture = torch.rand(3, 8, 8)
        >>> filters = random_filters(4, 3, 3, torch.Generator().manual_seed(0))
        >>> float(patch_loss(picture, picture.flip(0).flip(0), filters))
        0.0
    """
    values = _counted(F.conv2d(picture[None], filters)[0], shown)
    with torch.no_grad():
        wanted = np.sort(_counted(F.conv2d(reference[None], filters)[0], known).numpy(), axis=1)
        goals = torch.from_numpy(_in_order_of(values.detach().numpy(), wanted))
    return (values - goals).square().mean()


def _counted(values: Tensor, places: Tensor | None) -> Tensor:
    """Values (c, h, w) at the places (h, w) that count, (c, n)."""
    return values.flatten(1) if places is None else values[:, places]


def _in_order_of(values: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """For each of the values of a row, the wanted one of the same rank (NumPy sorts faster)."""
    count, sorts = values.shape[1], wanted.shape[1]
    if sorts != count:  # the quantiles at the middles of equal shares
        place = (np.arange(count) + 0.5) / count
        known = (np.arange(sorts) + 0.5) / sorts
        wanted = np.stack([np.interp(place, known, row) for row in wanted])
    goals = np.empty_like(values)
    np.put_along_axis(goals, np.argsort(values, axis=1), wanted.astype(values.dtype), axis=1)
    return goals
