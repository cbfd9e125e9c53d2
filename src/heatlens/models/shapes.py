"""From the shape of a network's input to a contract, where the shape is all that it tells."""

from __future__ import annotations

from collections.abc import Sequence

from heatlens.errors import InvalidArgument
from heatlens.models.contract import Contract
from heatlens.models.layout import grid_axes

__all__ = ["contract_of_shape"]

_GRIDS = {2: "T", 3: "T", 4: "HW", 5: "DHW"}
"""Number of axes of an input with its batch -> axes of its grid."""


def contract_of_shape(
    name: str,
    shape: Sequence[int | None],
    layout: str | None = None,
    *,
    channels_first: bool = False,
    channels: int = 3,
    high: float = 1.0,
) -> Contract:
    """The contract of an input of that shape.

    Args:
        name: of the network, for errors.
        shape: with the batch; None is any length.
        layout: the caller's word on the order of axes; None: the usual one for so many axes.
        channels_first: whether the channels usually come before the grid.
        channels: where the shape does not say.
        high: what white is.

    Raises:
        InvalidArgument: the layout has another number of axes, or there is no usual one.

    Example:
        >>> contract = contract_of_shape("net", (None, 32, 48, 3))
        >>> contract.layout, contract.input_size, contract.channels
        ('NHWC', (32, 48), 3)
    """
    words = "(" + ", ".join("any" if side is None else str(side) for side in shape) + ")"
    if layout is None:
        layout = _usual(name, words, len(shape), channels_first)
    elif len(layout) != len(shape):
        raise InvalidArgument(f"layout is {layout!r}; {name!r} takes {len(shape)} axes, {words}")
    sides = dict(zip(layout, shape, strict=True))
    axes = grid_axes(layout)
    size = tuple(side for letter in axes if (side := sides[letter]) is not None)
    count = (sides["C"] or channels) if "C" in layout else 1
    assumed = []
    if "HW" in axes:
        assumed.append(f"pixels in 0..{high:g} go in as they are (mean 0, std 1)")
    if axes == "HW" and len(size) < 2:
        assumed.append("pictures of any size go in")
    return Contract(
        input_size=size if len(size) == len(axes) else None,
        mean=(0.0,) * count,
        std=(1.0,) * count,
        value_range=(0.0, high),
        layout=layout,
        assumed=tuple(assumed),
    )


def _usual(name: str, words: str, axes: int, channels_first: bool) -> str:
    if axes not in _GRIDS:
        raise InvalidArgument(
            f"{name!r} takes {words}; heatlens knows what 2 to 5 axes usually are: say it with "
            "layout="
        )
    if axes == 2:
        return "NT"
    return f"NC{_GRIDS[axes]}" if channels_first else f"N{_GRIDS[axes]}C"
