"""The planted cases: what they say is there is there, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.models.bundled.kinds import EVENTS
from heatlens.testing.kinds import (
    COLOURS,
    PITCHES,
    SHAPES,
    TONE_RATE,
    captions,
    events,
    phrase,
    tones,
)
from heatlens.testing.kinds.shapes import coverage

MAKERS = [(captions, "images"), (events, "clips"), (tones, "samples")]
AREAS = {
    "square": 1.44**2,
    "circle": np.pi * 0.85**2,
    # An equilateral triangle around a circle of that radius.
    "triangle": 3 * np.sqrt(3) * 0.52**2,
    "cross": 2 * (1.9 * 0.52) - 0.52**2,
}


@pytest.mark.parametrize(("make", "values"), MAKERS)
def test_same_seed_same_cases(make, values):
    first, again = make(4, seed=3), make(4, seed=3)
    np.testing.assert_array_equal(getattr(first, values), getattr(again, values))
    others = [make(4, seed=4), make(4, seed=3, split="test")]
    assert all(not np.array_equal(getattr(first, values), getattr(one, values)) for one in others)
    assert len(first) == 4


@pytest.mark.parametrize(("make", "values"), MAKERS)
def test_bad_requests(make, values):
    with pytest.raises(InvalidArgument, match="count is 0"):
        make(0)
    with pytest.raises(InvalidArgument, match="split is 'valid'"):
        make(2, split="valid")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_shapes_have_their_area(shape, turn):
    ones = np.ones(1, np.float32)
    drawn = coverage(
        np.array([SHAPES.index(shape)]),
        40 * np.ones((1, 2), np.float32),
        30 * ones,
        turn * ones,
        81,
    )
    assert drawn.sum() == pytest.approx(AREAS[shape] * 30**2, rel=0.02)
    rows, columns = np.nonzero(drawn[0])
    assert np.hypot(rows - 40, columns - 40).max() <= 1.05 * 30 + 1


def test_masks_hold_their_colour():
    batch = captions(200, seed=5)
    hues = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], float)
    for which in (0, 1):
        for row in range(len(batch)):
            pixels = batch.images[row][batch.masks[row, which]].mean(0)
            nearest = (hues - hues.mean(1, keepdims=True)) @ (pixels - pixels.mean())
            nearest /= np.linalg.norm(hues - hues.mean(1, keepdims=True), axis=1)
            assert int(nearest.argmax()) == batch.colours[row, which]


def test_two_objects_differ_and_keep_apart():
    batch = captions(500, seed=6)
    assert (batch.shapes[:, 0] != batch.shapes[:, 1]).all()
    assert (batch.colours[:, 0] != batch.colours[:, 1]).all()
    assert not (batch.masks[:, 0] & batch.masks[:, 1]).any()
    assert batch.masks.sum((2, 3)).min() >= 50
    # Outside both, no pixel is far from grey.
    outside = ~batch.masks.any(1)
    edge = np.stack([np.roll(~outside, step, axis) for axis in (1, 2) for step in (-2, -1, 1, 2)])
    plain = outside & ~edge.any(0)
    spread = np.ptp(batch.images.astype(int), axis=3)
    assert np.quantile(spread[plain], 0.999) < 70


def test_words():
    batch = captions(3, seed=7)
    assert batch.phrase(1, 0) == phrase(int(batch.colours[1, 0]), int(batch.shapes[1, 0]))
    first, second = batch.phrase(2, 0), batch.phrase(2, 1)
    assert batch.caption(2) == f"{first} and {second}"
    assert batch.caption(2, 1) == f"{second} and {first}"
    assert len(COLOURS) * len(SHAPES) == 16


def test_an_event_is_in_one_frame():
    batch = events(200, seed=5)
    clips = batch.clips.astype(float)
    rows = np.arange(len(batch))
    # A pixel of the shape is unlike itself in the frames before and after, which hold none.
    inside = np.where(batch.masks[:, None, :, :, None], clips, np.nan)
    levels = np.nanmedian(inside, axis=(2, 3))
    usual = np.median(levels, axis=1, keepdims=True)
    away = np.abs(levels - usual).sum(2)
    ranked = away.argsort(1)
    assert (ranked[:, -1] == batch.frames).mean() > 0.95
    assert set(batch.labels) == set(range(len(EVENTS)))
    assert (batch.masks.sum((1, 2)) > 20).all()
    assert np.bincount(batch.frames, minlength=12).min() > 5
    assert rows.size == 200
    assert EVENTS == SHAPES


def test_a_tone_is_at_its_pitch_and_time():
    batch = tones(60, seed=5)
    for row, samples in enumerate(batch.samples):
        place = np.arange(len(samples)) / TONE_RATE
        inside = (place >= batch.onsets[row]) & (place < batch.ends[row])
        cut = samples[inside] * np.hanning(inside.sum())
        power = np.abs(np.fft.rfft(cut)) ** 2
        hertz = np.fft.rfftfreq(len(cut), 1 / TONE_RATE)
        assert hertz[power.argmax()] == pytest.approx(batch.frequencies[row], abs=8)
        assert batch.frequencies[row] == pytest.approx(PITCHES[batch.labels[row]], rel=0.031)
        carrier = np.exp(-2j * np.pi * batch.frequencies[row] * place)
        strength = np.abs(np.convolve(samples * carrier, np.ones(800) / 800, "same"))
        assert inside[strength.argmax()]


def test_the_loudest_moment_does_not_give_the_tone_away():
    batch = tones(200, seed=6)
    power = batch.samples**2
    smooth = np.stack([np.convolve(one, np.ones(1600) / 1600, "same") for one in power])
    loudest = smooth.argmax(1) / TONE_RATE
    share = ((loudest >= batch.onsets) & (loudest <= batch.ends)).mean()
    assert share < 0.5
