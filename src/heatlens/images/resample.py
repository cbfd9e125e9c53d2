"""Linear resampling of grids by two small matrices, one for rows and one for columns.

Coordinates are continuous: cell `j` of a grid covers [j, j + 1), its centre is j + 0.5. An output
pixel that covers at most one source cell is interpolated linearly between cell centres; one that
covers `step` > 1 cells is averaged with a triangle of that half-width. Both are what
`torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=True)` and
Pillow's BILINEAR compute: values beyond the grid's edge do not exist, and the weights that
remain are scaled to sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Band", "band", "resized_axis", "separable"]

_DENSE = 512
"""Up to so many source cells a dense product through BLAS beats gathering the few taps."""


@dataclass(frozen=True, eq=False)
class Band:
    """A banded matrix: row `i` holds `weights[i]` at the columns `index[i]`.

    Attributes:
        index: (outputs, taps) source cells, inside the grid.
        weights: (outputs, taps) non-negative, each row sums to 1.
        size: number of source cells, the matrix's columns.
    """

    index: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]
    size: int

    @property
    def identity(self) -> bool:
        """Whether every output is the cell of its own number, as it is."""
        return self.weights.shape[1] == 1 and np.array_equal(self.index[:, 0], np.arange(self.size))

    def dense(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The whole matrix, (outputs, size)."""
        matrix = np.zeros((len(self.index), self.size))
        np.add.at(matrix, (np.arange(len(self.index))[:, None], self.index), self.weights)
        return matrix.astype(dtype)

    def __matmul__(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Mix the rows of `values` (..., size, k) into (..., outputs, k)."""
        if self.identity:
            return values
        if self.size <= _DENSE:
            product: npt.NDArray[Any] = self.dense(values.dtype) @ values
            return product
        weights = self.weights.astype(values.dtype)
        mixed = weights[:, :1] * values[..., self.index[:, 0], :]
        for tap in range(1, weights.shape[1]):
            mixed += weights[:, tap, None] * values[..., self.index[:, tap], :]
        return mixed


def band(centres: npt.NDArray[np.float64], size: int, step: float) -> Band:
    """Weights that read a row of `size` cells at `centres`, each `step` cells wide.

    Args:
        centres: (n,) continuous positions; those outside of [0, size] read the nearest cell.
        size: number of source cells.
        step: source cells per output pixel; below 1 (magnification) it counts as 1.

    Example:
        >>> band(np.array([0.5, 1.0, 2.0]), 2, 1.0).dense(float).tolist()
        [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """
    support = max(float(step), 1.0)
    centres = np.clip(centres, 0.0, float(size))
    taps = int(np.ceil(2 * support)) + 1
    index = np.floor(centres - support + 0.5).astype(np.intp)[:, None] + np.arange(taps)
    weights = np.maximum(0.0, 1.0 - np.abs(index + 0.5 - centres[:, None]) / support)
    weights[(index < 0) | (index >= size)] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    used = weights.any(axis=0)
    return Band(np.clip(index, 0, size - 1)[:, used], weights[:, used], size)


def resized_axis(values: npt.NDArray[Any], axis: int, length: int) -> npt.NDArray[Any]:
    """Resample one axis to `length` cells that cover the same extent.

    Example:
        >>> resized_axis(np.array([0.0, 1.0]), 0, 4).tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    size = values.shape[axis]
    if size == length:
        return values
    step = size / length
    weights = band((np.arange(length) + 0.5) * step, size, step)
    moved = np.moveaxis(values, axis, -1)
    flat = moved.reshape(-1, size).T
    mixed = (weights @ np.ascontiguousarray(flat)).T.reshape(*moved.shape[:-1], length)
    return np.moveaxis(mixed, -1, axis)


def separable(values: npt.NDArray[Any], rows: Band, columns: Band) -> npt.NDArray[Any]:
    """rows @ values @ columns^T for `values` (..., rows.size, columns.size).

    The product that leaves the smaller intermediate is taken first. The result is float64 where
    `values` is, else float32.
    """
    dtype = np.float64 if values.dtype == np.float64 else np.float32
    values = values.astype(dtype, copy=False)
    if len(rows.index) * columns.size <= rows.size * len(columns.index):
        return np.ascontiguousarray(_mix_columns(rows @ values, columns))
    return np.ascontiguousarray(rows @ _mix_columns(values, columns))


def _mix_columns(values: npt.NDArray[Any], columns: Band) -> npt.NDArray[Any]:
    if columns.identity:
        return values
    if columns.size <= _DENSE:
        product: npt.NDArray[Any] = values @ columns.dense(values.dtype).T
        return product
    turned = columns @ np.ascontiguousarray(values.swapaxes(-1, -2))
    return turned.swapaxes(-1, -2)
