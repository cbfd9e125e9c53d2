"""Boolean maps: surrounded regions against scipy's labels, and what has to stand out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.boolean_map import boolean_map
from heatlens.perception.static.regions import surrounded as figures
from heatlens.perception.static.regions.colours import lab, whitened
from heatlens.perception.static.regions.surrounded import attention, surrounded

EIGHT = np.ones((3, 3), bool)


def not_at_the_border(mask):
    labels, _ = scipy.ndimage.label(mask, EIGHT)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return mask & ~np.isin(labels, border[border > 0])


@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.9])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 5), (3, 3), (30, 41)])
def test_surrounded_regions_are_those_that_scipy_finds(size, share):
    mask = np.random.default_rng(0).random(size) < share
    np.testing.assert_array_equal(surrounded(mask), not_at_the_border(mask))


@pytest.mark.parametrize("period", [(2, 1), (2, 2), (3, 2)], ids=str)
def test_patterns_of_many_short_runs(period):
    rows, columns = np.indices((33, 41))
    for mask in ((rows + columns) % 2 == 0, rows % period[0] >= columns % period[1]):
        np.testing.assert_array_equal(surrounded(mask), not_at_the_border(mask))
        np.testing.assert_array_equal(surrounded(~mask), not_at_the_border(~mask))


@pytest.mark.parametrize(("opening", "dilation"), [(0, 0), (1, 0), (1, 2), (2, 3), (4, 9)])
def test_attention_is_its_definition(opening, dilation):
    noise = np.random.default_rng(1).random((24, 31))
    channel = scipy.ndimage.gaussian_filter(noise, 1.5).astype(np.float32)
    thresholds = np.quantile(channel, [0.2, 0.5, 0.8]).astype(np.float32)
    expected = np.zeros(channel.shape)
    square = np.ones((2 * opening + 1,) * 2, bool)
    for threshold in thresholds:
        for mask in (channel > threshold, channel <= threshold):
            eroded = scipy.ndimage.binary_erosion(mask, square, border_value=1)
            opened = scipy.ndimage.binary_dilation(eroded, square)
            figures = not_at_the_border(opened)
            grown = scipy.ndimage.binary_dilation(figures, np.ones((2 * dilation + 1,) * 2, bool))
            expected += grown / max(np.sqrt(grown.sum()), 1)
    np.testing.assert_allclose(
        attention(channel, thresholds, opening, dilation), expected / 6, atol=1e-6
    )


def test_the_number_of_threads_changes_nothing(monkeypatch):
    channel = np.random.default_rng(3).random((40, 50)).astype(np.float32)
    thresholds = np.linspace(0.1, 0.9, 18, dtype=np.float32)
    alone = attention(channel, thresholds, 1, 2)
    monkeypatch.setattr(figures, "LEAST", 1)
    np.testing.assert_array_equal(attention(channel, thresholds, 1, 2), alone)


def test_whitened_colours_are_uncorrelated_and_near_what_they_were():
    photo = Image(np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8))
    channels = lab(photo)
    white = whitened(channels)
    np.testing.assert_allclose(np.cov(white.reshape(-1, 3).T), np.eye(3), atol=1e-4)
    for c in range(3):
        assert np.corrcoef(white[..., c].ravel(), channels[..., c].ravel())[0, 1] > 0.7


def test_whitening_leaves_flat_channels_alone():
    grey = Image(np.random.default_rng(2).integers(0, 256, (30, 40), np.uint8), "YX")
    white = whitened(lab(grey))
    assert np.isfinite(white).all()
    assert np.abs(white[..., 1:]).max() < 0.1


@pytest.mark.parametrize("kind", ["colour", "orientation", "size"])
def test_the_odd_item_stands_out(kind):
    displays = [popout(kind, seed=seed) for seed in range(100, 108)]
    assert sum(hit(boolean_map(one.image, step=16.0), one) for one in displays) >= 7


def test_what_touches_the_border_is_ground():
    scene = np.full((60, 80), 90, np.uint8)
    scene[20:30, 60:80] = 220
    look = boolean_map(Image(scene, "YX"), orientation=False)
    assert not look.any()


@pytest.mark.parametrize("wrong", [{"step": 0.0}, {"step": 300.0}, {"blur": -0.1}])
def test_numbers_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InvalidArgument):
        boolean_map(Image(np.zeros((8, 8), np.uint8), "YX"), **wrong)
