"""Minimum barrier distance: against the exact one by all intervals, and on closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.static.minimum_barrier import minimum_barrier
from heatlens.perception.static.regions.barrier import barrier_to_border
from heatlens.perception.static.regions.colours import lab


def exact(channel):
    """Least high - low such that a way of values within [low, high] leads to the border."""
    best = np.full(channel.shape, np.inf)
    values = np.unique(channel)
    for low in values:
        for high in values[values >= low]:
            labels, _ = scipy.ndimage.label((channel >= low) & (channel <= high))
            border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
            open_ = np.isin(labels, border[border > 0])
            best[open_] = np.minimum(best[open_], high - low)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_scans_find_ways_that_are_seldom_worse_than_the_best(seed):
    channel = np.random.default_rng(seed).integers(0, 12, (9, 11)).astype(np.float32)
    found, best = barrier_to_border(channel), exact(channel)
    assert (found >= best).all()
    assert np.mean(found == best) > 0.85
    assert (barrier_to_border(channel, passes=10) <= found).all()


def test_on_a_smooth_picture_three_scans_are_nearly_exact():
    noise = np.random.default_rng(9).random((14, 15))
    smooth = np.rint(40 * scipy.ndimage.gaussian_filter(noise, 2)).astype(np.float32)
    assert np.mean(barrier_to_border(smooth) == exact(smooth)) > 0.95


def test_a_square_on_plain_ground_is_its_height():
    channel = np.full((20, 30), 2, np.float32)
    channel[5:12, 8:20] = 9
    expected = np.where(channel == 9, 7, 0)
    np.testing.assert_array_equal(barrier_to_border(channel), expected)


def test_a_ramp_that_leads_out_is_no_barrier_beyond_its_own_height():
    channel = np.tile(np.arange(9, dtype=np.float32), (9, 1))
    middle = barrier_to_border(channel)[:, 4]
    np.testing.assert_array_equal(middle, 0)  # straight up or down, no value changes


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("background", [True, False])
def test_a_mirrored_picture_has_the_mirrored_map(background, passes):
    rng = np.random.default_rng(4)
    noise = scipy.ndimage.gaussian_filter(rng.random((41, 60, 3)), (3, 3, 0))
    pixels = np.rint(255 * (noise - noise.min()) / np.ptp(noise)).astype(np.uint8)
    look = minimum_barrier(Image(pixels), background=background, passes=passes)
    for axes in (0, 1, (0, 1)):
        turned = minimum_barrier(Image(np.flip(pixels, axes)), background=background, passes=passes)
        np.testing.assert_allclose(np.flip(turned, axes), look, atol=1e-4 * look.max())


def test_both_maps_have_the_same_maximum():
    noise = scipy.ndimage.gaussian_filter(np.random.default_rng(6).random((40, 50, 3)), (2, 2, 0))
    pixels = np.rint(255 * (noise - noise.min()) / np.ptp(noise)).astype(np.uint8)
    both = 2 * minimum_barrier(Image(pixels))
    barrier = minimum_barrier(Image(pixels), background=False)
    lightness = np.ptp(lab(Image(pixels))[..., 0])
    assert (both - barrier).max() == pytest.approx(max(barrier.max(), lightness), rel=1e-5)


@pytest.mark.parametrize("background", [True, False])
def test_the_whole_object_is_lit(background):
    pixels = np.full((60, 80, 3), (40, 90, 40), np.uint8)
    pixels[20:40, 30:55] = (220, 60, 40)
    look = minimum_barrier(Image(pixels), background=background)
    inside = np.zeros((60, 80), bool)
    inside[20:40, 30:55] = True
    assert look[inside].min() > 10 * max(look[~inside].max(), 1e-3)


def test_passes_are_checked():
    with pytest.raises(InvalidArgument, match="1 to 100"):
        minimum_barrier(Image(np.zeros((8, 8), np.uint8), "YX"), passes=0)
