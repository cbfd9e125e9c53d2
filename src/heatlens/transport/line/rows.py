"""What every distance on a line takes: rows of positions with their masses, checked."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.mass import (
    Floats,
    balanced,
    checked_masses,
    checked_policy,
    real_array,
    rounding_of,
)

__all__ = [
    "LINE_POLICIES",
    "Rows",
    "checked_count",
    "checked_exponent",
    "checked_length",
    "checked_line_policy",
    "rows_of",
]

LINE_POLICIES = ("equal", "normalise")


@dataclass(frozen=True)
class Rows:
    """Two sides of a batch; a side's array has one row where all share it.

    Attributes:
        x, y: positions (1 or N, n) and (1 or N, m).
        a, b: masses (1 or N, n) and (1 or N, m) with the same totals.
        divisor: what the masses are to be divided by.
        count: N.
        single: whether it was one pair and not a batch.
        alike: every mass of both sides is the same, and n is m.
    """

    x: Floats
    y: Floats
    a: Floats
    b: Floats
    divisor: float
    count: int
    single: bool
    alike: bool


def rows_of(x: Any, y: Any, a: Any, b: Any, mass: str) -> Rows:
    """The arguments of a distance on a line, checked and with equal totals.

    Without masses on either side these are whole numbers, m for each of the n points and n for
    each of the m, which add up without rounding; the divisor makes them 1/n and 1/m.
    """
    checked_line_policy(mass)
    x, y = _positions(x, "x"), _positions(y, "y")
    n, m = x.shape[-1], y.shape[-1]
    given = (_masses(a, "a", x, "x"), _masses(b, "b", y, "y"))
    known = [("x", x), ("y", y), ("a", given[0]), ("b", given[1])]
    count = _count(known)
    single = all(array is None or array.ndim == 1 for _, array in known)
    if a is None and b is None:
        sides = np.full((1, n), float(m)), np.full((1, m), float(n))
        divisor = float(n) * m
    else:
        every = [np.full(size, 1 / size) if masses is None else masses
                 for masses, size in zip(given, (n, m), strict=True)]  # fmt: skip
        if any(masses.ndim == 2 for masses in every):
            every = [np.broadcast_to(masses, (count, masses.shape[-1])) for masses in every]
        sides = balanced(
            every[0], every[1], mass, rounding_of(*(v for v in (a, b) if v is not None))
        )
        sides = np.atleast_2d(sides[0]), np.atleast_2d(sides[1])
        divisor = 1.0
    alike = a is None and b is None and n == m
    return Rows(np.atleast_2d(x), np.atleast_2d(y), *sides, divisor, count, single, alike)


def checked_exponent(p: float, most: float = np.inf) -> float:
    """`p` as a number from 1 to `most`.

    Raises:
        InvalidType: no number.
        InvalidArgument: outside, or NaN.
    """
    exponent = _number(p, "p")
    if not 1 <= exponent <= most:
        raise InvalidArgument(f"p is {p}; the exponent is a number from 1 to {most:g} here")
    return exponent


def checked_length(value: float, name: str, of: str) -> float:
    """`value` as a finite number above 0.

    Args:
        value: a length.
        name: what the caller calls it, for messages.
        of: what it is, likewise.

    Raises:
        InvalidType: no number.
        InvalidArgument: 0, negative, infinite or NaN.
    """
    length = _number(value, name)
    if not 0 < length < np.inf:
        raise InvalidArgument(f"{name} is {value}; {of} is finite and above 0")
    return length


def checked_count(value: int, name: str, least: int = 1) -> int:
    """`value` as a whole number of at least `least`.

    Raises:
        InvalidType: no whole number; 2.0 is none.
        InvalidArgument: below `least`.
    """
    try:
        count = index(value)
    except TypeError:
        raise InvalidType(f"{name} is {value!r}; expected a whole number") from None
    if count < least:
        raise InvalidArgument(f"{name} is {count}; expected at least {least}")
    return count


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidType(f"{name} is {value!r}; expected a number")
    return float(value)


def checked_line_policy(mass: str) -> str:
    """`mass`, if a formula on the line knows it; else an error that says who does."""
    checked_policy(mass)
    if mass not in LINE_POLICIES:
        raise InvalidArgument(
            f"mass={mass!r} has no formula on a line; use heatlens.transport.emd for it, or "
            "mass='normalise' to compare shapes"
        )
    return mass


def _positions(values: Any, name: str) -> Floats:
    array = real_array(values, name, "positions")
    if array.ndim not in (1, 2):
        raise InvalidArgument(
            f"{name} has shape {array.shape}; expected (n,), or (N, n) as a batch"
        )
    if array.size == 0:
        raise InvalidArgument(f"{name} is empty (shape {array.shape})")
    positions: Floats = np.ascontiguousarray(array, np.float64)
    if not np.isfinite(positions).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(positions))[0])
        where = ", ".join(map(str, first))
        raise InvalidArgument(f"{name}[{where}] is {positions[first]}: positions are finite")
    return positions


def _masses(values: Any, name: str, points: Floats, of: str) -> Floats | None:
    if values is None:
        return None
    array = real_array(values, name, "masses")
    masses = checked_masses(array, name, 2 if array.ndim == 2 else 1)
    if masses.shape[-1] != points.shape[-1]:
        raise InvalidArgument(
            f"{name} has {masses.shape[-1]} masses a row for the {points.shape[-1]} positions of {of}"
        )
    return masses


def _count(known: list[tuple[str, Floats | None]]) -> int:
    rows = {name: len(array) for name, array in known if array is not None and array.ndim == 2}
    if len(set(rows.values())) > 1:
        found = ", ".join(f"{name} has {count}" for name, count in rows.items())
        raise InvalidArgument(f"a batch has one number of rows, but {found}")
    return next(iter(rows.values()), 1)
