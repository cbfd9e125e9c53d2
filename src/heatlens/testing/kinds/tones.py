"""A tone of one of six pitches somewhere in noise: the truth for models of sound.

Elsewhere in time a burst of broad noise of the same loudness distracts: the loudest moment does
not give the tone away.

    batch = tones(100, split="test")
    batch.onsets[3], batch.ends[3]         # seconds
    PITCHES[batch.labels[3]]               # hertz
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.kinds.seeding import Split, generator

__all__ = ["PITCHES", "TONE_RATE", "TONE_SAMPLES", "ToneBatch", "tones"]

PITCHES: Final = (330.0, 550.0, 920.0, 1530.0, 2550.0, 4250.0)
"""Pitches in hertz, in the order of their numbers."""

TONE_RATE: Final = 16_000
"""Samples a second."""

TONE_SAMPLES: Final = 16_000
"""Samples of a clip: one second."""

_FADE = 160
_DETUNED = 0.03


@dataclass(frozen=True, eq=False)
class ToneBatch:
    """Sounds with one tone each.

    Attributes:
        samples: (N, 16000) float32 in -1..1, 16 kHz.
        labels: (N,) numbers in `PITCHES`.
        frequencies: (N,) hertz; within 3 % of the pitch.
        onsets: (N,) seconds at which the tone begins.
        ends: (N,) seconds at which it is over.
    """

    samples: NDArray[np.float32]
    labels: NDArray[np.int64]
    frequencies: NDArray[np.float64]
    onsets: NDArray[np.float64]
    ends: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.samples)


def tones(
    count: int, *, seed: int = 0, split: Split = "train", with_tone: bool = True
) -> ToneBatch:
    """Make sounds.

    Args:
        count: sounds.
        seed: of the whole batch.
        split: training and held-out sounds never share a stream of random numbers.
        with_tone: False leaves the tones out and all else as it is.

    Raises:
        InvalidArgument: no sound is asked for, or an unknown split.

    Example:
        >>> batch = tones(2, seed=1)
        >>> batch.samples.shape, bool(np.all(batch.onsets < batch.ends))
        ((2, 16000), True)
    """
    rng = generator(count, seed, split)
    labels = rng.integers(len(PITCHES), size=count)
    frequencies = np.array(PITCHES)[labels] * (1 + rng.uniform(-_DETUNED, _DETUNED, count))
    lengths = rng.integers(2400, 4800, size=(2, count))
    starts = _apart(rng, lengths)
    time = np.arange(TONE_SAMPLES, dtype=np.float32) / TONE_RATE
    angle = 2 * np.pi * frequencies[:, None] * time + rng.uniform(0, 2 * np.pi, (count, 1))
    loudness = rng.uniform(0.06, 0.14, (count, 1))
    samples = np.sin(angle) * _envelope(starts[0], lengths[0]) * loudness * with_tone
    burst = rng.normal(0, np.sqrt(0.5), samples.shape)
    samples += burst * _envelope(starts[1], lengths[1]) * loudness
    samples += rng.normal(0, 1, samples.shape) * rng.uniform(0.01, 0.03, (count, 1))
    return ToneBatch(
        np.clip(samples, -1, 1).astype(np.float32),
        labels,
        frequencies,
        starts[0] / TONE_RATE,
        (starts[0] + lengths[0]) / TONE_RATE,
    )


def _apart(rng: np.random.Generator, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """First samples (2, N) of two stretches that do not touch, in either order."""
    free = TONE_SAMPLES - 2 * _FADE - lengths.sum(0)
    before = (rng.random(lengths.shape[1]) * free).astype(np.int64)
    between = (rng.random(lengths.shape[1]) * (free - before)).astype(np.int64)
    swapped = rng.random(lengths.shape[1]) < 0.5
    early = _FADE + before
    late = early + np.where(swapped, lengths[1], lengths[0]) + between
    return np.stack([np.where(swapped, late, early), np.where(swapped, early, late)])


def _envelope(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """One within each stretch (N, samples), faded in and out."""
    place = np.arange(TONE_SAMPLES)[None, :]
    rise = (place - starts[:, None]) / _FADE
    fall = (starts[:, None] + lengths[:, None] - place) / _FADE
    shape: NDArray[np.float64] = np.clip(np.minimum(rise, fall), 0, 1)
    return shape
