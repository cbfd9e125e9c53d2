"""Clips in which one shape flashes up in one frame: the truth for models of frames.

A grey disc drifts through all frames, and one other frame is lit brightly: neither motion nor
brightness gives the event away.

    batch = events(100, split="test")
    batch.frames[3]   # the frame with the shape in it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.kinds.seeding import Split, generator
from heatlens.testing.kinds.shapes import SHAPES, coverage

__all__ = ["EVENT_FRAMES", "EVENT_SIDE", "EventBatch", "events"]

EVENT_FRAMES: Final = 12
"""Frames of a clip."""

EVENT_SIDE: Final = 32
"""Side of a frame in pixels."""


@dataclass(frozen=True, eq=False)
class EventBatch:
    """Clips with one event each.

    Attributes:
        clips: (N, 12, 32, 32, 3) uint8, RGB.
        labels: (N,) numbers in `heatlens.testing.kinds.SHAPES`: which shape flashes up.
        frames: (N,) in which frame.
        masks: (N, 32, 32), where in that frame.
    """

    clips: NDArray[np.uint8]
    labels: NDArray[np.int64]
    frames: NDArray[np.int64]
    masks: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.clips)


def events(count: int, *, seed: int = 0, split: Split = "train") -> EventBatch:
    """Draw clips.

    Args:
        count: clips.
        seed: of the whole batch.
        split: training and held-out clips never share a stream of random numbers.

    Raises:
        InvalidArgument: no clip is asked for, or an unknown split.

    Example:
        >>> batch = events(2, seed=1)
        >>> batch.clips.shape, batch.frames.shape
        ((2, 12, 32, 32, 3), (2,))
    """
    rng = generator(count, seed, split)
    length, side = EVENT_FRAMES, EVENT_SIDE
    rows = np.arange(count)
    labels = rng.integers(len(SHAPES), size=count)
    frames = rng.integers(length, size=count)
    colour = rng.uniform(0.35, 0.65, (count, 1, 1, 1, 3)).astype(np.float32)
    clips = np.broadcast_to(colour, (count, length, side, side, 3)).copy()
    drift = _drifting(rng, count)
    grey = rng.uniform(0.2, 0.8, (count, 1, 1, 1)).astype(np.float32)
    clips += drift[..., None] * (grey[..., None] - clips)
    lit = (frames + rng.integers(1, length, size=count)) % length
    clips[rows, lit] += rng.uniform(0.15, 0.3, (count, 1, 1, 1)).astype(np.float32)
    radii = rng.uniform(5.0, 7.5, count).astype(np.float32)
    centres = rng.uniform(8.0, side - 9.0, (count, 2)).astype(np.float32)
    turns = rng.uniform(-0.35, 0.35, count).astype(np.float32)
    inside = coverage(labels, centres, radii, turns, side)
    strong = rng.choice(np.array([-0.45, 0.45], np.float32), (count, 1, 1, 3))
    shown = clips[rows, frames]
    clips[rows, frames] = shown + inside[..., None] * strong
    clips += rng.normal(0, 0.04, clips.shape).astype(np.float32)
    seen = np.rint(255 * np.clip(clips, 0, 1)).astype(np.uint8)
    return EventBatch(seen, labels, frames, inside >= 0.5)


def _drifting(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """A disc (N, T, H, W) that moves on a straight line through every frame."""
    start, end = rng.uniform(2, EVENT_SIDE - 3, (2, count, 1, 2))
    way = np.linspace(0, 1, EVENT_FRAMES)[None, :, None]
    centres = (start + way * (end - start)).reshape(-1, 2).astype(np.float32)
    radii = np.repeat(rng.uniform(2.5, 4.5, count), EVENT_FRAMES).astype(np.float32)
    discs = np.full(len(centres), SHAPES.index("circle"))
    drawn = coverage(discs, centres, radii, np.zeros_like(radii), EVENT_SIDE)
    return drawn.reshape(count, EVENT_FRAMES, EVENT_SIDE, EVENT_SIDE)
