"""The number of a channel, checked."""

from __future__ import annotations

import operator
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["checked_channel"]


def checked_channel(channel: Any, count: int, layer: str) -> int:
    """The number of a channel, from 0.

    Args:
        channel: a whole number, NumPy's included.
        count: how many channels the layer has.
        layer: its name, for the message.

    Raises:
        InvalidType: not a whole number.
        InvalidArgument: the layer has no such channel.

    Example:
        >>> checked_channel(8, 4, "stem")
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: layer 'stem' has no channel 8: it has 4, 0 to 3
    """
    try:
        number = operator.index(channel)
    except TypeError:
        number = None
    if number is None or isinstance(channel, bool):
        raise InvalidType(f"a channel is a whole number, not {channel!r}")
    if not 0 <= number < count:
        raise InvalidArgument(
            f"layer {layer!r} has no channel {number}: it has {count}, 0 to {count - 1}"
        )
    return number
