"""Superpixels: k-means in colour and place, each centre looked for only near its own cell.

    D_ik^2 = |c_i - c_k|^2 / m^2 + |p_i - p_k|^2

with colours in units of the picture's own spread, places in units of a cell, and the compactness
m: the larger, the more alike to plain cells. Achanta et al.: SLIC Superpixels Compared to
State-of-the-Art Superpixel Methods, PAMI 2012, eq. 1 to 3. Where the paper searches from each
centre in a window of two cells, here each pixel looks at the centres of its own and the
neighbouring cells, which is the same up to the window's shape and needs no loop over centres (Ren,
Prisacariu, Reid: gSLICr, 2015). There is no last step that joins stray pixels to their neighbours:
all centres stay, so their number does not hang on the picture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["superpixels"]

_COMPACTNESS = 0.5
_ITERATIONS = 10


def superpixels(batch: Tensor, count: int) -> tuple[Tensor, int]:
    """Regions of like colour.

    Args:
        batch: (N, C, *grid) with a grid of one to three axes; each row has regions of its own.
        count: about how many are wanted.

    Returns:
        Labels (N, *grid), int64, and how many there are: the labels are below that, and some may
        have no pixel in some rows.

    Example:
        >>> step = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).view(1, 1, 6)
        >>> superpixels(step, 2)
        (tensor([[0, 0, 0, 1, 1, 1]]), 2)
    """
    grid = batch.shape[2:]
    side = (math.prod(grid) / count) ** (1 / len(grid))
    seeds = [min(length, max(1, round(length / side))) for length in grid]
    colour = batch.detach().float().flatten(2).transpose(1, 2)
    largest = colour.abs().amax((1, 2), keepdim=True)
    colour = colour - colour.mean(1, keepdim=True)
    spread = colour.square().mean((1, 2), keepdim=True).sqrt()
    # The differences within one colour are rounding and no edges.
    colour = torch.where(spread > 1e-5 * largest, colour / (_COMPACTNESS * spread), 0.0)
    place = _places(grid, seeds, batch.device)
    points = torch.cat([colour, place.expand(len(batch), -1, -1)], 2)
    candidates = _candidates(place, seeds)
    labels = _label(place.floor().long(), seeds).expand(len(batch), -1)
    centres = _means(points, labels, points.new_zeros(len(batch), math.prod(seeds), 1))
    for _ in range(_ITERATIONS):
        labels = _nearest(points, centres, candidates)
        centres = _means(points, labels, centres)
    return labels.view(len(batch), *grid), math.prod(seeds)


def _places(grid: Sequence[int], seeds: Sequence[int], device: torch.device) -> Tensor:
    """Centre of each pixel in units of cells, (P, axes)."""
    along = [
        (torch.arange(side, device=device) + 0.5) * number / side
        for side, number in zip(grid, seeds, strict=True)
    ]
    return torch.stack(torch.meshgrid(*along, indexing="ij"), -1).flatten(0, -2)


def _label(cell: Tensor, seeds: Sequence[int]) -> Tensor:
    """Cells (..., axes), brought back inside, as one number each."""
    label = torch.zeros(cell.shape[:-1], dtype=torch.long, device=cell.device)
    for axis, number in enumerate(seeds):
        label = label * number + cell[..., axis].clamp(0, number - 1)
    return label


def _candidates(place: Tensor, seeds: Sequence[int]) -> list[Tensor]:
    """For each neighbouring cell the label that a pixel finds there, (P,)."""
    home = place.floor().long()
    offsets = itertools.product((0, -1, 1), repeat=len(seeds))
    return [_label(home + torch.tensor(one, device=home.device), seeds) for one in offsets]


def _nearest(points: Tensor, centres: Tensor, candidates: Sequence[Tensor]) -> Tensor:
    """Label of the nearest candidate, (N, P)."""
    best = torch.full(points.shape[:2], torch.inf, device=points.device)
    labels = torch.zeros(points.shape[:2], dtype=torch.long, device=points.device)
    for candidate in candidates:
        distance = (points - centres[:, candidate]).square().sum(2)
        nearer = distance < best
        best = torch.where(nearer, distance, best)
        labels = torch.where(nearer, candidate, labels)
    return labels


def _means(points: Tensor, labels: Tensor, before: Tensor) -> Tensor:
    """Mean of the points with each label, (N, M, features); an empty one stays where it was."""
    shape = (*before.shape[:2], points.shape[2])
    total = points.new_zeros(shape)
    total.scatter_add_(1, labels.unsqueeze(2).expand_as(points), points)
    count = points.new_zeros(shape[:2]).scatter_add_(1, labels, torch.ones_like(points[..., 0]))
    return torch.where(count.unsqueeze(2) > 0, total / count.clamp(min=1).unsqueeze(2), before)
