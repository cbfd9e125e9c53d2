"""Numbers that callers give, checked in one place and refused in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, UnknownName

__all__ = ["checked_count", "checked_number", "checked_seed", "one_of", "seeds_of"]


def checked_number(
    name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False
) -> float:
    """A finite number from `low` (or, with `above`, more) to `high`.

    Raises:
        InvalidType: no number.
        InvalidArgument: NaN, infinite, or outside.

    Example:
        >>> checked_number("sigma", -1, 0)
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: sigma is -1; it is a finite number from 0 on
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise InvalidType(f"{name} is {value!r}; it is a number")
    inside = (value > low if above else value >= low) and value <= high
    if not (math.isfinite(value) and inside):
        start = f" {'above' if above else 'from'} {low:g}" if low > -math.inf else ""
        end = f" to {high:g}" if high < math.inf else " on" if start and not above else ""
        raise InvalidArgument(f"{name} is {value:g}; it is a finite number{start}{end}")
    return float(value)


def checked_count(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """A whole number from `least` to `most`; a boolean is none."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise InvalidType(f"{name} is {value!r}; it is a whole number")
    if value < least or (most is not None and value > most):
        end = "on" if most is None else f"to {most}"
        raise InvalidArgument(f"{name} is {value}; it is a whole number from {least} {end}")
    return int(value)


def checked_seed(seed: Any) -> int:
    """A seed: a whole number from 0 on."""
    return checked_count("seed", seed, 0)


def seeds_of(seed: int, count: int) -> list[int]:
    """`count` seeds of 32 bits, independent of one another and of those of any other seed.

    Example:
        >>> len(set(seeds_of(0, 3) + seeds_of(1, 3) + seeds_of(2**40, 3)))
        9
    """
    children = np.random.SeedSequence(seed).spawn(count)
    return [int(child.generate_state(1)[0]) for child in children]


def one_of(kind: str, value: Any, known: tuple[str, ...]) -> str:
    """One of a few names, else `UnknownName` with the nearest."""
    if value not in known:
        raise UnknownName(kind, str(value), known)
    return str(value)
