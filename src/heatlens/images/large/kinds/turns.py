"""The eight orientations of TIFF and EXIF: what is shown, and where it lies in the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["stored_region", "swapped", "turned"]

_UPSIDE_DOWN, _MIRRORED, _SWAPPED = (3, 4, 7, 8), (2, 3, 6, 7), (5, 6, 7, 8)


def swapped(turn: int) -> bool:
    """Whether rows of the file are columns of the picture.

    Example:
        >>> swapped(1), swapped(6)
        (False, True)
    """
    return turn in _SWAPPED


def turned(pixels: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    """Stored pixels (h, w, C) as they are to be seen.

    Example:
        >>> turned(np.array([[[1], [2]], [[3], [4]]]), 6)[..., 0].tolist()
        [[3, 1], [4, 2]]
    """
    if turn == 1:
        return pixels
    if swapped(turn):
        pixels = pixels.swapaxes(0, 1)
    rows, columns = (-1 if turn in which else 1 for which in (_UPSIDE_DOWN, _MIRRORED))
    return np.ascontiguousarray(pixels[::rows, ::columns])


def stored_region(
    turn: int, size: tuple[int, int], top: int, left: int, height: int, width: int
) -> tuple[int, int, int, int]:
    """Where a region of the picture lies in the file.

    Args:
        turn: the orientation, 1 to 8.
        size: height and width of the picture as it is seen.
        top: first row of the region, as seen; so are the others.
        left: first column.
        height: rows.
        width: columns.

    Returns:
        First row, first column, rows and columns in the file.

    Example:
        >>> stored_region(6, (50, 30), 0, 0, 4, 3)
        (27, 0, 3, 4)
    """
    if turn in _UPSIDE_DOWN:
        top = size[0] - top - height
    if turn in _MIRRORED:
        left = size[1] - left - width
    return (left, top, width, height) if swapped(turn) else (top, left, height, width)
