"""A frame with its heat over it, quickly: what `heatlens.render.overlay` draws, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.render.colour import Scale

__all__ = ["over_frame"]


def over_frame(
    frame: npt.NDArray[np.uint8], heat: npt.NDArray[np.float32], scale: Scale, alpha: float
) -> npt.NDArray[np.uint8]:
    """The frame under its heat, uint8 (H, W, 3); see `heatlens.render.overlay` for the formula.

    Args:
        frame: (H, W, 3).
        heat: (H, W), >= 0.
        scale: from 0 to the value of the last colour.
        alpha: opacity (0..1) of the hottest.

    Example:
        >>> grey = np.full((1, 3, 3), 100, np.uint8)
        >>> heat = np.float32([[0, 2, 4]])
        >>> over_frame(grey, heat, Scale(0, 4, "gray"), 1.0)[0, :, 0].tolist()
        [100, 114, 255]
    """
    entries = 256
    colours = scale.colours(np.linspace(scale.low, scale.high, entries)).astype(np.float32)
    result = np.empty_like(frame)
    high = scale.high if scale.high > 0 else np.inf
    _blend(frame, heat, high, colours, np.float32(alpha), result)
    return result


@njit(cache=True, nogil=True)
def _blend(  # pragma: no cover
    frame: Any, heat: Any, high: Any, colours: Any, alpha: Any, result: Any
) -> None:
    entries = len(colours)
    for row in range(frame.shape[0]):
        for column in range(frame.shape[1]):
            # Divided in double: one over a very small top would be infinite.
            strength = np.float32(min(max(heat[row, column] / high, 0.0), 1.0))
            entry = min(int(strength * entries), entries - 1)
            share = alpha * strength
            for k in range(3):
                under = np.float32(frame[row, column, k])
                shown = under + share * (colours[entry, k] - under)
                result[row, column, k] = np.uint8(np.rint(shown))
