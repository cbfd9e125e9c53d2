"""Which grids over the picture the shape of an activation allows.

A grid is plausible when one stride explains height and width, up to the rounding that padding,
cropped windows and ceiling division bring; time, depth and frequency have strides of their own. Where a shape allows several readings (as many channels
as rows; 16 tokens and a prefix), `Patch` decides: a corner of the picture is changed, and the
right reading is the one in which that corner of the grid changes most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.models.layout import in_order
from heatlens.models.protocol import SpatialLayer

__all__ = ["MOST_PREFIX", "Patch", "best_reading", "halvings", "plausible"]

MOST_PREFIX = 8
"""Most tokens before the grid's that are looked for (a class, a distillation, six registers)."""

Grid = tuple[int, ...]


def plausible(grid: Grid, size: Grid, slack: float, axes: str = "HW") -> bool:
    """Whether strides turn `size` into `grid`, give or take less than `slack` cells a side.

    Example:
        >>> plausible((7, 7), (224, 224), 1), plausible((3, 4), (96, 128), 1)
        (True, True)
        >>> plausible((4, 3), (96, 128), 1), plausible((4, 3), (96, 128), 1, axes="FT")
        (False, True)
    """
    if math.prod(grid) <= 1 or any(
        cells > pixels for cells, pixels in zip(grid, size, strict=True)
    ):
        return False
    if not axes.endswith("HW"):
        return True
    sides = list(zip(grid, size, strict=True))[-2:]
    least = max(pixels / (cells + slack) for cells, pixels in sides)
    most = min(pixels / (cells - slack) if cells > slack else math.inf for cells, pixels in sides)
    return least < most


def halvings(grid: Grid) -> set[Grid]:
    """The grid itself and what merging cells, two along each of the last two axes, makes of it.

    An axis before them is left or halved too.

    Example:
        >>> sorted(halvings((5, 6)))
        [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (5, 6)]
    """
    found: set[Grid] = set()
    pairs = {grid}
    while pairs:
        found |= pairs
        pairs = {halved for pair in pairs for halved in _halved(pair)} - found
    return found


def _halved(grid: Grid) -> Iterator[Grid]:
    if min(grid[-2:]) <= 1:
        return
    for round_ in (_half_down, _half_up):
        sides = tuple(round_(cells) for cells in grid[-2:])
        if len(grid) < 3:
            yield sides
        else:
            yield from ((first, *sides) for first in {grid[0], round_(grid[0])} - {0})


@dataclass(frozen=True)
class Patch:
    """Two noise inputs that differ in one corner only, the first axes' start and the last's end.

    Attributes:
        rows: (2, C, *grid); of a picture the upper right corner differs.
        mask: (*grid), one inside the corner.
        axes: the axes of the grid in the order of the network's input, "HW" for pictures.
    """

    rows: Tensor
    mask: Tensor
    axes: str = "HW"

    @classmethod
    def like(cls, batch: Tensor, axes: str = "HW") -> Patch:
        """Inputs of the batch's size, type and memory format; the same ones every time."""
        channels, size = batch.shape[1], batch.shape[2:]
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn((2, channels, *size), generator=generator)
        mask = torch.zeros(size)
        corner = [slice(0, math.ceil(0.4 * side)) for side in size[:-1]]
        mask[(*corner, slice(math.floor(0.6 * size[-1]), None))] = 1.0
        rows = torch.stack([noise[0], torch.lerp(noise[0], noise[1], mask)])
        if batch.ndim == 4 and batch.is_contiguous(memory_format=torch.channels_last):
            rows = rows.contiguous(memory_format=torch.channels_last)
        return cls(rows.to(batch), mask, axes)

    @property
    def size(self) -> Grid:
        """Length of each axis of the grid."""
        return tuple(self.mask.shape)

    @property
    def orders(self) -> tuple[str, ...]:
        """Orders of the axes that the network may have inside: its input's, the canonical one."""
        ordered = "".join(self.axes[place] for place in in_order(self.axes))
        return tuple(dict.fromkeys((self.axes, ordered)))

    def size_in(self, axes: str) -> Grid:
        """Length of each axis of the input, in the given order."""
        order = in_order(axes)
        return tuple(self.size[order.index(place)] for place in range(len(order)))

    def canonical(self, grid: Sequence[int]) -> set[Grid]:
        """A grid in either of the network's orders, in the canonical one."""
        return {tuple(grid[place] for place in in_order(axes)) for axes in self.orders}

    @property
    def words(self) -> str:
        """The input's size in words."""
        sides = " x ".join(map(str, self.size))
        return f"a picture of {sides} pixels" if self.axes == "HW" else f"an input of {sides}"

    def agreement(self, difference: Tensor, reading: SpatialLayer) -> float:
        """Correlation, over the cells, of how much they changed with how much of them was changed.

        Args:
            difference: (1, ...) what the second input changed in the layer's output.
            reading: how that output is read.
        """
        moved = reading.to_grid(difference.detach().float()).abs().mean((0, 1)).cpu()
        expected = _POOLING[len(reading.grid)](self.mask[None, None], reading.grid)[0, 0]
        moved, expected = moved - moved.mean(), expected - expected.mean()
        scale = float(moved.norm() * expected.norm())
        return float((moved * expected).sum()) / scale if 0 < scale < math.inf else 0.0


_POOLING: dict[int, Callable[..., Tensor]] = {
    1: torch.nn.functional.adaptive_avg_pool1d,
    2: torch.nn.functional.adaptive_avg_pool2d,
    3: torch.nn.functional.adaptive_avg_pool3d,
}


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
    if len(shape) == len(patch.size) + 1:
        readings = list(_readings_of_maps(name, shape, patch))
    elif len(shape) == 2:
        readings = _likeliest(list(_readings_of_tokens(name, shape, patch)), known)
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


def _readings_of_maps(name: str, shape: Sequence[int], patch: Patch) -> Iterator[SpatialLayer]:
    for axes in patch.orders:
        size = patch.size_in(axes)
        for layout, grid in ((f"NC{axes}", tuple(shape[1:])), (f"N{axes}C", tuple(shape[:-1]))):
            # Convolutions without padding lose up to two cells a side.
            if plausible(grid, size, 2, axes):
                yield _reading(name, layout, grid, patch, axes)


def _readings_of_tokens(name: str, shape: Sequence[int], patch: Patch) -> Iterator[SpatialLayer]:
    for axes in patch.orders:
        size = patch.size_in(axes)
        for prefix in range(MOST_PREFIX + 1):
            for grid in _factors(shape[0] - prefix, size):
                if plausible(grid, size, 1, axes):
                    yield _reading(name, "NLC", grid, patch, axes, prefix)


def _factors(cells: int, size: Grid) -> Iterator[Grid]:
    """All grids of so many cells that are nowhere finer than `size`."""
    if len(size) == 1:
        if 1 <= cells <= size[0]:
            yield (cells,)
        return
    for first in range(1, min(cells, size[0]) + 1):
        if cells % first == 0:
            yield from ((first, *rest) for rest in _factors(cells // first, size[1:]))


def _likeliest(readings: list[SpatialLayer], known: Collection[Grid]) -> list[SpatialLayer]:
    """Those on a known grid, else those with the most nearly square cells."""
    if on_known := [reading for reading in readings if reading.grid in known]:
        return on_known
    oblong = [abs(math.log(reading.stride[-2] / reading.stride[-1])) for reading in readings]
    least = min(oblong, default=0.0)
    return [
        reading for reading, value in zip(readings, oblong, strict=True) if value <= least + 1e-9
    ]


def _reading(
    name: str, layout: str, grid: Grid, patch: Patch, axes: str, prefix: int = 0
) -> SpatialLayer:
    """The reading of a grid whose axes are in the given order."""
    cells = tuple(grid[place] for place in in_order(axes))
    return SpatialLayer(
        name=name,
        layout=layout,
        grid=cells,
        prefix=prefix,
        stride=tuple(pixels / count for pixels, count in zip(patch.size, cells, strict=True)),
        axes=axes,
    )


def _half_down(cells: int) -> int:
    return cells // 2


def _half_up(cells: int) -> int:
    return -(-cells // 2)
