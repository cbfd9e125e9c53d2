"""Planted truth for other kinds of model: captions, tones and events.

Seeded, made in one sweep without a loop over cases, nothing downloaded. Each case knows which
object, word, stretch of sound or frame makes its class.
"""

from __future__ import annotations

from heatlens.testing.kinds.captions import (
    CAPTION_SIDE,
    COLOURS,
    CaptionBatch,
    captions,
    phrase,
)
from heatlens.testing.kinds.events import EVENT_FRAMES, EVENT_SIDE, EventBatch, events
from heatlens.testing.kinds.seeding import Split
from heatlens.testing.kinds.shapes import SHAPES
from heatlens.testing.kinds.tones import PITCHES, TONE_RATE, TONE_SAMPLES, ToneBatch, tones

__all__ = [
    "CAPTION_SIDE",
    "COLOURS",
    "EVENT_FRAMES",
    "EVENT_SIDE",
    "PITCHES",
    "SHAPES",
    "TONE_RATE",
    "TONE_SAMPLES",
    "CaptionBatch",
    "EventBatch",
    "Split",
    "ToneBatch",
    "captions",
    "events",
    "phrase",
    "tones",
]
