"""Pyramids, Gabor filters and the promotion of peaks, against slow forms of their formulas."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

from heatlens.image import Image
from heatlens.perception.static.feature_maps import promotion
from heatlens.perception.static.feature_maps.early import CHANNELS, early_features
from heatlens.perception.static.feature_maps.gabor import gabor_pairs, oriented_energy
from heatlens.perception.static.feature_maps.promotion import promoted
from heatlens.perception.static.feature_maps.pyramid import gaussian_pyramid, halved, onto


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (2, 2), (5, 3), (16, 24), (31, 17)])
def test_halving_is_a_gaussian_mean_around_each_new_pixel(size):
    picture = np.random.default_rng(0).random(size).astype(np.float32)
    expected = picture.astype(np.float64)
    for axis, n in enumerate(size):
        width = n / ((n + 1) // 2)
        centres = (np.arange((n + 1) // 2) + 0.5) * width - 0.5
        matrix = np.zeros((len(centres), n))
        for i, centre in enumerate(centres):
            for x in range(-20, n + 20):
                away = abs(x - centre) / width
                mirrored = x % (2 * n) if x % (2 * n) < n else 2 * n - 1 - x % (2 * n)
                if away <= 1.5:
                    matrix[i, mirrored] += np.exp(-(away**2) / (2 * 1.25 / 4))
        matrix /= matrix.sum(axis=1, keepdims=True)
        expected = np.moveaxis(np.tensordot(matrix, expected, (1, axis)), 0, axis)
    np.testing.assert_allclose(halved(picture[None])[0], expected, atol=1e-5)


def test_even_sizes_get_nearly_the_binomial_filter():
    impulse = np.zeros((1, 1, 12), np.float32)
    impulse[..., 6] = 1
    np.testing.assert_allclose(
        halved(impulse)[0, 0], [0, 0, 5 / 32, 10 / 32, 1 / 32, 0], atol=0.02
    )  # the pixel of two that lies right of the middle of its pair's neighbour


def test_a_pyramid_keeps_constants_and_ends_with_one_pixel():
    levels = gaussian_pyramid(np.full((2, 37, 50), 0.3, np.float32), 20)
    assert levels[-1].shape == (2, 1, 1)
    for level in levels:
        np.testing.assert_allclose(level, 0.3, atol=1e-6)
    np.testing.assert_allclose(onto(levels[3], (9, 11)), 0.3, atol=1e-6)


def test_energy_is_the_length_of_two_convolutions():
    picture = np.random.default_rng(1).random((20, 23)).astype(np.float32)
    even, odd = np.split(gabor_pairs().astype(np.float64), 2)
    padded = np.pad(picture, 6, mode="symmetric")
    expected = [
        np.hypot(*(scipy.signal.correlate2d(padded, kernel, "valid") for kernel in pair))
        for pair in zip(even, odd)
    ]
    np.testing.assert_allclose(oriented_energy(picture), expected, atol=1e-5)


@pytest.mark.parametrize("degrees", [0, 45, 90, 135])
def test_energy_answers_most_to_its_own_direction(degrees):
    y, x = np.mgrid[:40, :40]
    theta = np.deg2rad(degrees)
    stripes = np.cos(2 * np.pi / 7 * (x * np.cos(theta) + y * np.sin(theta)))
    energy = oriented_energy(stripes.astype(np.float32))[:, 20, 20]
    assert energy.argmax() == degrees // 45
    assert energy.max() == pytest.approx(1, abs=0.02)


def test_plain_ground_has_no_energy():
    assert oriented_energy(np.full((9, 9), 0.8, np.float32)).max() < 1e-5


def test_hue_is_read_where_there_is_light():
    pixels = np.zeros((4, 3, 3), np.float32)
    pixels[0] = (0.9, 0, 0)
    pixels[1] = (0, 0, 0.9)
    pixels[2] = (0.05, 0, 0)  # a twentieth of the brightest: dark
    pixels[3] = (0.5, 0.5, 0.5)
    features = early_features(Image(pixels, "YXC", (0, 1)), 0, 0).levels[0]
    assert features.shape == (len(CHANNELS), 4, 3)
    np.testing.assert_allclose(features[0, :, 0], [0.3, 0.3, 0.05 / 3, 0.5], atol=1e-6)
    np.testing.assert_allclose(features[1, :, 0], [3, 0, 0, 0], atol=1e-5)
    np.testing.assert_allclose(features[2, :, 0], [0, 3, 0, 0], atol=1e-5)


def test_a_tenth_of_the_brightest_is_dark_however_it_is_stored():
    levels = np.full((1, 2, 3), 250, np.uint8)
    levels[0, 1] = (45, 15, 15)  # their sum is a tenth of the brightest's
    for image in (
        Image(levels),
        Image((levels / 127.5 - 1).astype(np.float32), value_range=(-1, 1)),
        Image((levels / 255).astype(np.float32), value_range=(0, 1)),
    ):
        assert not early_features(image, 0, 0).levels[0][1:3].any()
    levels[0, 1, 0] = 46
    assert early_features(Image(levels), 0, 0).levels[0][1, 0, 1] > 1


def test_maximum_is_its_formula():
    rng = np.random.default_rng(2)
    maps = scipy.ndimage.gaussian_filter(rng.random((3, 30, 40)), (0, 2, 2)).astype(np.float32)
    maps -= maps.min()
    for found, one in zip(promoted(maps), maps):
        unit = one / one.max()
        peaks = unit[(unit == scipy.ndimage.maximum_filter(unit, 3, mode="nearest"))]
        peaks = np.sort(peaks[peaks >= promotion.LOWEST_PEAK])[:-1]
        np.testing.assert_allclose(found, unit * (1 - peaks.mean()) ** 2, atol=1e-5)


def peaks_by_floods(unit, step):
    """Values of the maxima from which no way leads up without going down by `step` first."""
    found = []
    for level in np.unique(unit[unit >= promotion.LOWEST_PEAK]):
        labels, count = scipy.ndimage.label(unit >= level - np.float32(step), np.ones((3, 3)))
        highest = scipy.ndimage.maximum(unit, labels, range(1, count + 1))
        found += [level] * int((highest == level).sum())
    return np.array(found)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (15, 20)], ids=str)
@pytest.mark.parametrize("levels", [3, 8, 40])
def test_a_plateau_is_one_maximum(size, levels):
    """Few levels, so that most peaks are plateaus of all shapes."""
    noise = np.random.default_rng(levels).random((5, *size))
    maps = np.rint(levels * scipy.ndimage.uniform_filter(noise, (0, 3, 3))).astype(np.float32)
    for found, one in zip(promoted(maps), maps, strict=True):
        unit = one / max(one.max(), 1)
        peaks = np.sort(peaks_by_floods(unit, promotion.STEP))
        others = peaks[:-1].mean() if len(peaks) > 1 else 0
        np.testing.assert_allclose(found, unit * (1 - others) ** 2, atol=1e-6)


def test_rounding_makes_no_peak_of_its_own():
    ridge = np.zeros((2, 9, 12), np.float32)
    ridge[:, 4, 3:9] = [1, 1 - 6e-8, 1, 1 - 2e-5, 1 - 1e-5, 1 - 3e-5]
    ridge[1, 4, 6] = 0.99  # deep enough to part two peaks
    alone, parted = promoted(ridge)
    assert alone.max() == 1
    assert parted.max() < 1e-6


@pytest.mark.parametrize("normalisation", ["maximum", "iterative"])
def test_one_peak_is_promoted_over_many(normalisation):
    one, many = np.zeros((2, 40, 40), np.float32)
    many[5::10, 5::10] = 1
    one[5, 5] = 1
    alone, crowd = promoted(
        scipy.ndimage.gaussian_filter(np.stack([one, many]), (0, 1.5, 1.5)), normalisation
    )
    assert alone[5, 5] > 2 * crowd[5, 5]


@pytest.mark.parametrize("normalisation", ["maximum", "iterative"])
def test_an_empty_map_stays_empty(normalisation):
    assert not promoted(np.full((1, 5, 6), 1e-4, np.float32), normalisation).any()
