"""A map averaged from one of its smaller copies, whose last row and column may stick out.

A copy halved n times has ceil(H / 2^n) rows, of which row r covers the rows r 2^n to
min((r + 1) 2^n, H) of the map. Averages are taken over these extents: the integral of the copy as
a step function, between the borders of the new cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.large.halving import half

__all__ = ["averaged", "copy_for"]

Size = tuple[int, int]


def copy_for(levels: tuple[Size, ...], size: Size) -> int:
    """The smallest copy that is at least twice as fine as a grid of `size`.

    Copies count as far as each is half of the one before, rounded up; else it is the map itself, 0.

    Example:
        >>> copy_for(((1025, 1024), (513, 512), (257, 256)), (257, 257))
        0
        >>> copy_for(((1025, 1024), (513, 512), (257, 256)), (128, 128))
        2
    """
    best, expected = 0, levels[0]
    for number, level in enumerate(levels):
        if level != expected:
            break
        if all(n * 2 ** (number + 1) <= old for n, old in zip(size, levels[0], strict=True)):
            best = number
        expected = half(level)
    return best


def averaged(
    copy: npt.NDArray[Any], whole: Size, halvings: int, size: Size
) -> npt.NDArray[np.float32]:
    """Means over the cells of a grid of `size` that covers the whole map edge to edge.

    Args:
        copy: (h, w), the map halved `halvings` times.
        whole: height and width of the map.
        halvings: how often.
        size: height and width of the result.

    Returns:
        `size`, in the unit of `copy`: the mean of the map where the new borders lie between pixels
        of the copy, else near it: a pixel that a border cuts counts to both sides by its area.
        The last row and column of a copy are means in which halving counts an odd pixel double.

    Example:
        >>> averaged(np.array([[1.0, 2.0, 9.0]]), (1, 5), 1, (1, 1)).tolist()
        [[3.0]]
    """
    values = np.asarray(copy, np.float64)
    for axis in (0, 1):
        values = np.moveaxis(values, axis, 0)
        values = _averaged_rows(values, whole[axis], 2**halvings, size[axis])
        values = np.moveaxis(values, 0, axis)
    return values.astype(np.float32)


def _averaged_rows(
    values: npt.NDArray[np.float64], whole: int, step: int, count: int
) -> npt.NDArray[np.float64]:
    """Rows that cover `step` rows of `whole` each, the last one fewer, as `count` rows."""
    borders = np.minimum(np.arange(len(values) + 1) * step, whole)
    shape = (-1, *(1,) * (values.ndim - 1))
    integral = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values * np.diff(borders).reshape(shape), axis=0, out=integral[1:])
    at = np.arange(count + 1) * whole / count
    below = np.minimum((at / step).astype(np.intp), len(values) - 1)
    inside = (at - borders[below]).reshape(shape)
    reached = integral[below] + inside * values[below]
    return np.diff(reached, axis=0) * (count / whole)
