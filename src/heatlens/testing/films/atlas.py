"""Textures that can be looked at from any distance: a picture and its halvings in one array.

Sampling is trilinear: between four pixels, and between the two levels whose pixels are next in
size to what one pixel of the film covers.

Williams: Pyramidal Parametrics, SIGGRAPH 1983.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heatlens.testing.scenes.sources import Pixels, photographs, textures
from heatlens.testing.scenes.warp import sample


@cache
def photograph(name: str) -> Pixels:
    """A bundled photograph by its file's name, (H, W, 3) in 0..1."""
    known = {
        photo.name: photo.levels[0]
        for split in ("train", "test")
        for photo in (*photographs(split), *textures(split))
    }
    return np.ascontiguousarray(np.broadcast_to(known[name], (*known[name].shape[:2], 3)))


def atlas(picture: Pixels, side: int = 128) -> Pixels:
    """A texture with all its levels.

    Args:
        picture: (h, w, 3), or (h, w, 4) with opacity last; in 0..1.
        side: of the square that it is stretched to, a power of two.

    Returns:
        (side, 3 side / 2, 4), colours multiplied by their opacity: the whole on the left, its
        halvings below each other on the right.

    Example:
        >>> atlas(np.ones((3, 5, 3), np.float32), 8).shape
        (8, 12, 4)
    """
    height, width = picture.shape[:2]
    level = np.ones((height, width, 4), np.float32)
    level[..., : picture.shape[2]] = picture
    level[..., :3] *= level[..., 3:]
    stretch = np.array(
        [
            [height / side, 0, height / side / 2 - 0.5],
            [0, width / side, width / side / 2 - 0.5],
        ]
    )
    level = sample(level, stretch, side, side)
    result = np.zeros((side, side + side // 2, 4), np.float32)
    result[:, :side] = level
    row = 0
    for _ in range(int(math.log2(side))):
        half = len(level) // 2
        level = level.reshape(half, 2, half, 2, 4).mean(axis=(1, 3), dtype=np.float32)
        result[row : row + half, side : side + half] = level
        row += half
    return result


@njit(cache=True, nogil=True, fastmath=True)
def looked_up(
    packed: NDArray[np.float32], u: float, v: float, footprint: float, colour: NDArray[np.float32]
) -> None:
    """The texture's colour around a point.

    Args:
        packed: what `atlas` gives.
        u: across, 0..1; beyond it the texture goes on mirrored.
        v: down, 0..1, likewise.
        footprint: how much of the texture's side is seen in one pixel.
        colour: (4,), takes the result.
    """
    side = packed.shape[0]
    deepest = round(math.log2(side))
    level = min(max(math.log2(max(footprint * side, 1e-6)), 0.0), float(deepest))
    first = int(level)
    share = level - first
    colour[:] = 0
    for step in range(2):
        weight = share if step == 1 else 1 - share
        if weight == 0.0:
            continue
        number = min(first + step, deepest)
        cells = side >> number
        top = 0 if number < 2 else side - (side >> (number - 1))
        left = 0 if number == 0 else side
        row, below, a = _between(v, cells)
        column, beside, b = _between(u, cells)
        for channel in range(4):
            upper = packed[top + row, left + column, channel] * (1 - b)
            upper += packed[top + row, left + beside, channel] * b
            lower = packed[top + below, left + column, channel] * (1 - b)
            lower += packed[top + below, left + beside, channel] * b
            colour[channel] += np.float32(weight * (upper * (1 - a) + lower * a))


@njit(cache=True, nogil=True, fastmath=True)
def _between(position: float, cells: int) -> tuple[int, int, float]:
    """The two cells around a position in mirrored repetition, and the second's share."""
    folded = abs(position) % 2.0
    if folded > 1.0:
        folded = 2.0 - folded
    exact = min(max(folded * cells - 0.5, 0.0), cells - 1.0)
    first = int(exact)
    return first, min(first + 1, cells - 1), exact - first
