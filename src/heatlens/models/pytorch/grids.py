"""Which grids over the picture the shape of an activation allows.

A grid is plausible when one stride explains both its sides, up to the rounding that padding,
cropped windows and ceiling division bring. Where a shape allows several readings (as many channels
as rows; 16 tokens and a prefix), `Patch` decides: a corner of the picture is changed, and the
right reading is the one in which that corner of the grid changes most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.models.protocol import SpatialLayer

__all__ = ["MOST_PREFIX", "Patch", "best_reading", "halvings", "plausible"]

MOST_PREFIX = 8
"""Most tokens before the grid's that are looked for (a class, a distillation, six registers)."""

Grid = tuple[int, int]


def plausible(grid: Grid, size: Grid, slack: float) -> bool:
    """Whether one stride turns `size` into `grid`, give or take less than `slack` cells a side.

    Example:
        >>> plausible((7, 7), (224, 224), 1), plausible((3, 4), (96, 128), 1)
        (True, True)
        >>> plausible((4, 3), (96, 128), 1)
        False
    """
    if grid[0] * grid[1] <= 1 or grid[0] > size[0] or grid[1] > size[1]:
        return False
    least = max(pixels / (cells + slack) for cells, pixels in zip(grid, size, strict=True))
    most = min(
        pixels / (cells - slack) if cells > slack else math.inf
        for cells, pixels in zip(grid, size, strict=True)
    )
    return least < most


def halvings(grid: Grid) -> set[Grid]:
    """The grid itself and what merging cells two by two makes of it.

    Example:
        >>> sorted(halvings((5, 6)))
        [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (5, 6)]
    """
    found: set[Grid] = set()
    pairs = {grid}
    while pairs:
        found |= pairs
        pairs = {
            (round_(rows), round_(columns))
            for rows, columns in pairs
            if rows > 1 and columns > 1
            for round_ in (_half_down, _half_up)
        } - found
    return found


@dataclass(frozen=True)
class Patch:
    """Two noise pictures that differ in their upper right corner only.

    Attributes:
        rows: (2, C, H, W).
        mask: (H, W), one inside the corner.
    """

    rows: Tensor
    mask: Tensor

    @classmethod
    def like(cls, batch: Tensor) -> Patch:
        """Pictures of the batch's size, type and memory format; the same ones every time."""
        _, channels, height, width = batch.shape
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn((2, channels, height, width), generator=generator)
        mask = torch.zeros(height, width)
        mask[: math.ceil(0.4 * height), math.floor(0.6 * width) :] = 1.0
        rows = torch.stack([noise[0], torch.lerp(noise[0], noise[1], mask)])
        if batch.is_contiguous(memory_format=torch.channels_last):
            rows = rows.contiguous(memory_format=torch.channels_last)
        return cls(rows.to(batch), mask)

    @property
    def size(self) -> Grid:
        """Height and width."""
        return (self.mask.shape[0], self.mask.shape[1])

    def agreement(self, difference: Tensor, reading: SpatialLayer) -> float:
        """Correlation, over the cells, of how much they changed with how much of them was changed.

        Args:
            difference: (1, ...) what the second picture changed in the layer's output.
            reading: how that output is read.
        """
        moved = reading.to_grid(difference.detach().float()).abs().mean((0, 1)).cpu()
        expected = torch.nn.functional.adaptive_avg_pool2d(self.mask[None], reading.grid)[0]
        moved, expected = moved - moved.mean(), expected - expected.mean()
        scale = float(moved.norm() * expected.norm())
        return float((moved * expected).sum()) / scale if 0 < scale < math.inf else 0.0


def best_reading(
    name: str,
    shape: Sequence[int],
    difference: Callable[[], Tensor],
    patch: Patch,
    known: Collection[Grid],
) -> tuple[SpatialLayer, float] | None:
    """The likeliest reading of a layer and its agreement with the patch; None if there is none.

    Args:
        name: the layer's.
        shape: of its output, without the batch.
        difference: gives (1, ...), how the output differs between the patch's rows. It is asked
            for only where the shape leaves something open; else the agreement is 1.
        patch: what was sent through the network.
        known: grids that convolutions made of the same input.
    """
    if len(shape) == 3:
        readings = list(_readings_of_maps(name, shape, patch.size))
    elif len(shape) == 2:
        readings = _likeliest(list(_readings_of_tokens(name, shape, patch.size)), known)
    else:
        readings = []
    if len(readings) == 1 and readings[0].grid in known:
        return readings[0], 1.0
    if not readings:
        return None
    moved = difference()
    scored = [(reading, patch.agreement(moved, reading)) for reading in readings]
    # On a few cells a wrong reading may agree by chance; many prefix tokens need good evidence.
    return max(scored, key=lambda item: item[1] - 0.05 * item[0].prefix)


def _readings_of_maps(name: str, shape: Sequence[int], size: Grid) -> Iterator[SpatialLayer]:
    for layout, grid in (("NCHW", (shape[1], shape[2])), ("NHWC", (shape[0], shape[1]))):
        # Convolutions without padding lose up to two cells a side.
        if plausible(grid, size, slack=2):
            yield _reading(name, layout, grid, size)


def _readings_of_tokens(name: str, shape: Sequence[int], size: Grid) -> Iterator[SpatialLayer]:
    for prefix in range(MOST_PREFIX + 1):
        cells = shape[0] - prefix
        for rows in range(1, min(cells, size[0]) + 1):
            if cells % rows == 0 and plausible((rows, cells // rows), size, slack=1):
                yield _reading(name, "NLC", (rows, cells // rows), size, prefix)


def _likeliest(readings: list[SpatialLayer], known: Collection[Grid]) -> list[SpatialLayer]:
    """Those on a known grid, else those with the most nearly square cells."""
    if on_known := [reading for reading in readings if reading.grid in known]:
        return on_known
    oblong = [abs(math.log(reading.stride[0] / reading.stride[1])) for reading in readings]
    least = min(oblong, default=0.0)
    return [
        reading for reading, value in zip(readings, oblong, strict=True) if value <= least + 1e-9
    ]


def _reading(name: str, layout: str, grid: Grid, size: Grid, prefix: int = 0) -> SpatialLayer:
    return SpatialLayer(
        name=name,
        layout=layout,
        grid=grid,
        prefix=prefix,
        stride=(size[0] / grid[0], size[1] / grid[1]),
    )


def _half_down(cells: int) -> int:
    return cells // 2


def _half_up(cells: int) -> int:
    return -(-cells // 2)
