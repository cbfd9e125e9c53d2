"""The caller's own words on a model's input, put into its contract."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.contract import Contract
from heatlens.models.layout import grid_axes

__all__ = ["Numbers", "in_layout", "overridden", "size_of"]

Numbers = float | Sequence[float] | None
"""One number for all channels, or one per channel."""


def overridden(
    contract: Contract,
    size: tuple[int, ...] | None,
    mean: Numbers,
    std: Numbers,
    value_range: tuple[float, float] | None,
    labels: Sequence[str] | None,
    channel_order: str | None,
) -> Contract:
    """The contract with the caller's own words put in; what they settle is no longer assumed.

    Arguments that are None change nothing; see `heatlens.load_model` for their meaning.

    Raises:
        InvalidArgument: a value range that does not rise, or a mean in other units than the
            value range.

    Example:
        >>> overridden(Contract(), (8, 8), 0.5, None, None, ["cat"], None).mean
        (0.5, 0.5, 0.5)
    """
    changes: dict[str, Any] = {}
    assumed = contract.assumed
    if size is not None:
        changes["input_size"] = size
        if isinstance(contract.resize, int) and contract.input_size is not None:
            # The same share of the picture is cut off.
            share = contract.resize / min(contract.input_size)
            square = len(size) == 2 and size[0] == size[1]
            changes["resize"] = math.floor(min(size) * share) if square else None
        assumed = tuple(line for line in assumed if not line.startswith("pictures"))
    channels = _channels(contract, mean, std)
    for key, numbers, default in (("mean", mean, contract.mean), ("std", std, contract.std)):
        values = default if numbers is None else _numbers(numbers)
        changes[key] = values * channels if len(values) == 1 else values
    if mean is not None or std is not None:
        assumed = tuple(line for line in assumed if not line.startswith("pixels"))
    if mean is not None and value_range is None:
        _check_units(changes["mean"], contract.value_range)
    if value_range is not None:
        low, high = value_range
        if not low < high:
            raise InvalidArgument(f"value_range is {value_range}; it must rise: (black, white)")
        changes["value_range"] = (float(low), float(high))
        words = f"pixels in {low:g}..{high:g} "
        assumed = tuple(line.replace("pixels in 0..1 ", words) for line in assumed)
    if labels is not None:
        if isinstance(labels, str):
            raise InvalidType("labels is one string; give a sequence with the name of each class")
        changes["labels"] = tuple(map(str, labels))
    if channel_order is not None:
        changes["channel_order"] = channel_order
    return dataclasses.replace(contract, assumed=assumed, **changes)


def _check_units(mean: tuple[float, ...], value_range: tuple[float, float]) -> None:
    """Refuse a mean that no pixel can have: it is meant in other units."""
    if max(map(abs, mean)) > max(map(abs, value_range)):
        low, high = value_range
        raise InvalidArgument(
            f"mean is {mean}, but the model's pixels lie in {low:g}..{high:g}; if mean and std "
            "are in units of 0..255, give value_range=(0, 255) too"
        )


def _channels(contract: Contract, mean: Numbers, std: Numbers) -> int:
    lengths = {len(_numbers(item)) for item in (mean, std) if item is not None} - {1}
    return max(lengths, default=contract.channels)


def _numbers(values: float | Sequence[float]) -> tuple[float, ...]:
    if isinstance(values, int | float):
        return (float(values),)
    return tuple(float(value) for value in values)


def size_of(size: int | tuple[int, ...] | None) -> tuple[int, ...] | None:
    """One number for each axis of the grid; one alone stands for height and width."""
    if size is None:
        return None
    numbers = (size, size) if isinstance(size, int) else tuple(size)
    if not numbers or min(numbers) < 1:
        raise InvalidArgument(f"input_size is {size}; it must be positive: (height, width)")
    return tuple(int(number) for number in numbers)


def in_layout(contract: Contract, layout: str) -> Contract:
    """The contract of the same network with the order of axes that the caller says.

    Example:
        >>> in_layout(Contract(input_size=(8, 8)), "NHWC").layout
        'NHWC'
    """
    size = contract.input_size
    if size is not None and len(size) != len(grid_axes(layout)):
        size = None
    pictures = grid_axes(layout) == "HW"
    kept = (
        contract.assumed
        if pictures
        else tuple(line for line in contract.assumed if not line.startswith("pictures"))
    )
    return contract.with_(layout=layout, input_size=size, assumed=kept)
