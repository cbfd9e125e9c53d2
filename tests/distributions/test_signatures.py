from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmarks.photo_signatures import thumbnails
from heatlens.distributions import as_distribution
from heatlens.distributions.kinds.signature import colour_signature
from heatlens.distributions.lattice import gathered
from heatlens.distributions.lloyd import nearest
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.render.cielab import from_srgb
from tests.distributions.samples import photo


def test_lattice_keeps_the_means():
    image = photo()
    for bits, tiles in [(6, 1), (4, 7), (1, 64)]:
        cells = gathered(image, bits, tiles)
        assert cells.weights.sum() == pytest.approx(2400)
        mean = np.average(cells.rgb, axis=0, weights=cells.weights)
        np.testing.assert_allclose(mean, image.pixels.mean((0, 1)) / 255)
        place = np.average(cells.places, axis=0, weights=cells.weights)
        np.testing.assert_allclose(place, [20, 30])


def test_lattice_gives_up_bits_where_colours_are_too_many(monkeypatch):
    monkeypatch.setattr("heatlens.distributions.lattice._MOST_CELLS", 50)
    cells = gathered(photo(), 6)
    assert cells.bits < 6
    assert len(cells.weights) <= 50


def test_signature_of_few_colours_is_exact():
    colours = np.random.default_rng(0).integers(0, 256, (9, 3)).astype(np.uint8)
    pixels = colours[np.random.default_rng(1).integers(0, 9, (30, 30))]
    found = as_distribution(pixels, "signature")
    levels, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    order = np.lexsort(found.points.T)
    expected = from_srgb(levels / 255)
    same = np.lexsort(expected.T)
    np.testing.assert_allclose(found.points[order], expected[same], atol=1e-9)
    np.testing.assert_allclose(found.weights[order], counts[same] / 900)
    assert found.info["error"] == pytest.approx(0, abs=1e-9)


def test_signature_error_falls_with_k():
    errors = [as_distribution(photo(), "signature", k=k).info["error"] for k in (2, 8, 64)]
    assert errors[0] > errors[1] > errors[2] > 0


@pytest.mark.parametrize("k", [1, 8, 32])
def test_bare_pixels_have_the_same_signature(k):
    pictures = [*thumbnails(12), photo().pixels, np.zeros((1, 1, 3), np.uint8)]
    for seed, pixels in enumerate(pictures):
        whole = as_distribution(pixels, "signature", k=k, seed=seed)
        weights, points = colour_signature(pixels, k, seed)
        np.testing.assert_array_equal(weights, whole.weights)
        np.testing.assert_array_equal(points, whole.points)


def test_signatures_do_not_depend_on_threads():
    pictures = thumbnails(40)
    alone = [colour_signature(pixels) for pixels in pictures]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(colour_signature, pictures))
    for (a, x), (b, y) in zip(alone, together):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)],
)
def test_bare_pixels_are_checked(pixels):
    with pytest.raises(InvalidArgument, match="bare pixels are uint8"):
        colour_signature(pixels)


def test_signature_inertia_is_that_of_scikit_learn():
    """Of all pixels, not of the lattice's cells; on average over pictures."""
    from sklearn.cluster import KMeans

    ours, theirs = [], []
    for seed, pixels in enumerate(thumbnails(60, seed=1)):
        lab = from_srgb(pixels / 255).reshape(-1, 3)
        if len(np.unique(lab, axis=0)) <= 64:
            continue
        peer = KMeans(32, n_init=1, random_state=seed).fit(lab).cluster_centers_
        for found, centres in ((ours, colour_signature(pixels)[1]), (theirs, peer)):
            found.append(nearest(np.ascontiguousarray(lab.T), centres)[1].mean())
    assert np.mean(ours) <= 1.05 * np.mean(theirs)


def test_signature_error_is_the_mean_distance_of_the_sampled_pixels():
    image = photo()
    found = as_distribution(image, "signature", k=5)
    lab = from_srgb(image.pixels / 255).reshape(-1, 3)  # 2,400 pixels: all of them
    distance = np.linalg.norm(lab[:, None] - found.points, axis=2).min(1)
    assert found.info["error"] == pytest.approx(distance.mean(), rel=1e-9)


def test_transparent_pixels_have_no_say_in_a_signature():
    pixels = np.zeros((6, 4, 3), np.uint8)
    pixels[:2], pixels[2:4] = 255, (255, 0, 0)
    alpha = np.ones((6, 4), np.float32)
    alpha[2:4], alpha[4:] = 0.5, 0
    found = as_distribution(Image(pixels, alpha=alpha), "signature")
    np.testing.assert_allclose(found.weights, [2 / 3, 1 / 3])
    np.testing.assert_allclose(found.points, from_srgb(np.array([[1, 1, 1], [1, 0, 0]])), atol=1e-9)
    assert found.info["error"] == pytest.approx(0, abs=1e-9)


def test_position_weighs_as_said():
    pixels = np.zeros((30, 40), np.uint8)
    pixels[:, 20:] = 255
    found = as_distribution(Image(pixels, "YX"), "signature-position", k=2, position=50)
    np.testing.assert_allclose(found.points[:, 3:], [[0, -10], [0, 10]], atol=1e-9)  # 10 of 50 wide
    without = as_distribution(Image(pixels, "YX"), "signature-position", k=9, position=0)
    assert len(without) == 2
    assert "counts 50" in found.unit
