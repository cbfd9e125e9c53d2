"""RISE's masks: coarse random grids, enlarged smoothly and shifted by less than a cell.

A grid of h x w cells, each on with probability p, is enlarged bilinearly to (h + 1) C_H by (w + 1)
C_W pixels with C_H = ceil(H / h), and a picture is cut out of it at an offset drawn uniformly from
the first cell. The weights of the interpolation add up to 1, so E[m] = p at every pixel.

Petsiuk, Das, Saenko: RISE, BMVC 2018, section 3.2. Interpolation is one matrix per axis, so masks
are made by products of matrices, over one to three axes, and only as many as are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["CoarseMasks", "draw_masks"]


@dataclass(frozen=True, eq=False)
class CoarseMasks:
    """Some masks, not enlarged yet.

    Attributes:
        cells: (k, *cells), 0 or 1, float32.
        offsets: (k, axes), whole pixels below a cell's side.
        grid: size of the masks.
    """

    cells: Tensor
    offsets: Tensor
    grid: tuple[int, ...]

    def enlarged(self, part: slice) -> Tensor:
        """The masks of a slice, (k, *grid), float32, 0..1.

        Example:
            >>> masks = CoarseMasks(torch.tensor([[0.0, 1.0]]), torch.tensor([[0]]), (4,))
            >>> masks.enlarged(slice(0, 1)).tolist()  # of 0, 0, 1/3, 2/3, 1, 1 the first four
            [[0.0, 0.0, 0.333..., 0.666...]]
        """
        masks = self.cells[part]
        for axis, length in enumerate(self.grid):
            number = self.cells.shape[1 + axis]
            weights = _interpolation(self.offsets[part, axis], number, length)
            lines = masks.flatten(2) if masks.ndim > 2 else masks.unsqueeze(2)
            # The axis in front is enlarged and put behind; after all axes the order is as before.
            wide = torch.bmm(lines.transpose(1, 2), weights.transpose(1, 2))
            masks = wide.view(len(masks), *masks.shape[2:], length)
        return masks


def draw_masks(
    generator: torch.Generator,
    count: int,
    cells: Sequence[int],
    probability: float,
    grid: Sequence[int],
    device: torch.device,
) -> CoarseMasks:
    """Draw `count` masks; the same on every device."""
    on = torch.rand((count, *cells), generator=generator) < probability
    offsets = [
        torch.randint(math.ceil(length / number), (count,), generator=generator)
        for length, number in zip(grid, cells, strict=True)
    ]
    return CoarseMasks(
        on.to(device=device, dtype=torch.float32),
        torch.stack(offsets, 1).to(device),
        tuple(grid),
    )


def _interpolation(offset: Tensor, number: int, length: int) -> Tensor:
    """How much of each cell every pixel takes, (k, length, number); rows add up to 1.

    Pixel i of the enlarged line lies at (i + 1/2) h / ((h + 1) C) - 1/2 in units of cells.
    """
    side = math.ceil(length / number)
    pixel = torch.arange(length, device=offset.device) + offset.unsqueeze(1)
    place = ((pixel + 0.5) * number / ((number + 1) * side) - 0.5).clamp(0, number - 1)
    cell = torch.arange(number, device=offset.device)
    return (1 - (place.unsqueeze(2) - cell).abs()).clamp(min=0)
