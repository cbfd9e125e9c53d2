import numpy as np
import pytest

from heatlens.distributions import as_distribution
from heatlens.distributions.lattice import gathered
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


def test_position_weighs_as_said():
    pixels = np.zeros((30, 40), np.uint8)
    pixels[:, 20:] = 255
    found = as_distribution(Image(pixels, "YX"), "signature-position", k=2, position=50)
    np.testing.assert_allclose(found.points[:, 3:], [[0, -10], [0, 10]], atol=1e-9)  # 10 of 50 wide
    without = as_distribution(Image(pixels, "YX"), "signature-position", k=9, position=0)
    assert len(without) == 2
    assert "counts 50" in found.unit
