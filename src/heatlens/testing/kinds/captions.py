"""Pictures of two coloured shapes with a caption: the truth for models of pictures and words.

A phrase such as "a red square" belongs to one object, whose mask is known; a caption names two.

    batch = captions(100, split="test")
    batch.phrase(3, 0)   # "a yellow cross"
    batch.masks[3, 0]    # where it is
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.kinds.seeding import Split, generator
from heatlens.testing.kinds.shapes import SHAPES, coverage

__all__ = ["CAPTION_SIDE", "COLOURS", "CaptionBatch", "captions", "phrase"]

COLOURS: Final = ("red", "green", "blue", "yellow")
"""Names of the colours, in the order of their numbers."""

CAPTION_SIDE: Final = 48
"""Side of the pictures in pixels."""

_PAINT = np.array(
    [[0.82, 0.16, 0.14], [0.12, 0.62, 0.2], [0.14, 0.28, 0.84], [0.88, 0.78, 0.1]], np.float32
)
_PLACES = 64
"""Places that are tried for the second object of a picture."""


@dataclass(frozen=True, eq=False)
class CaptionBatch:
    """Pictures with two objects each, which differ in shape and in colour.

    Attributes:
        images: (N, 48, 48, 3) uint8, RGB.
        shapes: (N, 2) numbers in `SHAPES`, the first object's and the second's.
        colours: (N, 2) numbers in `COLOURS`.
        masks: (N, 2, 48, 48), where each object is.
    """

    images: NDArray[np.uint8]
    shapes: NDArray[np.int64]
    colours: NDArray[np.int64]
    masks: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)

    def phrase(self, row: int, which: int) -> str:
        """What one of a picture's two objects is called."""
        return phrase(int(self.colours[row, which]), int(self.shapes[row, which]))

    def caption(self, row: int, first: int = 0) -> str:
        """The whole caption of a picture, beginning with that object."""
        return f"{self.phrase(row, first)} and {self.phrase(row, 1 - first)}"


def phrase(colour: int, shape: int) -> str:
    """The words for one object.

    Example:
        >>> phrase(0, 1)
        'a red circle'
    """
    return f"a {COLOURS[colour]} {SHAPES[shape]}"


def captions(count: int, *, seed: int = 0, split: Split = "train") -> CaptionBatch:
    """Draw pictures of two objects on a grainy, shaded ground.

    Args:
        count: pictures.
        seed: of the whole batch.
        split: training and held-out pictures never share a stream of random numbers.

    Raises:
        InvalidArgument: no picture is asked for, or an unknown split.

    Example:
        >>> batch = captions(2, seed=1)
        >>> batch.images.shape, batch.masks.shape
        ((2, 48, 48, 3), (2, 2, 48, 48))
    """
    rng = generator(count, seed, split)
    side = CAPTION_SIDE
    shapes = _two_of(rng, count, len(SHAPES))
    colours = _two_of(rng, count, len(COLOURS))
    radii = rng.uniform(7.0, 10.0, (count, 2)).astype(np.float32)
    centres = _places(rng, radii, side)
    turns = rng.uniform(-0.35, 0.35, (count, 2)).astype(np.float32)
    pixels = _ground(rng, count, side)
    masks = np.empty((count, 2, side, side), dtype=bool)
    for which in (0, 1):
        inside = coverage(
            shapes[:, which], centres[:, which], radii[:, which], turns[:, which], side
        )
        masks[:, which] = inside >= 0.5
        tint = rng.normal(0, 0.05, (count, 3)).astype(np.float32)
        paint = (_PAINT[colours[:, which]] + tint)[:, None, None, :]
        pixels += inside[..., None] * (paint - pixels)
    pixels += rng.normal(0, 0.04, pixels.shape).astype(np.float32)
    images = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    return CaptionBatch(images, shapes, colours, masks)


def _two_of(rng: np.random.Generator, count: int, kinds: int) -> NDArray[np.int64]:
    """Two different numbers below `kinds` a row."""
    first = rng.integers(kinds, size=count)
    return np.stack([first, (first + rng.integers(1, kinds, size=count)) % kinds], axis=1)


def _places(rng: np.random.Generator, radii: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Centres (N, 2, 2) whose shapes lie inside the picture and clear of each other."""
    count = len(radii)
    margin = 1.05 * radii
    first = rng.uniform(margin[:, :1], side - 1 - margin[:, :1], (count, 2))
    tried = rng.uniform(
        margin[:, 1, None, None], side - 1 - margin[:, 1, None, None], (count, _PLACES, 2)
    )
    away = np.linalg.norm(tried - first[:, None], axis=2)
    clear = away >= (margin.sum(1) + 1.5)[:, None]
    # Where no place is clear, the farthest: then the shapes may touch, but no centre is covered.
    chosen = np.where(clear.any(1), clear.argmax(1), away.argmax(1))
    second = tried[np.arange(count), chosen]
    return np.stack([first, second], axis=1).astype(np.float32)


def _ground(rng: np.random.Generator, count: int, side: int) -> NDArray[np.float32]:
    """Grey grounds with a slope of brightness."""
    ramp = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    grey = rng.uniform(0.3, 0.7, (count, 1, 1))
    slope = rng.uniform(-0.3, 0.3, (2, count, 1, 1))
    shade = grey + slope[0] * ramp[:, None] + slope[1] * ramp[None, :]
    return np.repeat(shade[..., None], 3, axis=3).astype(np.float32)
