"""Mass: what may be transported, and what happens where two totals differ.

A policy is a parameter of every distance here:

    "equal"       the totals must agree up to the rounding of their type; else an error. Default.
    "normalise"   both are divided by their total: shapes are compared, amounts are not.
    "partial"     the smaller total is moved whole, what is left over on the other side stays free.
    "unbalanced"  mass may be made or destroyed at a `penalty` per unit.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnknownName

__all__ = [
    "POLICIES",
    "Floats",
    "MassPolicy",
    "balanced",
    "checked_masses",
    "checked_policy",
    "real_array",
    "rounding_of",
]

Floats = npt.NDArray[np.float64]
MassPolicy = Literal["equal", "normalise", "partial", "unbalanced"]
POLICIES: tuple[str, ...] = get_args(MassPolicy)

_ROUNDING = {np.dtype(np.float16): 2e-3, np.dtype(np.float32): 2e-6}
"""Relative difference of two totals that the rounding of the type explains; 1e-9 for float64."""


def real_array(values: Any, name: str, what: str) -> npt.NDArray[Any]:
    """`values` as an array of real numbers of whatever type.

    Args:
        values: array, nested lists, or a tensor without gradient.
        name: what the caller calls it, for messages.
        what: what it holds ("masses").

    Raises:
        InvalidType: not real numbers, a tensor that wants a gradient, an array with a mask.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InvalidType(f"{name} has masked entries; fill or remove them first")
    if getattr(values, "requires_grad", False):
        raise InvalidType(
            f"{name} wants a gradient, and none flows through here: detach() it first. "
            "sinkhorn_divergence is a loss with gradients"
        )
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidType(f"{name} cannot be read as an array of {what}: {error}") from None
    if array.dtype.kind not in "fiub":
        kind = "complex" if array.dtype.kind == "c" else f"of type {array.dtype}"
        raise InvalidType(f"{name} is {kind}; {what} are real numbers")
    return array


def checked_masses(values: Any, name: str = "a", dimensions: int = 1) -> Floats:
    """`values` as float64, finite, none negative, every row with some mass.

    Args:
        values: array of `dimensions` axes; masses run along the last one.
        name: what the caller calls it, for messages.
        dimensions: 1 for one distribution, 2 for a batch of them.

    Raises:
        InvalidType: not numbers, or complex ones.
        InvalidArgument: wrong shape, no entries, a negative, NaN or infinite entry (the message
            says which), or a row without mass.

    Example:
        >>> checked_masses([0.5, -0.1, 0.6])
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: a[1] is -0.1: a mass cannot be negative
    """
    array = real_array(values, name, "masses")
    if array.ndim != dimensions:
        kind = "one mass per point, shape (n,)" if dimensions == 1 else "shape (N, n)"
        raise InvalidArgument(f"{name} has shape {array.shape}; expected {kind}")
    if array.size == 0:
        raise InvalidArgument(f"{name} is empty (shape {array.shape}): there is no mass to move")
    masses: Floats = np.ascontiguousarray(array, np.float64)
    if not (masses.min() >= 0 and masses.max() < np.inf):  # one look at good input; NaN fails too
        _complain(masses, name)
    totals = masses.sum(-1)
    if not np.all(totals > 0):
        where = name if dimensions == 1 else f"{name}[{int(np.argmin(totals > 0))}]"
        raise InvalidArgument(f"{where} has no mass: all {masses.shape[-1]} entries are 0")
    if not np.all(np.isfinite(totals)):
        raise InvalidArgument(f"the total of {name} overflows; scale the masses down first")
    return masses


def _complain(masses: Floats, name: str) -> None:
    bad = ~(np.isfinite(masses) & (masses >= 0))
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    value = masses[first]
    where = f"{name}[{', '.join(map(str, first))}]"
    reason = (
        "a mass cannot be negative" if value < 0 and np.isfinite(value) else "masses are finite"
    )
    more = f" ({int(bad.sum())} such entries)" if bad.sum() > 1 else ""
    raise InvalidArgument(f"{where} is {value:g}: {reason}{more}")


def checked_policy(mass: str, allowed: tuple[str, ...] = POLICIES) -> str:
    """`mass` if it is one of `allowed`.

    Raises:
        UnknownName: no such policy; the nearest ones are named.
        InvalidArgument: a policy that exists, but not for the function that was called.
    """
    if mass not in POLICIES:
        raise UnknownName("policy of mass", mass, POLICIES)
    if mass not in allowed:
        raise InvalidArgument(
            f"mass={mass!r} is not possible here; there are {', '.join(map(repr, allowed))}"
        )
    return mass


def balanced(
    a: Floats, b: Floats, mass: str = "equal", rounding: float = 1e-9
) -> tuple[Floats, Floats]:
    """Both sides with one and the same total (along the last axis), as the policy says.

    Args:
        a: checked masses, (n,) or (N, n).
        b: checked masses, (m,) or (N, m).
        mass: "equal" gives both the mean of their totals, if they agree up to `rounding`;
            "normalise" makes both totals 1.
        rounding: relative difference of the totals taken for rounding; see `rounding_of`.

    Raises:
        InvalidArgument: "equal", and the totals differ; the message says what to do.

    Example:
        >>> balanced(np.array([1.0, 1.0]), np.array([2.0, 1.0]))
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: the totals differ: a has 2, b has 3; ...
    """
    total_a, total_b = a.sum(-1, keepdims=True), b.sum(-1, keepdims=True)
    if mass == "normalise":
        return a / total_a, b / total_b
    apart = np.abs(total_a - total_b) > rounding * np.maximum(total_a, total_b)
    if apart.any():
        row = int(np.argmax(apart.ravel()))
        at = "" if total_a.size == 1 else f" (row {row})"
        raise InvalidArgument(
            f"the totals differ: a has {total_a.ravel()[row]:.9g}, b has "
            f"{total_b.ravel()[row]:.9g}{at}; pass mass='normalise' to compare shapes, 'partial' to "
            "move the smaller one, or 'unbalanced' with a penalty"
        )
    if not (np.abs(total_a - total_b) > 1e-15 * total_a).any():
        return a, b  # equal but for the last digit: rescaling would disturb every entry
    middle = total_a / 2 + total_b / 2
    return a * (middle / total_a), b * (middle / total_b)


def rounding_of(*arrays: Any) -> float:
    """How far two totals may differ by the rounding of the coarsest type among `arrays`."""
    types = [np.asarray(array).dtype for array in arrays]
    return max((_ROUNDING.get(dtype, 1e-9) for dtype in types), default=1e-9)
