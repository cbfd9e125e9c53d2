"""Shrunk covariances, and what is built on them, beside scikit-learn and plain sums."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.covariance import ledoit_wolf

from heatlens.image import Image
from heatlens.images.large import open_large
from heatlens.pixels import difference
from heatlens.pixels.covariance import shrunk_covariance
from heatlens.pixels.large_features import PiecewiseFeatures, overview
from heatlens.pixels.part import FEATURES, chosen_all


@pytest.mark.parametrize(("count", "k"), [(2, 3), (5, 3), (40, 1), (400, 6), (300_000, 3)])
def test_it_is_scikit_learns(count, k):
    generator = np.random.default_rng(count)
    rows = (generator.normal(0.4, 0.1, (count, k)) @ generator.random((k, k))).astype(np.float32)
    C, amount = ledoit_wolf(rows.astype(float))
    mean, found, shrinkage = shrunk_covariance(rows)
    np.testing.assert_allclose(mean, rows.mean(axis=0, dtype=float), rtol=1e-9)
    np.testing.assert_allclose(found, C, rtol=1e-8, atol=1e-12)
    assert shrinkage == pytest.approx(amount, rel=1e-6, abs=1e-12)


def test_differences_and_masks_are_taken_first():
    generator = np.random.default_rng(0)
    rows, minus = generator.random((2, 700, 4)).astype(np.float32)
    seen = generator.random(700) < 0.4
    C, amount = ledoit_wolf((rows.astype(float) - minus)[seen])
    _, found, shrinkage = shrunk_covariance(rows, minus, seen)
    np.testing.assert_allclose(found, C, rtol=1e-9)
    assert shrinkage == pytest.approx(amount)


def test_one_description_has_no_covariance():
    mean, C, _ = shrunk_covariance(np.array([[3.0, 4.0]]))
    assert mean.tolist() == [3, 4]
    assert not C.any()


def striped(size=(700, 900), every=5):
    """Differences whose every fifth column is quiet: no evenly spread sample may see only those."""
    noise = np.random.default_rng(0).normal(0, 0.05, (*size, 3))
    noise[:, ::every] *= 0.02
    return noise.astype(np.float32)


def test_regular_pictures_do_not_fool_the_mahalanobis_distance():
    first = np.full((700, 900, 3), 0.5, np.float32)
    second = first + striped()
    images = [Image(one, value_range=(0, 1)) for one in (first, second)]
    heat = difference(*images, "mahalanobis", ("rgb",))
    # The mean of d^2 over the pixels that C is of is the number of features.
    assert (heat.values.astype(float) ** 2).mean() == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize("scale", [None, np.array([3.0, 0.5, 20.0], np.float32)], ids=["1", "own"])
def test_the_overview_of_a_large_picture_is_exact(scale):
    values = np.clip(0.5 + striped((600, 700)), 0, 1)
    picture = Image(values, value_range=(0, 1))
    with open_large(picture) as large:
        seen = overview(PiecewiseFeatures(large, chosen_all(FEATURES, ("rgb",)), (), 0))
    rows = values.reshape(-1, 3).astype(float) * (1 if scale is None else scale)
    C, amount = ledoit_wolf(rows)
    found, shrinkage = seen.whole(scale)
    np.testing.assert_allclose(found, C, rtol=1e-5, atol=1e-9)
    # Its fourth moment is that of a sample.
    assert shrinkage == pytest.approx(amount, rel=0.02)
    assert len(seen.sample) == 200_000
    assert seen.spread(scale) == pytest.approx(rows.var(axis=0).mean() ** 0.5, rel=1e-6)


def test_a_second_picture_is_measured_by_the_differences_of_all_pixels():
    generator = np.random.default_rng(1)
    first, second = generator.random((2, 30, 40, 3)).astype(np.float32)
    steps = (first - second.astype(float)).reshape(-1, 3)
    C, _ = ledoit_wolf(steps)
    expected = cdist(steps, steps.mean(axis=0)[None], "mahalanobis", VI=np.linalg.inv(C))
    images = [Image(one, value_range=(0, 1)) for one in (first, second)]
    heat = difference(*images, "mahalanobis", ("rgb",))
    np.testing.assert_allclose(heat.values.ravel(), expected[:, 0], rtol=1e-4)


def test_a_picture_is_moved_in_bands_as_in_one_piece(monkeypatch):
    from heatlens.pixels.alignment import laid_on

    values = np.random.default_rng(2).random((70, 90, 2), np.float32)
    matrix = np.array([[1.01, 0.02, -2], [-0.03, 0.99, 1.5], [3e-5, -2e-5, 1]])
    whole, seen = laid_on._moved(values, matrix, (80, 100))
    monkeypatch.setattr(laid_on, "_AT_ONCE", 700)
    parts, seen_too = laid_on._moved(values, matrix, (80, 100))
    np.testing.assert_array_equal(parts, whole)
    np.testing.assert_array_equal(seen_too, seen)
    assert 0.5 < seen.mean() < 1
