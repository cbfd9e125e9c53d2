"""Maps brought to a common scale: to 0..1, to a total of 1, to numbers that can be squared."""

from __future__ import annotations

import math

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.perception.metrics.given import Floats

__all__ = ["from_zero_to_one", "is_constant", "mass_of", "of_order_one"]


def is_constant(values: Floats) -> bool:
    """Whether all values are the same."""
    return bool(values.min() == values.max())


def of_order_one(values: Floats) -> Floats:
    """The values times a power of two, the largest magnitude between 1/2 and 1.

    What differs stays different, and differences and squares neither vanish nor overflow.

    Example:
        >>> of_order_one(np.array([[-1e308, 1e308]])).round(3).tolist()
        [[-0.556, 0.556]]
    """
    _, exponent = math.frexp(float(np.abs(values).max()))
    return np.ldexp(values, -exponent)


def from_zero_to_one(values: Floats) -> Floats:
    """The map scaled so that its lowest value is 0 and its highest 1; a constant one becomes 0.

    Example:
        >>> from_zero_to_one(np.array([[-1.0, 0.0, 3.0]])).tolist()
        [[0.0, 0.25, 1.0]]
    """
    values = of_order_one(values)
    lifted = values - values.min()
    highest = lifted.max()
    return lifted / highest if highest > 0 else lifted


def mass_of(
    values: Floats, what: str = "map", *, above_floor: bool = False, empty: str = "uniform"
) -> Floats:
    """A map as a distribution: its values over their sum.

    Args:
        values: (H, W); not negative, unless `above_floor`.
        what: the argument's name, for messages.
        above_floor: scale to 0..1 first, so that the lowest value has no mass.
        empty: what a map of zeros becomes: "uniform", or "zero" (stays one).

    Raises:
        InvalidArgument: a value below 0.

    Example:
        >>> mass_of(np.array([[1.0, 3.0]])).tolist()
        [[0.25, 0.75]]
    """
    if above_floor:
        values = from_zero_to_one(values)
    lowest = float(values.min())
    if lowest < 0:
        raise InvalidArgument(
            f"the {what} has values down to {lowest:g}; a density is not negative. Give "
            "heat.positive(), or take its minimum off first"
        )
    highest = float(values.max())
    if highest == 0:
        return np.full(values.shape, 1 / values.size) if empty == "uniform" else values
    scaled = values / highest  # sums of very small or large values neither vanish nor overflow
    return scaled / scaled.sum()
