import cv2
import numpy as np
import pytest
import skimage.exposure
import skimage.restoration
from scipy import ndimage

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.pixels import preprocessed
from tests.pixels.pictures_for_pixels import photograph

PICTURE = photograph()
DETAIL = photograph(step=1).pixels[20:148, 150:278]
UNIT = PICTURE.unit()


def noisy(sigma, seed=0):
    noise = np.random.default_rng(seed).normal(0, sigma, DETAIL.shape)
    return Image((DETAIL / 255 + noise).astype(np.float32), value_range=(0, 1))


def test_gaussian_and_median_are_scipys():
    found = preprocessed(PICTURE, ("gaussian", {"sigma": 1.7})).pixels
    expected = ndimage.gaussian_filter(UNIT, (1.7, 1.7, 0), mode="nearest")
    np.testing.assert_allclose(found, expected, atol=1e-6)
    found = preprocessed(PICTURE, ("median", {"size": 5})).pixels
    expected = ndimage.median_filter(UNIT, (5, 5, 1), mode="nearest")
    np.testing.assert_array_equal(found, expected)


def test_median_is_opencvs():
    found = preprocessed(PICTURE, "median").pixels
    np.testing.assert_allclose(
        found, cv2.medianBlur(PICTURE.pixels, 3) / np.float32(255), atol=1e-6
    )


def test_bilateral_is_the_formula():
    small = Image(np.ascontiguousarray(UNIT[20:34, 30:45, 0]), "YX", (0, 1))
    found = preprocessed(small, ("bilateral", {"sigma": 1.0, "contrast": 0.2})).pixels
    picture = small.pixels.astype(np.float64)
    padded = np.pad(picture, 2, mode="edge")
    total, weights = np.zeros_like(picture), np.zeros_like(picture)
    for down in range(-2, 3):
        for right in range(-2, 3):
            if np.hypot(down, right) > 2:  # OpenCV's neighbourhood is a disk
                continue
            there = padded[2 + down :, 2 + right :][: picture.shape[0], : picture.shape[1]]
            w = np.exp(-(down**2 + right**2) / 2 - (there - picture) ** 2 / (2 * 0.2**2))
            total += w * there
            weights += w
    np.testing.assert_allclose(found, total / weights, atol=2e-3)


@pytest.mark.parametrize("step", ["gaussian", "median", "bilateral", "non-local-means"])
def test_denoising_brings_the_picture_nearer(step):
    before = noisy(0.08)
    after = preprocessed(before, step).pixels
    clean = DETAIL / 255
    assert ((after - clean) ** 2).mean() < 0.7 * ((before.pixels - clean) ** 2).mean()


def test_non_local_means_is_scikit_images():
    found = preprocessed(noisy(0.05), ("non-local-means", {"noise": 0.05})).pixels
    expected = skimage.restoration.denoise_nl_means(
        noisy(0.05).pixels, patch_size=5, patch_distance=6, h=0.04, sigma=0.05, channel_axis=-1
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_noise_is_estimated():
    from heatlens.pixels.preprocess.non_local_means import _noise

    flat = np.random.default_rng(1).normal(0.5, 0.07, (128, 128, 1))
    assert _noise(flat) == pytest.approx(0.07, rel=0.03)


def test_min_max_spans_the_range_and_keeps_hues():
    dull = Image((0.3 + 0.2 * UNIT).astype(np.float32), value_range=(0, 1))
    found = preprocessed(dull, "min-max").pixels
    assert (found.min(), found.max()) == (0, 1)
    np.testing.assert_allclose(found, (UNIT - UNIT.min()) / np.ptp(UNIT), atol=1e-5)
    clipped = preprocessed(dull, ("min-max", {"low": 2, "high": 98})).pixels
    assert (clipped == 1).mean() == pytest.approx(0.02, abs=0.005)


def test_z_score_standardises_each_channel():
    found = preprocessed(PICTURE, "z-score")
    np.testing.assert_allclose(found.pixels.mean(axis=(0, 1), dtype=float), 0, atol=1e-5)
    np.testing.assert_allclose(found.pixels.std(axis=(0, 1), dtype=float), 1, atol=1e-5)
    assert found.value_range == (-3, 3)


def test_clahe_is_scikit_images_on_grey_and_keeps_hues():
    grey = Image(np.ascontiguousarray(PICTURE.pixels[..., 1]), "YX")
    found = preprocessed(grey, ("clahe", {"limit": 2.56, "tiles": 4})).pixels
    expected = skimage.exposure.equalize_adapthist(grey.unit(), 32, clip_limit=0.01, nbins=256)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    coloured = preprocessed(PICTURE, "clahe").pixels
    inside = (coloured.max(axis=2) < 0.999) & (UNIT.min(axis=2) > 0.05)
    before, after = UNIT[inside], coloured[inside]
    np.testing.assert_allclose(after[:, 0] / after[:, 1], before[:, 0] / before[:, 1], rtol=1e-3)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (("gaussian", {"sigma": -1}), "from 0 on"),
        (("gaussian", {"sigma": float("nan")}), "finite"),
        (("median", {"size": 4}), "odd"),
        (("non-local-means", {"patch": 4}), "odd"),
        (("bilateral", {"sigma": 0}), "above 0"),
        (("min-max", {"low": 60, "high": 40}), "rise"),
        (("clahe", {"tiles": 0}), "from 1"),
    ],
)
def test_wrong_numbers_are_said_in_words(step, words):
    with pytest.raises(InvalidArgument, match=words):
        preprocessed(PICTURE, step)


def test_a_number_is_no_word():
    with pytest.raises(InvalidType, match="it is a number"):
        preprocessed(PICTURE, ("gaussian", {"sigma": "wide"}))
