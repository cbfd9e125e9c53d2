"""Checks of numbers that callers give."""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["checked_seed", "checked_whole"]


def checked_whole(value: Any, name: str, least: int = 1) -> int:
    """`value` as a whole number from `least` on.

    Raises:
        InvalidType: not a whole number.
        InvalidArgument: below `least`.

    Example:
        >>> checked_whole(np.int64(3), "frames")
        3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InvalidType(f"{name} is {value!r}; it is a whole number")
    if value < least:
        raise InvalidArgument(f"{name} is {value}; at least {least} is needed")
    return int(value)


def checked_seed(seed: Any) -> int:
    """A seed: a whole number from 0 on.

    Raises:
        InvalidType: not a whole number.
        InvalidArgument: negative.

    Example:
        >>> checked_seed(7)
        7
    """
    return checked_whole(seed, "seed", 0)
