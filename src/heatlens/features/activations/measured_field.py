"""The measured receptive field: how strongly a unit's slope feels each pixel, and where most lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.features.activations.reach import Box
from heatlens.features.activations.reading import Reading
from heatlens.models.protocol import Model
from heatlens.models.targets import OutputFunction

__all__ = ["box_holding", "fills", "inside", "slope"]

_DRAWS = 4
"""Rows of noise on which a box is held against the gradient."""
_FAINT = 1e-30
"""Of the largest slope: below it lies what leaks through a mask of -100 before a softmax."""


def slope(
    model: Model,
    batch: Tensor,
    reading: Reading,
    cell: tuple[int, ...],
    channel: int | None,
    seed: int,
) -> npt.NDArray[np.float64]:
    """Sum over rows and colours of |gradient of the unit|, (h, w).

    Without a channel the unit is a random +-1 mix of all (`seed`), whose squared slope is on
    average the sum over channels of squared slopes; a plain sum of channels would be constant
    behind a layer norm.
    """

    def unit(output: Tensor) -> Tensor:
        channels = reading.units(output)
        for place in cell:
            channels = channels[:, :, place]
        if channel is not None:
            return channels[:, channel]
        generator = torch.Generator().manual_seed(seed)
        signs = 2.0 * torch.randint(0, 2, channels.shape[1:], generator=generator) - 1.0
        return channels @ signs.to(channels)

    gradient = model.input_gradient(batch, OutputFunction(unit, layer=reading.layer))
    total: npt.NDArray[np.float64] = gradient.abs().sum((0, 1)).double().cpu().numpy()
    if not np.isfinite(total).all():
        raise InvalidArgument(
            f"the gradient of layer {reading.layer!r} with respect to the input is NaN or infinite"
        )
    return total


def fills(
    model: Model,
    row: Tensor,
    reading: Reading,
    cell: tuple[int, ...],
    box: Box,
    seed: int,
) -> bool:
    """Whether the cell's gradient on noise comes from all four sides of a box.

    The gradient is that of all channels together, joined over a few draws: a single channel is
    often silent, or takes its maximum elsewhere.

    Args:
        model: with or without gradients; without, nothing is confirmed.
        row: (1, C, h, w), for the size.
        reading: of the layer.
        cell: in the layer's grid; () for a layer without one.
        box: to be confirmed.
        seed: of the noise and of the mix of channels.
    """
    if "gradient" not in model.capabilities:
        return False
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(_DRAWS, *row.shape[1:], generator=generator).to(row)
    try:
        found = slope(model, noise, reading, cell, None, seed)
    except HeatlensError:
        return False
    sides = []
    for axis in (0, 1):
        along = np.flatnonzero((found > _FAINT * found.max()).any(1 - axis))
        sides.append(len(along) and along[0] <= box[axis] and along[-1] + 1 >= box[2 + axis])
    return all(sides)


def inside(gradient: npt.NDArray[np.float32], box: Box) -> bool:
    """Whether a box holds every pixel at which the gradient is not 0."""
    beyond = gradient.copy()
    beyond[box[0] : box[2], box[1] : box[3]] = 0
    return not beyond.any()


def box_holding(density: npt.NDArray[Any], share: float = 0.95) -> Box:
    """The box with equally heavy tails beyond each of its sides that just holds `share`.

    Args:
        density: (h, w), nowhere negative, not all 0.
        share: of the sum that has to lie inside, above 0 and up to 1.

    Example:
        >>> box_holding(np.eye(5), 0.6)
        (1, 1, 4, 4)
    """
    if not 0 < share <= 1:
        raise InvalidArgument(f"share is {share:g}; it lies above 0 and up to 1")
    values = np.asarray(density, np.float64)
    total = values.sum()
    if not total > 0 or values.min() < 0:
        raise InvalidArgument("a box that holds a share needs a sum above 0 and no negative value")
    along = [np.cumsum(values.sum(1 - axis)) / total for axis in (0, 1)]
    # Every tail at which some side can move by a pixel, the heaviest that still holds enough.
    tails = np.unique(np.concatenate([*along, *(1 - one for one in along), [0.0]]))
    tails = tails[(tails >= 0) & (tails < 0.5)]
    low, high = 0, len(tails) - 1
    while low < high:
        middle = (low + high + 1) // 2
        top, left, bottom, right = _cut(along, float(tails[middle]))
        if values[top:bottom, left:right].sum() >= (share - 1e-12) * total:
            low = middle
        else:
            high = middle - 1
    return _cut(along, float(tails[low]))


def _cut(along: list[npt.NDArray[np.float64]], tail: float) -> Box:
    """Rows and columns left when at most `tail` of the mass is cut from each side."""
    edges = []
    # Rounding must not make the two sides of a symmetric field differ.
    tail = tail * (1 + 1e-5) + 1e-12
    for cumulated in along:
        first = int(np.searchsorted(cumulated, tail, side="right"))
        last = int(np.searchsorted(cumulated, 1 - tail, side="left"))
        edges.append((min(first, last), last + 1))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]
