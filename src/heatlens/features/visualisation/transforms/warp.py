"""Resampling by a 3 x 3 matrix: each pixel takes the value of where it came from."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.transforms.blur import blurred

__all__ = ["Outside", "checked_outside", "warped"]

Outside = str | float
"""What lies outside the canvas: "grey" (0.5), "reflect" (its mirror image) or a value in 0..1."""

_REDUCED = 0.7
"""Below this scale the picture is blurred first: bilinear resampling would skip pixels."""


def checked_outside(outside: Any) -> Outside:
    """What lies outside: "reflect" or a value in 0..1, or an `InvalidArgument`."""
    if outside == "grey":
        return 0.5
    number = isinstance(outside, int | float) and not isinstance(outside, bool)
    if outside != "reflect" and not (number and 0 <= outside <= 1):
        raise InvalidArgument(
            f"outside is {outside!r}; 'grey', 'reflect' or a value in 0..1 is needed"
        )
    return outside if isinstance(outside, str) else float(outside)


def warped(pixels: Tensor, matrix: Tensor, outside: Outside = "grey") -> Tensor:
    """The pictures with their points moved, (n, c, h, w), on the same canvas.

    Bilinear. Shifts by whole pixels, the identity among them, are exact. What is reduced to less
    than 0.7 of its size is blurred before, as far as the reduction needs.

    Args:
        pixels: (n, c, h, w).
        matrix: where points go, (n, 3, 3), as `Geometric.matrix` gives it.
        outside: see `Outside`.

    Raises:
        InvalidArgument: a matrix without an inverse, or an unknown `outside`.

    Example:
        >>> picture = torch.tensor([[[[1.0, 2.0, 3.0]]]])
        >>> right = torch.tensor([[[1.0, 0, 1], [0, 1, 0], [0, 0, 1]]])
        >>> warped(picture, right, outside=0.0)
        tensor([[[[0., 1., 2.]]]])
    """
    outside = checked_outside(outside)
    matrix = matrix.to("cpu", torch.float64)
    linear, moved = matrix[:, :2, :2], matrix[:, :2, 2]
    if bool((linear == torch.eye(2, dtype=torch.float64)).all()):
        steps = moved.round()
        if bool((steps == moved).all()):
            return _shifted(pixels, steps.long(), outside)
    smallest = torch.linalg.svdvals(linear)[:, -1]
    if not bool((smallest > 0).all()):
        raise InvalidArgument("a matrix flattens the picture to a line; it must have an inverse")
    reduced = smallest < _REDUCED
    if bool(reduced.any()):
        pixels = blurred(pixels, torch.where(reduced, _sigma(smallest), 0.0))
    return _sampled(pixels, _source(matrix, pixels.shape[2:]).to(pixels), outside)


def _sigma(scale: Tensor) -> Tensor:
    """Of a Gaussian that leaves a picture reduced by `scale` as sharp as its new pixels."""
    return 0.5 * (scale.clamp(min=1e-3).pow(-2) - 1).clamp(min=0).sqrt()


def _source(matrix: Tensor, size: torch.Size) -> Tensor:
    """Where each point came from, (n, 2, 3), in coordinates that are -1 and 1 at the edges."""
    height, width = size
    edges = torch.tensor(
        [[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]],
        dtype=matrix.dtype,
    )
    return (edges @ torch.linalg.inv(matrix) @ torch.linalg.inv(edges))[:, :2]


def _sampled(pixels: Tensor, source: Tensor, outside: Outside) -> Tensor:
    # With the channels last, the gradient takes half the time.
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    grid = F.affine_grid(source, list(pixels.shape), align_corners=False)
    if outside == "reflect":
        return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
    level = float(outside)
    return F.grid_sample(pixels - level, grid, align_corners=False) + level


def _shifted(pixels: Tensor, steps: Tensor, outside: Outside) -> Tensor:
    """Each row moved by its own steps (x, y), (n, 2), without interpolation."""
    if not bool(steps.any()):
        return pixels
    rows = [
        _along(_along(row, int(y), -2, outside), int(x), -1, outside)
        for row, (x, y) in zip(pixels, steps.tolist(), strict=True)
    ]
    return torch.stack(rows)


def _along(row: Tensor, steps: int, axis: int, outside: Outside) -> Tensor:
    length = row.shape[axis]
    if steps == 0:
        return row
    if outside == "reflect":
        index = (torch.arange(length, device=row.device) - steps) % (2 * length)
        return row.index_select(axis, torch.minimum(index, 2 * length - 1 - index))
    kept = max(0, length - abs(steps))
    border = list(row.shape)
    border[axis] = length - kept
    level = row.new_full(border, float(outside))
    part = row.narrow(axis, 0 if steps > 0 else length - kept, kept)
    return torch.cat([level, part] if steps > 0 else [part, level], axis)
