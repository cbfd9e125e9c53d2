"""Which values mean black and white: given, or found by one pass over the pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage

__all__ = ["checked_range", "coarse", "measured_range"]

_LEVELS = 256
"""Steps between black and white that a picture has to keep in single precision."""


def checked_range(value_range: Any) -> tuple[float, float] | None:
    """Two finite numbers that rise; None stays None.

    Raises:
        InvalidType: not two numbers.
        InvalidArgument: not finite, or falling.

    Example:
        >>> checked_range((0, 4095))
        (0.0, 4095.0)
    """
    if value_range is None:
        return None
    try:
        if isinstance(value_range, str):
            raise TypeError
        low, high = (float(value) for value in value_range)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidType(
            f"value_range is {value_range!r}; it has to be two numbers, the values that mean black "
            "and white, like (0, 4095)"
        ) from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidArgument(f"value_range {value_range} must rise, from one number to another")
    return low, high


def measured_range(
    bands: Iterable[npt.NDArray[Any]], dtype: np.dtype[Any], label: str
) -> tuple[float, float]:
    """The rule of `heatlens.images.ranges.native`, of bands.

    Args:
        bands: all pixels, in any order.
        dtype: their type.
        label: what to call the picture in errors.

    Raises:
        UnreadableImage: NaN or infinite values, or such as single precision cannot hold.

    Example:
        >>> measured_range([np.array([0.25, 0.5])], np.dtype(float), "it")
        (0.0, 1.0)
    """
    low, high, whole = np.inf, -np.inf, True
    for band in bands:
        least, most = float(band.min()), float(band.max())
        if not (math.isfinite(least) and math.isfinite(most)):
            raise UnreadableImage(f"{label} has pixel values that are NaN or infinite")
        low, high = min(low, least), max(high, most)
        whole = whole and (dtype.kind != "f" or bool((band == np.rint(band)).all()))
    if max(abs(low), abs(high)) > float(np.finfo(np.float32).max):
        raise UnreadableImage(f"values of {label} exceed float32: {low:g} to {high:g}")
    if dtype.kind == "f" and low >= 0 and high <= 1:
        return 0.0, 1.0
    if whole and low >= 0 and 1 < high <= 255:
        return 0.0, 255.0
    return low, high if high > low else low + max(1.0, abs(low))


def coarse(value_range: tuple[float, float]) -> bool:
    """Whether single precision holds too few values between black and white.

    Example:
        >>> coarse((0, 1)), coarse((1e9, 1e9 + 100))
        (False, True)
    """
    low, high = value_range
    return bool(np.spacing(np.float32(max(abs(low), abs(high)))) * _LEVELS > high - low)
