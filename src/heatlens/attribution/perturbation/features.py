"""What is switched on and off together: the players of a game over one input.

Every pixel (position, voxel) belongs to one feature. Features are a grid of cells, superpixels,
or whatever a label map says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.attribution.perturbation.superpixels import superpixels
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.arrays import as_tensor, framework_of
from heatlens.models.layout import grid_axes

__all__ = ["CELLS", "Features", "Players", "cells", "find_players", "per_axis"]

CELLS = {1: (64,), 2: (8, 8), 3: (4, 4, 4)}
"""Cells along each axis where nothing is said, by the number of axes."""

_POSITIONS = 256
"""Length up to which every position of a line (of tokens, of frames) is a feature by itself."""

Features = Any
"""None, a number of cells, "superpixels", "superpixels-100", or a label map; see `find_players`."""


@dataclass(frozen=True, eq=False)
class Players:
    """Which feature each position belongs to.

    Attributes:
        labels: (N or 1, *grid), int64, 0 to count - 1.
        count: how many features there are.
    """

    labels: Tensor
    count: int

    def present(self, coalitions: Tensor, rows: Tensor) -> Tensor:
        """Coalitions (k, count), bool, as masks of the positions, (k, n or 1, *grid)."""
        return coalitions[:, self._of(rows)]

    def spread(self, values: Tensor) -> Tensor:
        """One value a feature, (N, count), at every position of it: (N, 1, *grid), float32."""
        labels = self.labels.expand(len(values), *self.labels.shape[1:])
        found = values.float().gather(1, labels.flatten(1))
        return found.view(labels.shape).unsqueeze(1)

    def sizes(self, rows: int) -> Tensor:
        """How many positions each feature has, (rows, count), float64."""
        flat = self.labels.flatten(1)
        ones = torch.ones(flat.shape, dtype=torch.float64, device=flat.device)
        total = torch.zeros((len(flat), self.count), dtype=torch.float64, device=flat.device)
        return total.scatter_add_(1, flat, ones).expand(rows, -1)

    def _of(self, rows: Tensor) -> Tensor:
        if len(self.labels) == 1 or len(rows) == len(self.labels):
            return self.labels
        return self.labels[rows.to(self.labels.device)]


def find_players(batch: Tensor, features: Features = None, layout: str = "") -> Players:
    """The features of a batch.

    Args:
        batch: (N, C, *grid), canonical, with a grid of one to three axes.
        layout: the network's own, whose order of axes a label map has; by default the batch's.
        features: one of

            - None: each position of a line of up to 256 (tokens, frames), else 64 cells, as
              8 x 8 or 4 x 4 x 4 where there are more axes;
            - a whole number, or one for each axis (frequency, time, depth, height, width: those
              that are there, in this order): so many cells along it; None in a tuple is one cell,
              the whole axis;
            - "superpixels", or "superpixels-100" for about so many (64 otherwise): regions of
              like colour, found by `superpixels`;
            - a label map of whole numbers, an array of any framework, (*grid) for all rows or
              (N, *grid): equal numbers are one feature. The numbers themselves mean nothing.

    Raises:
        InvalidArgument: it fits no batch of this shape.

    Example:
        >>> find_players(torch.zeros(1, 3, 2, 4), (None, 2)).labels.tolist()
        [[[0, 0, 1, 1], [0, 0, 1, 1]]]
    """
    grid = batch.shape[2:]
    if features is None:
        line = len(grid) == 1 and grid[0] <= _POSITIONS
        features = grid[0] if line else CELLS.get(len(grid), 8)
    if isinstance(features, str):
        return _superpixels(batch, features)
    if framework_of(features) is not None and features.ndim:
        return _given(batch, as_tensor(features, "features"), layout)
    number = per_axis(features, grid, "features", whole=1)
    count = tuple(min(cell, side) for cell, side in zip(number, grid, strict=True))
    return Players(cells(grid, count, batch.device).unsqueeze(0), math.prod(count))


def per_axis(
    value: Any, grid: Sequence[int], name: str, *, whole: int | None = None
) -> tuple[int, ...]:
    """One whole number for each axis of a grid.

    Args:
        value: a whole number for all axes, or one for each; None among them is the whole axis.
        grid: lengths of the axes.
        name: of the parameter, for the message.
        whole: what None stands for; by default the axis's length.

    Raises:
        InvalidArgument: not one positive whole number for each axis.
    """
    several = isinstance(value, Sequence) and not isinstance(value, str)
    each = list(value) if several else [value] * len(grid)
    found = [
        (side if whole is None else whole) if one is None else one
        for one, side in zip(each, grid, strict=False)
    ]
    fit = len(each) == len(grid) and all(
        isinstance(one, int | np.integer) and not isinstance(one, bool) and one >= 1
        for one in found
    )
    if not fit:
        raise InvalidArgument(
            f"{name} is {value!r}; a positive whole number, or one for each of the {len(grid)} "
            f"axes of the input's grid {tuple(grid)}"
        )
    return tuple(int(one) for one in found)


def cells(grid: Sequence[int], count: Sequence[int], device: torch.device) -> Tensor:
    """Number of the cell each position lies in, (*grid), in reading order.

    Example:
        >>> cells((4,), (2,), torch.device("cpu")).tolist()
        [0, 0, 1, 1]
    """
    label = torch.zeros((), dtype=torch.long, device=device)
    for side, number in zip(grid, count, strict=True):
        along = torch.arange(side, device=device) * number // side
        label = label.unsqueeze(-1) * number + along
    return label


def _superpixels(batch: Tensor, words: str) -> Players:
    kind, dash, number = words.partition("-")
    wanted = int(number) if number.isdecimal() else 64
    if kind != "superpixels" or (dash and not number.isdecimal()) or wanted < 1:
        raise InvalidArgument(
            f"features is {words!r}; it can be 'superpixels', 'superpixels-100', a number of "
            "cells, or a map of labels"
        )
    labels, count = superpixels(batch, wanted)
    return Players(labels, count)


def _given(batch: Tensor, given: Tensor, layout: str) -> Players:
    grid = tuple(batch.shape[2:])
    axes = [letter for letter in layout if letter not in "NC"]
    alike = len(axes) == len(grid)
    # Where the grid's axes stand in the caller's order.
    order = [axes.index(letter) for letter in grid_axes(layout)] if alike else range(len(grid))
    own = [0] * len(grid)
    for axis, length in zip(order, grid, strict=True):
        own[axis] = length
    if given.is_floating_point() or given.is_complex():
        raise InvalidType(f"features are {given.dtype}; a map of labels has whole numbers")
    if given.ndim == len(grid) + 2 and given.shape[1] == 1:
        given = given.squeeze(1)
    if given.ndim == len(grid):
        given = given.unsqueeze(0)
    if list(given.shape[1:]) != own or len(given) not in (1, len(batch)):
        raise InvalidArgument(
            f"features have shape {tuple(given.shape)}; a map of labels for this batch is "
            f"{tuple(own)}, or {(len(batch), *own)} with one for each row"
        )
    given = given.permute(0, *(1 + axis for axis in order))
    names, labels = given.to(batch.device).unique(return_inverse=True)
    return Players(labels, len(names))
