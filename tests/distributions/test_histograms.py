import numpy as np
import pytest

from heatlens.distributions import as_distribution
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.render.cielab import from_srgb
from tests.distributions.samples import heat, photo


@pytest.mark.parametrize("bins", [1, 7, 10, 256])
def test_grey_histogram_is_numpys(bins):
    pixels = np.random.default_rng(0).integers(0, 256, (33, 20)).astype(np.uint8)
    found = as_distribution(Image(pixels, "YX"), "histogram", bins=bins)
    expected, edges = np.histogram(pixels, bins, (0, 256))
    np.testing.assert_array_equal(found.weights, expected)
    np.testing.assert_allclose(found.points[:, 0], (edges[1:] + edges[:-1]) / 2 - 0.5)


def test_sixteen_bits_stay_sixteen_bits():
    pixels = np.array([[0, 300], [65535, 40000]], np.uint16)
    found = as_distribution(Image(pixels, "YX", (0, 65535)), "histogram", bins=65536)
    assert np.flatnonzero(found.weights).tolist() == [0, 300, 40000, 65535]
    assert found.unit == "grey levels of 0..65535"
    shares = as_distribution(Image(pixels, "YX", (0, 65535)), "histogram", unit="range")
    assert 0 < shares.points.min() < shares.points.max() < 1


def test_histogram_of_unit_floats_counts_one_in_the_last_bin():
    found = as_distribution(np.array([[0.0, 0.05, 1.0]]), "histogram", bins=4)
    assert found.weights.tolist() == [2, 0, 0, 1]
    assert found.points[:, 0].tolist() == [0.125, 0.375, 0.625, 0.875]


def test_histogram_weighs_by_opacity_and_by_luma():
    image = Image(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), alpha=np.array([[1, 0.25]]))
    found = as_distribution(image, "histogram", bins=256)
    assert np.flatnonzero(found.weights).tolist() == [29, 76]  # .114 and .299 of 255
    assert found.weights[[29, 76]].tolist() == [0.25, 1.0]


def test_histogram_of_a_heatmap_needs_a_range():
    with pytest.raises(InvalidArgument, match="range="):
        as_distribution(heat([[1, 2]]), "histogram")
    valid = np.array([[True, True, False]])
    found = as_distribution(heat([[1, 9, 0]], valid), "histogram", bins=2, range=(0, 4))
    assert found.weights.tolist() == [1, 1]
    assert found.notes[0] == "1 pixels lie beyond 0..4, in the last bins"
    assert found.notes[1] == "bins are 2 units of the map wide: distances are right to that"


@pytest.mark.parametrize(
    ("pixels", "parameters", "says"),
    [
        (np.full((2, 2), 30, np.uint8), {}, ("bins are 25.6 grey levels wide",)),
        (np.full((2, 2), 30, np.uint8), {"bins": 255}, ("bins are 1.004 grey levels wide",)),
        (np.full((2, 2), 30, np.uint8), {"bins": 256}, ()),
        (np.full((2, 2), 30, np.uint8), {"unit": "range"}, ("bins are 0.1004 of the range wide",)),
        (np.full((2, 2), 0.5), {"bins": 4}, ("bins are 0.25 grey levels wide",)),
        (np.full((2, 2), 0.5), {"bins": 256}, ()),
    ],
)
def test_wide_bins_are_said(pixels, parameters, says):
    notes = as_distribution(pixels, "histogram", **parameters).notes
    assert notes == tuple(f"{words}: distances are right to that" for words in says)


def test_colour_histogram_is_numpys():
    image = photo()
    found = as_distribution(image, "colour-histogram", bins=4)
    expected, _ = np.histogramdd(image.pixels.reshape(-1, 3), 4, [(0, 256)] * 3)
    np.testing.assert_array_equal(found.weights, expected[expected > 0])
    lab = as_distribution(image, "colour-histogram", bins=5, space="lab")
    colours = from_srgb(image.pixels.reshape(-1, 3) / 255)
    box = [(0, 100), (-110, 110), (-110, 110)]
    expected, _ = np.histogramdd(colours, 5, box)
    np.testing.assert_array_equal(lab.weights, expected[expected > 0])
