"""Hits and mass against counts done by hand."""

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.testing.localisation import NULL_MAPS, localisation, mass_gain, peak_distance


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((10, 10), bool)
    mask[2:4, 2:4] = True
    return mask


def test_distance_of_the_hottest_point(mask):
    values = np.zeros((10, 10), np.float32)
    values[3, 7] = 1
    assert peak_distance(values, mask) == 4
    values[2, 3] = 2
    assert peak_distance(values, mask) == 0


def test_a_map_without_evidence_hits_nothing(mask):
    empty = np.full((10, 10), -1, np.float32)
    assert peak_distance(empty, mask) == float("inf")
    assert mass_gain(empty, mask) == 0


def test_gain_counts_positive_mass_alone(mask):
    values = np.where(mask, 3, 1).astype(np.float32)
    values[9, 9] = -100
    # 4 pixels of 3 and 95 of 1; the object has 4 of 100 pixels.
    assert mass_gain(values, mask) == pytest.approx(12 / 107 / 0.04)
    assert mass_gain(np.ones((10, 10), np.float32), mask) == pytest.approx(1)


def test_rates_over_pairs(mask):
    right = mask.astype(np.float32)
    wrong = np.roll(right, 5, 1)
    found = localisation([right, wrong], [mask, mask])
    assert (found.hit_rate, found.gain, found.gain_of_3, found.count) == (0.5, 12.5, 0.5, 2)


@pytest.mark.parametrize("name", NULL_MAPS)
def test_null_maps_know_the_picture_at_most(name):
    image = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    first, again = (NULL_MAPS[name](image, 5) for _ in range(2))
    assert first.shape == (30, 40)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)


def test_what_cannot_be_measured_is_refused(mask):
    with pytest.raises(InvalidArgument, match="empty"):
        mass_gain(mask.astype(np.float32), np.zeros_like(mask))
    with pytest.raises(InvalidArgument, match="differ in size"):
        peak_distance(np.zeros((3, 3), np.float32), mask)
    with pytest.raises(InvalidArgument, match="no map"):
        localisation([], [])
