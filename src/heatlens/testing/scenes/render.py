"""One scene: background, distractors, watermark, object, from the back to the front.

What a scene shows depends on (seed, split, index, size) alone.  The watermark draws from a stream
of its own, so that a scene is the same with and without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.scenes import shortcut as watermark
from heatlens.testing.scenes.glyphs import Glyph, glyph
from heatlens.testing.scenes.paint import background, fill, painted
from heatlens.testing.scenes.shapes import SHAPES
from heatlens.testing.scenes.shortcut import Shortcut
from heatlens.testing.scenes.sources import SPLITS, Pixels, Split, digits
from heatlens.testing.scenes.warp import claim, sample_distance

# All lengths in pixels of a 96-pixel scene; they scale with the scene.
OBJECT_SIZE: Final = (36.0, 60.0)
"""Longer side of the object's bounding box, before it is turned."""
OBJECT_ANGLE: Final = 30.0
"""Greatest rotation of the object, in degrees, either way."""
DISTRACTOR_RADIUS: Final = (7.0, 12.0)
"""Radius of the circle around a distractor; where no place is free, it shrinks."""
GAP: Final = 4.0
"""Least distance between a distractor's circle and the object: distractors hide nothing."""
RING: Final = 3.0
"""Width of the ring around the object against which contrast is measured."""

_SHEAR: Final = 0.15
_BORDER: Final = 1.0


@dataclass(frozen=True, slots=True)
class Layers:
    """A rendered scene and its versions.

    Attributes:
        image: (H, W, 3) uint8, everything.
        without_object: (H, W, 3) uint8, pixel-identical where the object is not.
        without_shortcut: (H, W, 3) uint8, pixel-identical where the watermark is not.
        label: the class, 0..9.
        mask: (H, W) bool, pixels of which the object covers more than half.
        edge: (H, W) bool, pixels that the object touches (mask and antialiased edge).
        ring: (H, W) bool, the object's surroundings against which contrast is measured.
        shortcut_mask: (H, W) bool, pixels of the watermark (all False without one).
    """

    image: NDArray[np.uint8]
    without_object: NDArray[np.uint8]
    without_shortcut: NDArray[np.uint8]
    label: int
    mask: NDArray[np.bool_]
    edge: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    shortcut_mask: NDArray[np.bool_]


def render(index: int, split: Split, seed: int, size: int, planted: Shortcut | None) -> Layers:
    """Render scene `index` of a split.

    Args:
        index: number of the scene, 0 or more.
        split: "train" or "test", which photographs and digits it is made of.
        seed: of the whole world of scenes.
        size: side of the square picture in pixels.
        planted: the watermark, or None.
    """
    key = [seed, SPLITS.index(split), index]
    rng = np.random.default_rng(key)
    scale = size / 96

    label = int(rng.integers(10))
    numbers = digits(split)[label]
    shape = glyph(numbers[int(rng.integers(len(numbers)))])
    distance = _placed(rng, shape, size)
    coverage = np.clip(0.5 - distance, 0, 1)
    edge = coverage > 0
    ring = ~edge & (distance <= max(RING * scale, 2.0) + 0.5)

    bare = _with_distractors(rng, background(rng, split, size), distance, split)
    rows, columns = _window(edge | ring)
    pattern = fill(rng, split, rows.stop - rows.start, columns.stop - columns.start)
    draws = (float(rng.random()), float(rng.random()))
    object_part = painted(
        bare[rows, columns],
        coverage[rows, columns],
        ring[rows, columns],
        pattern,
        draws,
    )
    unmarked = _quantised(bare)
    whole = unmarked.copy()
    touched = edge[rows, columns]
    whole[rows, columns][touched] = _quantised(object_part)[touched]

    image, empty, mark_mask = whole, unmarked, np.zeros((size, size), dtype=np.bool_)
    if planted is not None:
        own = np.random.default_rng([*key, 1])
        marked = watermark.drawn_class(own, label, planted)
        side = max(3, round(watermark.MARK_SIDE * scale))
        corner = watermark.place(own, distance, side)
        if marked is not None:
            mark_mask = watermark.covered((size, size), corner, side) & ~edge
            empty = _stamped(bare, watermark.mark(marked, side), corner, planted.opacity)
            empty[~mark_mask] = unmarked[~mark_mask]
            image = whole.copy()
            image[mark_mask] = empty[mark_mask]
    return Layers(
        image=image,
        without_object=empty,
        without_shortcut=whole,
        label=label,
        mask=coverage > 0.5,
        edge=edge,
        ring=ring,
        shortcut_mask=mark_mask,
    )


def _placed(rng: np.random.Generator, shape: Glyph, size: int) -> Pixels:
    """Turn, shear, scale and place a digit; return its (size, size) signed distance in pixels."""
    extent = rng.uniform(*OBJECT_SIZE) * size / 96
    angle = np.deg2rad(rng.uniform(-OBJECT_ANGLE, OBJECT_ANGLE))
    shear = rng.uniform(-_SHEAR, _SHEAR)
    zoom = extent / shape.extent
    cos, sin = np.cos(angle), np.sin(angle)
    forward = zoom * np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, 0.0], [shear, 1.0]])
    outline = (shape.outline - shape.centre) @ forward.T
    low, high = outline.min(axis=0), outline.max(axis=0)
    lowest = _BORDER - low
    highest = size - 1 - _BORDER - high
    position = lowest + rng.random(2) * np.maximum(highest - lowest, 0.0)
    backward = np.linalg.inv(forward)
    offset = np.asarray(shape.centre) - backward @ position
    return sample_distance(
        shape.distance, np.column_stack([backward, offset]), float(zoom), size, size
    )


def _with_distractors(
    rng: np.random.Generator, base: Pixels, distance: Pixels, split: Split
) -> Pixels:
    """Paint two or three distractors where they stay clear of the object and of each other."""
    size = base.shape[0]
    scale = size / 96
    line = np.arange(size, dtype=np.float32)
    border = np.minimum(line, size - 1 - line)
    free = np.minimum(distance - max(GAP * scale, 3.0), np.minimum(border[:, None], border))
    kinds = list(SHAPES)
    result = base.copy()
    for _ in range(int(rng.integers(2, 4))):
        radius = rng.uniform(*DISTRACTOR_RADIUS) * scale
        drawn = SHAPES[kinds[int(rng.integers(len(kinds)))]]
        places = np.flatnonzero(free >= radius)
        pick = rng.random()
        if places.size == 0:
            places = np.array([int(free.argmax())])
            radius = max(float(free.max()), 1.0)
        cy, cx = divmod(int(places[int(pick * places.size)]), size)
        reach = int(np.ceil(radius)) + 2
        rows = slice(max(cy - reach, 0), min(cy + reach + 1, size))
        columns = slice(max(cx - reach, 0), min(cx + reach + 1, size))
        unit = np.float32(radius)
        y = np.repeat(((line[rows] - cy) / unit)[:, None], columns.stop - columns.start, axis=1)
        x = np.repeat(((line[columns] - cx) / unit)[None], rows.stop - rows.start, axis=0)
        outside = drawn(rng, y, x) * unit
        coverage = np.clip(0.5 - outside, 0, 1).astype(np.float32)
        draws = (float(rng.random()), float(rng.random()))
        pattern = fill(rng, split, *coverage.shape)
        if (coverage > 0.5).any():
            ring = (coverage == 0) & (outside <= RING * scale + 0.5)
            result[rows, columns] = painted(result[rows, columns], coverage, ring, pattern, draws)
        claim(free, cy, cx, float(unit) + max(scale, 1.0))
    return result


def _window(region: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the bounding rows and columns of a region."""
    rows = np.flatnonzero(region.any(axis=1))
    columns = np.flatnonzero(region.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _stamped(
    base: Pixels, mark: Pixels, corner: tuple[int, int], opacity: float
) -> NDArray[np.uint8]:
    """Lay a mark over a picture."""
    result = base.copy()
    part = result[corner[0] : corner[0] + mark.shape[0], corner[1] : corner[1] + mark.shape[1]]
    part[...] = part * (1 - opacity) + mark * opacity
    return _quantised(result)


def _quantised(values: Pixels) -> NDArray[np.uint8]:
    """Round 0..1 to 0..255."""
    return (values * 255 + 0.5).astype(np.uint8)
