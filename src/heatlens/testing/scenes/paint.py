"""Colour and texture: backgrounds, fills, and the contrast between a shape and its surroundings."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.scenes.blend import LUMA, blended, levelled, mean_luma, settled
from heatlens.testing.scenes.sources import Photograph, Pixels, Split, photographs, textures
from heatlens.testing.scenes.warp import sample

CONTRAST: Final = (0.25, 0.55)
"""Range of the contrast of every scene's object: the absolute difference of the mean luma (0..1)
of the mask and of the ring of 3 px (of 96) around it, measured on the finished 8-bit picture."""

_DRAWN_CONTRAST: Final = (0.28, 0.52)  # a margin on each side for clipping and rounding
_STEPS: Final = 4
_GREATEST_SPREAD: Final = 0.15  # standard deviation of a background's luma


def background(rng: np.random.Generator, split: Split, size: int) -> Pixels:
    """Cut a random square out of a photograph, turned and mirrored, at a random scale.

    Its contrast is bounded, so that an object of the stated contrast stands out of it.

    Returns:
        (size, size, 3) in 0..1.
    """
    photos = photographs(split)
    photo = photos[int(rng.integers(len(photos)))]
    crop = _crop(rng, photo, size, size, share=float(rng.uniform(0.35, 1.0)), turned=False)
    tint = _chroma(rng, 0.12)
    gain, shift = float(rng.uniform(0.7, 1.1)), float(rng.uniform(-0.12, 0.12))
    return levelled(crop, tint, gain, shift, _GREATEST_SPREAD)


def fill(rng: np.random.Generator, split: Split, height: int, width: int) -> Pixels:
    """Make a textured colour whose mean luma is about zero; `painted` sets the level.

    Returns:
        (height, width, 3), about -0.5..0.5.
    """
    kind = int(rng.integers(3))
    if kind == 0:
        pattern = _smooth_noise(rng, height, width)
    elif kind == 1:
        pattern = _gradient(rng, height, width)
    else:
        sources = textures(split) + photographs(split)
        source = sources[int(rng.integers(len(sources)))]
        share = max(height, width) / min(source.levels[0].shape[:2])
        pattern = _crop(rng, source, height, width, share=min(share, 1.0), turned=True)
    pattern = pattern - pattern.mean()
    strongest = max(float(np.abs(pattern).max()), 1e-6)
    strength = np.float32(rng.uniform(0.04, 0.25) / strongest)
    return pattern * strength + _chroma(rng, 0.5)


def painted(
    base: Pixels,
    coverage: Pixels,
    ring: NDArray[np.bool_],
    pattern: Pixels,
    draws: tuple[float, float],
) -> Pixels:
    """Paint a shape over a background at a contrast within `CONTRAST`.

    Args:
        base: (h, w, 3) in 0..1.
        coverage: (h, w) in 0..1, the antialiased shape.
        ring: (h, w), the pixels around the shape against which contrast is measured.
        pattern: (h, w, 3), the fill, of any mean.
        draws: two uniform numbers in 0..1 that choose contrast and polarity (lighter, darker).

    Returns:
        (h, w, 3) in 0..1, equal to `base` where coverage is zero.
    """
    around = mean_luma(base, ring)
    low, high = _DRAWN_CONTRAST
    lighter_room, darker_room = 0.92 - around, around - 0.08
    lighter = lighter_room > darker_room if min(lighter_room, darker_room) < low else draws[1] < 0.5
    high = min(high, lighter_room if lighter else darker_room)
    contrast = low + draws[0] * (high - low)
    target = around + (contrast if lighter else -contrast)
    mask = coverage > 0.5
    first = target - mean_luma(pattern, mask)
    level = settled(base, coverage, pattern, first, target, _STEPS)
    return blended(base, coverage, pattern, level)


def _chroma(rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """Draw a colour of zero luma."""
    colour = rng.uniform(-strength, strength, 3).astype(np.float32)
    return colour - colour @ np.array(LUMA, dtype=np.float32)


def _crop(
    rng: np.random.Generator,
    photo: Photograph,
    height: int,
    width: int,
    *,
    share: float,
    turned: bool,
) -> Pixels:
    """Sample a crop whose longer side is `share` of the photograph's shorter one."""
    rows, columns = photo.levels[0].shape[:2]
    side = share * min(rows, columns)
    scale = side / max(height, width)
    level = 0
    while level + 1 < len(photo.levels) and scale >= 2.0:
        level, scale = level + 1, scale / 2
    source = photo.levels[level]
    angle = float(rng.uniform(0, 2 * np.pi)) if turned else float(rng.integers(4)) * np.pi / 2
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    cos, sin = float(np.cos(angle)) * scale, float(np.sin(angle)) * scale
    reach = scale * max(height, width) / 2
    centre = [
        float(rng.uniform(min(reach, n / 2), max(n - 1 - reach, n / 2))) for n in source.shape[:2]
    ]
    turn = np.array([[cos, -sin * mirror], [sin, cos * mirror]])
    offset = np.array(centre) - turn @ np.array([(height - 1) / 2, (width - 1) / 2])
    return sample(source, np.column_stack([turn, offset]), height, width)


def _smooth_noise(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Random values on a coarse grid, bilinearly in between."""
    cells = int(rng.integers(3, 13))
    grid = rng.random((cells, cells, 1), dtype=np.float32)
    matrix = np.array(
        [[(cells - 1) / max(height, 2), 0.0, 0.0], [0.0, (cells - 1) / max(width, 2), 0.0]]
    )
    return sample(grid, matrix, height, width)


def _gradient(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """A ramp in a random direction."""
    direction = rng.uniform(0, 2 * np.pi)
    y = np.arange(height, dtype=np.float32)[:, None] / np.float32(height)
    x = np.arange(width, dtype=np.float32)[None, :] / np.float32(width)
    ramp = np.float32(np.sin(direction)) * y + np.float32(np.cos(direction)) * x
    return ramp[:, :, None]
