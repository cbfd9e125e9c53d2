import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.distributions import as_distribution
from heatlens.distributions.area import area_shares
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from tests.distributions.samples import heat, photo


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_areas_are_shared_out(pixels, cells):
    shares = area_shares(pixels, cells).toarray()
    edges = np.arange(pixels + 1) / pixels, np.arange(cells + 1) / cells
    low = np.maximum(edges[0][:-1], edges[1][:-1, None])
    high = np.minimum(edges[0][1:], edges[1][1:, None])
    np.testing.assert_allclose(shares, np.maximum(0, high - low) * pixels, atol=1e-12)
    np.testing.assert_allclose(shares.sum(0), 1, rtol=1e-14)


def test_mass_is_conserved_and_the_reduction_is_said():
    values = np.random.default_rng(0).random((531, 717))
    found = as_distribution(heat(values))
    assert found.grid == (47, 64)
    assert found.total == pytest.approx(values.astype(np.float32).sum(dtype=np.float64), rel=1e-12)
    assert found.notes == ("531 x 717 pixels were reduced to 47 x 64 cells by sums of areas",)
    assert found.name == "cat"
    half = as_distribution(values[:4, :6], grid=(2, 3))
    np.testing.assert_allclose(
        half.weights.reshape(2, 3), values[:4, :6].reshape(2, 2, 3, 2).sum((1, 3))
    )


def test_mass_positions():
    square = as_distribution(np.ones((3, 4)))
    np.testing.assert_allclose(square.points[0], [0.1, 0.1])  # half a pixel; the diagonal is 5
    np.testing.assert_allclose(square.points[-1], [0.5, 0.7])
    assert square.info["step"] == pytest.approx((0.2, 0.2))
    pixels = as_distribution(np.ones((3, 4)), unit="pixels")
    assert pixels.points[-1].tolist() == [2, 3]
    image = Image(np.full((3, 4), 9, np.uint8), "YX", spacing=(2.0, 0.5))
    assert as_distribution(image, unit="mm").points[-1].tolist() == [5.0, 1.75]


def test_mass_of_pictures():
    image = Image(np.array([[0, 255], [51, 102]], np.uint8), "YX")
    np.testing.assert_allclose(as_distribution(image).weights, [0, 1, 0.2, 0.4])
    np.testing.assert_allclose(as_distribution(image, invert=True).weights, [1, 0, 0.8, 0.6])
    narrow = image.with_(value_range=(51.0, 102.0))
    found = as_distribution(narrow)
    np.testing.assert_allclose(found.weights, [0, 1, 0, 1])
    assert found.notes == ("values beyond 51..102 count as black or white",)


def test_an_enlargement_is_no_reduction():
    found = as_distribution(np.ones((1, 1)), grid=(49, 60))
    assert found.notes == ("1 x 1 pixels were spread over 49 x 60 cells by shares of areas",)


@pytest.mark.parametrize("unit", ["diagonal", "pixels"])
def test_stretching_is_said_in_every_unit(unit):
    frame = {"aspect": 1.0} if unit == "diagonal" else {}
    found = as_distribution(np.ones((4, 8)), grid=(4, 4), unit=unit, **frame)
    assert found.notes[-1] == "4 x 8 pixels were stretched to a frame 1 as high as wide"
    plain = as_distribution(np.ones((4, 8)), grid=(2, 4), unit=unit)
    assert not any("stretched" in note for note in plain.notes)


def test_a_frame_in_mm_stretches_nothing():
    image = Image(np.full((4, 8), 9, np.uint8), "YX", spacing=(1.0, 1.0))
    found = as_distribution(image, grid=(4, 4), unit="mm")
    assert not any("stretched" in note for note in found.notes)


@pytest.mark.parametrize(
    "kind", ["mass", "histogram", "colour-histogram", "signature", "orientation", "patches"]
)
def test_transparency_is_said(kind):
    alpha = np.ones((40, 60))
    alpha[:10] = 0
    notes = as_distribution(photo(alpha=alpha), kind).notes
    assert "25.0% of photo is transparent and does not count" in notes
    alpha[:10] = 1
    assert not any(
        "transparent" in note for note in as_distribution(photo(alpha=alpha), kind).notes
    )
    alpha[0, 0] = 0
    last = as_distribution(photo(alpha=alpha), kind).notes[-1]
    assert last == "less than 0.1% of photo is transparent and does not count"


def test_signed_maps_have_parts():
    signed = heat([[1, -2], [0, 3]])
    with pytest.raises(InvalidArgument, match=r"\[0, 1\] is -2.*part='positive'"):
        as_distribution(signed)
    assert as_distribution(signed, part="positive").weights.tolist() == [1, 0, 0, 3]
    assert as_distribution(signed, part="negative").weights.tolist() == [0, 2, 0, 0]
    valid = np.array([[True, False], [True, True]])
    assert as_distribution(heat([[1, -2], [0, 3]], valid)).weights.tolist() == [1, 0, 0, 3]


@pytest.mark.parametrize(
    ("thing", "parameters", "words"),
    [
        (heat([[0, 0]]), {}, "the map has no evidence"),
        (heat([[1, 0]]), {"part": "negative"}, "no negative evidence"),
        (Image(np.zeros((2, 2), np.uint8), "YX"), {}, "black everywhere.*invert=True"),
        (np.array([[1.0, np.nan]]), {}, r"\[0, 1\] is nan"),
        (np.array([[1.0, -1.0]]), {}, r"\[0, 1\] is -1"),
        (np.ones((2, 2)), {"side": 0}, "side is 0"),
        (np.ones((2, 2)), {"grid": 3}, "grid is 3"),
        (np.ones((2, 2)), {"unit": "inch"}, "unit is 'inch'"),
        (np.ones((2, 2)), {"unit": "mm"}, "no spacing"),
        (np.ones((2, 2)), {"invert": True}, "invert= is for pictures"),
        (photo(), {"part": "positive"}, "no parts of opposite sign"),
        (np.ones((2, 2)), {"sides": 3}, "did you mean 'side'"),
        (Image(np.zeros((2, 2, 2), np.uint8), "ZYX"), {}, "taken apart"),
        (np.ones((2, 2)), {"part": "up"}, "part is 'up'"),
        (np.ones((2, 2)), {"aspect": -1.0}, "aspect is -1"),
    ],
)
def test_mass_errors(thing, parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        as_distribution(thing, **parameters)
