"""Pictures made smaller by the exact mean of the area that each new pixel covers.

    new_ij = sum_rc w_i(r) w_j(c) old_rc,   w_i(r) = |[r, r+1] ∩ [i H/h, (i+1) H/h]| h/H

The grids are aligned edge to edge. Sums are in double precision, so that a constant picture stays
what it is, and a picture given piece by piece comes out as the picture given whole. Burt, Adelson:
The Laplacian Pyramid as a Compact Image Code, IEEE Trans. Comm. 1983, with the box as kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["AreaMean", "reduced", "reduced_size"]


def reduced_size(size: tuple[int, int], longest: int | None) -> tuple[int, int]:
    """Height and width with at most `longest` pixels along the longer side; never larger.

    Raises:
        InvalidArgument: a `longest` below 1.
        InvalidType: no whole number.

    Example:
        >>> reduced_size((480, 640), 64), reduced_size((480, 640), None)
        ((48, 64), (480, 640))
    """
    if longest is None:
        return size
    if isinstance(longest, bool) or not hasattr(longest, "__index__"):
        raise InvalidType(f"`longest` is {longest!r}; it has to be a whole number of pixels")
    if longest < 1:
        raise InvalidArgument(f"`longest` is {longest}; it has to be a number of pixels, 1 or more")
    if max(size) <= longest:
        return size
    height, width = (max(1, round(n * longest / max(size))) for n in size)
    return height, width


def reduced(array: npt.ArrayLike, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The picture on a grid of `size`, each new pixel the mean of the area under it.

    Args:
        array: (H, W) or (H, W, C), numbers of any type.
        size: height and width, at most those of `array`. The same size changes nothing.

    Returns:
        (h, w) or (h, w, C), in the unit of `array`.

    Raises:
        InvalidArgument: not a picture, size zero, or a `size` that is larger.
        InvalidType: no real numbers, or a `size` that is not two whole ones.

    Example:
        >>> reduced([[0.0, 3.0, 6.0]], (1, 2)).tolist()
        [[1.0, 5.0]]
    """
    pixels = np.asarray(array)
    if pixels.dtype.kind not in "buif":
        raise InvalidType(f"pixels of type {pixels.dtype} are no real numbers")
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise InvalidArgument(
            f"a picture has rows, columns and perhaps channels, got shape {pixels.shape}"
        )
    height, width = pixels.shape[:2]
    mean = AreaMean((height, width), size, pixels.shape[2] if pixels.ndim == 3 else 1)
    if mean.size == (height, width):
        return pixels.astype(np.float32)
    mean.add(pixels, 0, 0)
    result = mean.result()
    return result if pixels.ndim == 3 else result[..., 0]


class AreaMean:
    """The reduced picture of a large one that is given piece by piece.

    Memory is that of the reduced picture, and of the piece at hand.

    Args:
        whole: height and width of the large picture.
        size: height and width of the reduced one, at most those of `whole`.
        channels: colour channels of every piece.

    Raises:
        InvalidArgument: sizes of zero, or a `size` that is larger than `whole`.
        InvalidType: a `size` that is not two whole numbers.

    Example:
        >>> mean = AreaMean((4, 2), (2, 1))
        >>> mean.add(np.array([[0, 2], [4, 6]]), 0, 0)
        >>> mean.add(np.array([[8, 8], [8, 8]]), 2, 0)
        >>> mean.result()[..., 0].tolist()
        [[3.0], [8.0]]
    """

    def __init__(self, whole: tuple[int, int], size: tuple[int, int], channels: int = 1) -> None:
        """Start with nothing seen."""
        for sides in (whole, size):
            if len(sides) != 2 or not all(hasattr(side, "__index__") for side in sides):
                raise InvalidType(f"a size is (height, width) in whole pixels, got {sides!r}")
        if min(*whole, *size, channels) < 1:
            raise InvalidArgument(f"sizes have to be 1 or more: {whole} to {size}")
        if size[0] > whole[0] or size[1] > whole[1]:
            raise InvalidArgument(
                f"a picture of {whole[0]} x {whole[1]} cannot be reduced to {size[0]} x {size[1]}, "
                "which is larger; heatlens.images.resample.resized_axis enlarges"
            )
        self.whole, self.size, self.channels = whole, (int(size[0]), int(size[1])), channels
        self._rows, self._columns = _shares(whole[0], size[0]), _shares(whole[1], size[1])
        # One cell more at the end: the last pixel's share of nothing goes there.
        self._sums = np.zeros((size[0] + 1, size[1] + 1, channels))
        self._seen = 0

    def add(self, piece: npt.NDArray[Any], top: int, left: int) -> None:
        """Take in the pixels (h, w) or (h, w, C) that lie at row `top`, column `left`.

        Pieces must not overlap. Parts of a piece outside of the picture are an error.
        """
        pixels = piece[..., None] if piece.ndim == 2 else piece
        height, width, channels = pixels.shape
        inside = top >= 0 and left >= 0 and channels == self.channels
        if not inside or top + height > self.whole[0] or left + width > self.whole[1]:
            raise InvalidArgument(
                f"a piece of shape {pixels.shape} at ({top}, {left}) is no part of a picture of "
                f"shape {(*self.whole, self.channels)}"
            )
        if pixels.dtype == np.bool_ or pixels.dtype == np.float16 or not pixels.dtype.isnative:
            pixels = pixels.astype(np.float32)
        _add(pixels, top, left, *self._rows, *self._columns, self._sums)
        self._seen += height * width

    def result(self) -> npt.NDArray[np.float32]:
        """The reduced picture, (h, w, C).

        Raises:
            InvalidArgument: pixels are missing, or some were given twice.
        """
        expected = self.whole[0] * self.whole[1]
        if self._seen != expected:
            raise InvalidArgument(
                f"{self._seen} pixels were given of a picture that has {expected}"
            )
        area = expected / (self.size[0] * self.size[1])
        return (self._sums[:-1, :-1] / area).astype(np.float32)


def _shares(old: int, new: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Of each old pixel, the first new one it lies under, and how much of it does.

    The rest lies under the next one: a new pixel is at least as wide as an old one. Borders are
    compared as whole numbers (times `new`), so that no share is a rounding error.
    """
    begin = np.arange(old, dtype=np.int64) * new
    first = begin // old
    share = np.minimum(new, (first + 1) * old - begin) / new
    return first, share


@njit(cache=True, nogil=True)
def _add(pixels, top, left, row, row_share, column, column_share, sums):  # type: ignore[no-untyped-def]
    # Old rows are added up as they are, neighbour by neighbour in memory; only once for each new
    # row are its columns brought together.
    height, width, channels = pixels.shape
    here, below = np.zeros((2, width * channels))
    cell = row[top]
    for r in range(height):
        if row[top + r] != cell:  # the next: a new row is at least as high as an old one
            _bring_together(here, left, column, column_share, sums[cell])
            here, below = below, here
            below[:] = 0.0
            cell = row[top + r]
        line = np.ascontiguousarray(pixels[r]).reshape(width * channels)
        share = row_share[top + r]
        if share == 1.0:
            for i in range(len(line)):
                here[i] += float(line[i])
        else:
            for i in range(len(line)):
                value = float(line[i])
                here[i] += share * value
                below[i] += (1.0 - share) * value
    _bring_together(here, left, column, column_share, sums[cell])
    _bring_together(below, left, column, column_share, sums[cell + 1])


@njit(cache=True, nogil=True)
def _bring_together(line, left, column, share, sums):  # type: ignore[no-untyped-def]
    channels = sums.shape[1]
    for c in range(len(line) // channels):
        cell, part = column[left + c], share[left + c]
        for k in range(channels):
            value = line[c * channels + k]
            sums[cell, k] += part * value
            if part < 1.0:
                sums[cell + 1, k] += (1.0 - part) * value
