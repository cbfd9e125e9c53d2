"""What may be asked of a large picture: levels, regions and sizes, checked in words."""

from __future__ import annotations

import operator
from typing import Any

from heatlens.errors import ImageTooLarge, InvalidArgument, InvalidType
from heatlens.images.read import pixel_limit

__all__ = ["checked_block", "checked_level", "checked_limit", "checked_region"]

Size = tuple[int, int]


def checked_level(level: Any, levels: tuple[Size, ...], label: str) -> Size:
    """The size of a level that there is.

    Raises:
        InvalidType: no whole number.
        InvalidArgument: no such level.
    """
    if isinstance(level, bool) or not hasattr(level, "__index__"):
        raise InvalidType(f"`level` is {level!r}; it has to be a whole number")
    if not 0 <= level < len(levels):
        raise InvalidArgument(f"level {level} of {label}: there are {len(levels)}, from 0")
    return levels[level]


def checked_region(
    region: tuple[Any, Any, Any, Any], size: Size, what: str
) -> tuple[int, int, int, int]:
    """First row, first column, rows and columns, which lie inside of `size`.

    Raises:
        InvalidType: no whole numbers.
        InvalidArgument: outside, or empty.
    """
    try:
        top, left, height, width = map(operator.index, region)
    except TypeError as error:
        raise InvalidType(f"a region is four whole numbers: {error}") from error
    inside = min(top, left) >= 0 and top + height <= size[0] and left + width <= size[1]
    if not inside or min(height, width) < 1:
        raise InvalidArgument(
            f"rows {top} to {top + height} and columns {left} to {left + width} are no part of "
            f"{what}, which is {size[0]} x {size[1]}"
        )
    return top, left, height, width


def checked_block(block: Any) -> None:
    """A number of rows, or None.

    Raises:
        InvalidType: no whole number.
        InvalidArgument: below 1.
    """
    if block is None:
        return
    if isinstance(block, bool) or not hasattr(block, "__index__"):
        raise InvalidType(f"`block` is {block!r}; it has to be a whole number of rows")
    if block < 1:
        raise InvalidArgument(f"`block` is {block}; a band has at least one row")


def checked_limit(size: Size, label: str) -> None:
    """A size that may be in memory as a whole.

    Raises:
        ImageTooLarge: more pixels than `heatlens.images.read.pixel_limit`.
    """
    if size[0] * size[1] > (limit := pixel_limit()):
        raise ImageTooLarge(
            f"{label} in memory would be {size[0]} x {size[1]} pixels, the limit is "
            f"{limit / 1e6:.3g} million: read it by the region or reduced(longest)"
        )
