"""Loops over the pixels that paint and measure; they release the GIL."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

LUMA: Final = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of ITU-R BT.601."""


@njit(nogil=True, cache=True)
def mean_luma(pixels: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Average the luma of some pixels.

    Args:
        pixels: (h, w, 3), any range.
        where: (h, w), which pixels count; with none, all do.

    Example:
        >>> mean_luma(np.ones((2, 2, 3), np.float32), np.eye(2, dtype=np.bool_))
        1.0
    """
    height, width, _ = pixels.shape
    total, count = 0.0, 0
    everywhere = not where.any()
    for y in range(height):
        for x in range(width):
            if everywhere or where[y, x]:
                total += LUMA[0] * pixels[y, x, 0]
                total += LUMA[1] * pixels[y, x, 1]
                total += LUMA[2] * pixels[y, x, 2]
                count += 1
    return total / count


@njit(nogil=True, cache=True)
def blended(
    base: NDArray[np.float32],
    coverage: NDArray[np.float32],
    pattern: NDArray[np.float32],
    level: float,
) -> NDArray[np.float32]:
    """Lay a pattern, raised by a level and clipped to 0..1, over a background.

    Args:
        base: (h, w, 3) in 0..1.
        coverage: (h, w) in 0..1.
        pattern: (h, w, 3), any range.
        level: added to the pattern.

    Returns:
        (h, w, 3) in 0..1.
    """
    result = base.copy()
    height, width, channels = base.shape
    for y in range(height):
        for x in range(width):
            weight = coverage[y, x]
            if weight > 0:
                for c in range(channels):
                    colour = min(max(pattern[y, x, c] + level, 0.0), 1.0)
                    result[y, x, c] = base[y, x, c] * (1 - weight) + colour * weight
    return result


@njit(nogil=True, cache=True)
def settled(
    base: NDArray[np.float32],
    coverage: NDArray[np.float32],
    pattern: NDArray[np.float32],
    level: float,
    target: float,
    steps: int,
) -> float:
    """Find the level at which the shape's mean luma, as `blended` paints it, meets a target.

    Clipping and half-covered edge pixels pull that mean towards the background; each step adds
    what is missing.

    Args:
        base: (h, w, 3) in 0..1.
        coverage: (h, w) in 0..1; pixels above one half count.
        pattern: (h, w, 3), any range.
        level: to start from.
        target: wanted mean luma, 0..1.
        steps: corrections.
    """
    height, width, _ = base.shape
    for _ in range(steps):
        total, count = 0.0, 0
        for y in range(height):
            for x in range(width):
                weight = coverage[y, x]
                if weight > 0.5:
                    for c in range(3):
                        colour = min(max(pattern[y, x, c] + level, 0.0), 1.0)
                        total += LUMA[c] * (base[y, x, c] * (1 - weight) + colour * weight)
                    count += 1
        level += target - total / max(count, 1)
    return level


@njit(nogil=True, cache=True)
def levelled(
    crop: NDArray[np.float32],
    tint: NDArray[np.float32],
    gain: float,
    shift: float,
    greatest_spread: float,
) -> NDArray[np.float32]:
    """Tint a photograph and bring its brightness and contrast into a range.

    A grey photograph takes the tint in its mid-tones, black and white stay neutral; a colour one
    is multiplied by it.

    Args:
        crop: (h, w, 1) or (h, w, 3) in 0..1.
        tint: (3,) about zero.
        gain: of the contrast, lowered where the luma would spread more than allowed.
        shift: of the mean luma, which then is held within 0.2..0.8.
        greatest_spread: standard deviation of the luma.

    Returns:
        (h, w, 3) in 0..1.
    """
    height, width, channels = crop.shape
    result = np.empty((height, width, 3), dtype=np.float32)
    total, squares = 0.0, 0.0
    for y in range(height):
        for x in range(width):
            luma = 0.0
            for c in range(3):
                if channels == 1:
                    value = crop[y, x, 0]
                    value += 4 * tint[c] * value * (1 - value)
                else:
                    value = crop[y, x, c] * (1 + tint[c])
                result[y, x, c] = value
                luma += LUMA[c] * value
            total += luma
            squares += luma * luma
    mean = total / (height * width)
    spread = np.sqrt(max(squares / (height * width) - mean * mean, 1e-12))
    gain = min(gain, greatest_spread / spread)
    level = min(max(mean + shift, 0.2), 0.8)
    for y in range(height):
        for x in range(width):
            for c in range(3):
                result[y, x, c] = min(max((result[y, x, c] - mean) * gain + level, 0.0), 1.0)
    return result
