"""The plane of activations in tiles, each with the mean direction of what lies in it.

    v_t = mean of a_i over the activations i in tile t,    whitened: M^-1 v_t,  M = 1/n sum_i a_i a_i^T

Whitening takes away what all activations have in common, which a picture of v_t would show in
every tile. Carter, Armstrong, Schubert, Johnson, Olah: Activation Atlas, Distill 2019.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.atlas.plane import laid_out

__all__ = ["AtlasLayout", "atlas_layout", "whitened"]

_OUTLIERS = 0.01
"""Share of the places on each side that do not stretch the map; they lie in its outer tiles."""
_RIDGE = 1e-2
"""Of the mean variance of a channel, added to M before it is inverted."""


@dataclass(frozen=True, eq=False)
class AtlasLayout:
    """The tiles of an atlas that have something in them.

    Attributes:
        directions: (tiles, channels) float32, to be visualised.
        means: (tiles, channels) float32, the mean activation of each tile.
        places: (tiles, 2) int64, its row and column.
        counts: (tiles,) int64, how many activations lie in it.
        grid: rows and columns of the whole map.
        points: (n, 2) float32 in 0..1, where each activation lies, row and column.
        members: (n,) int64, the tile of each; -1 for one in a tile that was too empty, or silent.
        plane: how they were laid out, "t-sne" or "pca".
        whitened: whether the directions are.
        silent: how many activations are 0 in all channels and have no direction.
    """

    directions: Tensor = field(repr=False)
    means: Tensor = field(repr=False)
    places: Tensor = field(repr=False)
    counts: Tensor = field(repr=False)
    grid: tuple[int, int]
    points: Tensor = field(repr=False)
    members: Tensor = field(repr=False)
    plane: str
    whitened: bool
    silent: int


def atlas_layout(
    vectors: Tensor | Any,
    *,
    grid: int | tuple[int, int] = 8,
    plane: str = "auto",
    whiten: bool = True,
    least: int = 1,
    seed: int = 0,
) -> AtlasLayout:
    """Lay activations out on a plane and average them in tiles.

    Args:
        vectors: (n, channels), such as `collect_cells(...).vectors`.
        grid: rows and columns, or one number for both.
        plane: "t-sne", "pca", or "auto": t-SNE for 60 activations or more.
        whiten: whether directions are whitened.
        least: activations that a tile needs; emptier ones are left out.
        seed: of t-SNE.

    Raises:
        InvalidArgument: fewer than 2 activations with a direction, NaN, or no tile with `least`.
        MissingDependency: t-SNE was asked for and scikit-learn is not installed.

    Example:
        >>> near = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> found = atlas_layout(near, grid=(1, 2), whiten=False)
        >>> found.counts.tolist(), found.plane
        ([2, 2], 'pca')
    """
    rows, columns = _grid(grid)
    if isinstance(least, bool) or not isinstance(least, int) or least < 1:
        raise InvalidArgument(f"least is {least!r}; a tile has at least one activation")
    given = torch.as_tensor(vectors).detach().float().cpu()
    if given.ndim != 2 or not given.shape[1]:
        raise InvalidArgument(f"activations have shape (n, channels), got {tuple(given.shape)}")
    if not bool(torch.isfinite(given).all()):
        raise InvalidArgument("some activations are NaN or infinite")
    loud = given.norm(dim=1) > 0
    if int(loud.sum()) < 2:
        raise InvalidArgument(
            f"{int(loud.sum())} of {len(given)} activations have a direction (the others are 0 in "
            "all channels); an atlas needs at least 2: take more pictures or another layer"
        )
    places, used = laid_out(given[loud], plane, seed)
    unit = _in_unit(places)
    tile = _tiles(unit, rows, columns)
    counts = torch.bincount(tile, minlength=rows * columns)
    kept = torch.nonzero(counts >= least).flatten()
    if not len(kept):
        raise InvalidArgument(
            f"no tile has {least} activations, the fullest has {int(counts.max())}: a coarser "
            "grid, a smaller least, or more pictures will do"
        )
    sums = torch.zeros(rows * columns, given.shape[1], dtype=torch.float64)
    sums.index_add_(0, tile, given[loud].double())
    means = (sums[kept] / counts[kept, None]).float()
    number = torch.full((rows * columns,), -1)
    number[kept] = torch.arange(len(kept))
    members = torch.full((len(given),), -1)
    members[loud] = number[tile]
    points = torch.full((len(given), 2), 0.5)
    points[loud] = unit
    return AtlasLayout(
        whitened(means, given[loud]) if whiten else means,
        means,
        torch.stack([kept // columns, kept % columns], 1),
        counts[kept],
        (rows, columns),
        points,
        members,
        used,
        whiten,
        int((~loud).sum()),
    )


def whitened(directions: Tensor, vectors: Tensor) -> Tensor:
    """M^-1 v for each direction v, with M the second moments of the vectors, slightly eased.

    Args:
        directions: (t, d).
        vectors: (n, d).

    Example:
        >>> axes = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
        >>> one, two = whitened(torch.eye(2), axes)
        >>> round(float(two[1] / one[0]), 1)
        3.9
    """
    wide = vectors.double()
    moments = wide.T @ wide / len(wide)
    ease = _RIDGE * moments.diagonal().mean() * torch.eye(len(moments), dtype=torch.float64)
    return torch.linalg.solve(moments + ease, directions.double().T).T.float()


def _in_unit(places: Tensor) -> Tensor:
    """Places in 0..1, row and column, a few outliers at the borders; the plane's x runs along."""
    low = torch.quantile(places, _OUTLIERS, dim=0)
    high = torch.quantile(places, 1 - _OUTLIERS, dim=0)
    span = torch.where(high > low, high - low, 1.0)
    unit = ((places - low) / span).clamp(0, 1)
    unit = torch.where(high > low, unit, 0.5)
    return unit.flip(1)


def _tiles(unit: Tensor, rows: int, columns: int) -> Tensor:
    size = torch.tensor([rows, columns])
    where = torch.minimum((unit * size).long(), size - 1)
    return where[:, 0] * columns + where[:, 1]


def _grid(grid: int | tuple[int, int]) -> tuple[int, int]:
    both = (grid, grid) if isinstance(grid, int) else tuple(grid)
    if len(both) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) for n in both):
        raise InvalidType(f"grid is {grid!r}; it is one whole number, or (rows, columns)")
    if min(both) < 1:
        raise InvalidArgument(f"grid is {grid!r}; an atlas has at least one row and column")
    return both[0], both[1]
