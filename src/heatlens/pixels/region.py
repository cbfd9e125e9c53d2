"""Parts of a picture that one can point at: a pixel, a box, a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.arrays import is_array

__all__ = ["box_of", "checked_mask", "is_region", "region_mask", "region_words"]


def checked_mask(mask: Any, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask (H, W) as booleans; of numbers, all but 0 are marked.

    Raises:
        InvalidType: no array of numbers.
        InvalidArgument: another size, or NaN.
    """
    array = np.asarray(mask)
    if array.dtype.kind not in "biuf":
        raise InvalidType(f"the mask holds {array.dtype}; true and false, or numbers, are meant")
    if array.shape != size:
        raise InvalidArgument(f"the mask has shape {array.shape}, the picture {size}")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise InvalidArgument("the mask has NaN; mark pixels by true and false")
    return array.astype(np.bool_)


def is_region(to: Any, size: tuple[int, int]) -> bool:
    """Whether `to` names a pixel, a box or a mask rather than another picture.

    Raises:
        InvalidArgument: an array of two values, which can be either; a mask of another shape.
    """
    if isinstance(to, Sequence) and not isinstance(to, str | bytes) and len(to) in (2, 4):
        return all(np.ndim(one) == 0 for one in to)
    if not is_array(to):
        return False
    array = np.asarray(to)
    if array.dtype == np.bool_:
        checked_mask(array, size)
        return True
    if array.shape in ((2,), (4,)):
        return True
    if array.ndim == 2 and array.dtype.kind in "iuf" and _two_values(array):
        # A mask that somebody saved as 0 and 255, or a picture in black and white?
        raise InvalidArgument(
            f"an array of {array.dtype} with the values 0 and {array.max():g} can be a mask or a "
            "picture; give a mask as booleans, mask > 0, and a picture by read_image(...)"
        )
    return False


def _two_values(array: npt.NDArray[Any]) -> bool:
    """Whether there are only zeros and one other value, or only zeros."""
    return bool(array.size and array.min() == 0 and ((array == 0) | (array == array.max())).all())


def region_mask(to: Any, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """The pixels that `to` names, (H, W).

    Args:
        to: (row, column), (top, left, bottom, right) with the last two left out, or a mask.
        size: of the picture.

    Raises:
        InvalidArgument: outside of the picture, or nothing.

    Example:
        >>> region_mask((0, 0, 1, 2), (2, 2)).tolist()
        [[True, True], [False, False]]
    """
    array = np.asarray(to)
    if array.ndim == 2:
        mask = checked_mask(array, size)
        if not mask.any():
            raise InvalidArgument("the mask marks no pixel; there is nothing to compare with")
        return mask
    top, left, bottom, right = box_of(to, size)
    mask = np.zeros(size, np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def box_of(to: Any, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of a pixel or box inside a picture."""
    numbers = np.asarray(to)
    if numbers.shape not in ((2,), (4,)):
        raise InvalidArgument(
            f"a place has two numbers, (row, column), or four, (top, left, bottom, right); given "
            f"is an array of shape {numbers.shape}"
        )
    kind = numbers.dtype.kind in "iuf"
    if not kind or not (np.isfinite(numbers) & (numbers == np.floor(numbers))).all():
        raise InvalidType(f"{to!r} is no place in whole pixels, (row, column)")
    whole = [int(number) for number in numbers]
    height, width = size
    if len(whole) == 2:
        row, column = whole
        if not (0 <= row < height and 0 <= column < width):
            raise InvalidArgument(
                f"row {row}, column {column} lies outside of a picture of {height} rows and "
                f"{width} columns, which count from 0"
            )
        return row, column, row + 1, column + 1
    top, left, bottom, right = whole
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise InvalidArgument(
            f"the box {tuple(whole)} (top, left, bottom, right; the last two left out) has to lie "
            f"in {height} rows and {width} columns and hold a pixel"
        )
    return top, left, bottom, right


def region_words(to: Any) -> str:
    """What the region is called in provenance."""
    array = np.asarray(to)
    if array.ndim == 2:
        return f"{int(np.count_nonzero(array))} marked pixels"
    whole = tuple(int(number) for number in array)
    return f"{'pixel' if len(whole) == 2 else 'box'} {whole}"
