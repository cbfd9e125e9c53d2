"""What a spectrum can tell and where only rounding is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["featureless", "floor_of"]

_ROUNDING = 1e-6
"""Relative differences of float32 pixels that mean nothing."""


def featureless(values: npt.NDArray[Any]) -> bool:
    """Whether nothing can stand out: all values equal but for rounding.

    Args:
        values: (H, W) or (H, W, C), where each channel may have a constant of its own.

    Example:
        >>> featureless(np.full((4, 4), 0.3)), featureless(np.eye(4))
        (True, False)
    """
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    return bool(np.all(high - low <= _ROUNDING * np.maximum(1.0, np.abs(high))))


def floor_of(values: npt.NDArray[Any]) -> float:
    """The amplitude in the spectrum of `values` (H, W) below which there is only rounding.

    A logarithm of less would amplify noise: of a grating, say, most coefficients are 0.

    Example:
        >>> round(floor_of(np.ones((8, 8))), 8)
        6.4e-06
    """
    return float(1e-7 * np.abs(values).sum()) or 1.0
