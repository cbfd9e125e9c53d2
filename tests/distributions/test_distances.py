import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import distance as scipy_distance
from scipy.stats import entropy

from heatlens.distributions import distances
from heatlens.distributions.distances import grids
from heatlens.distributions.measure import MEASURES
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from tests.distributions.samples import heat, photo

values = arrays(np.float64, (4, 5), elements=st.floats(0, 4)).filter(lambda x: x.max() > 1e-3)


def one(name, a, b, **parameters):
    return distances(a, b, [name], **parameters)[0].value


@settings(max_examples=60, deadline=None)
@given(values, values)
def test_they_are_scipys(a, b):
    p, q = (x.ravel() / x.sum() for x in (a, b))
    assert one("euclidean", a, b) == pytest.approx(scipy_distance.euclidean(a.ravel(), b.ravel()))
    cosine = scipy_distance.cosine(a.ravel(), b.ravel())
    assert one("cosine", a, b) == pytest.approx(cosine, abs=1e-9)
    assert one("kl", a, b) == pytest.approx(entropy(p, q), abs=1e-12)
    assert one("js", a, b) == pytest.approx(scipy_distance.jensenshannon(p, q) ** 2, abs=1e-12)
    both = p + q
    chi = 0.5 * sum((x - y) ** 2 / s for x, y, s in zip(p, q, both) if s > 0)
    assert one("chi-square", a, b) == pytest.approx(chi, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(values)
def test_equal_things_have_the_value_of_equal_things(a):
    for row in distances(a, a.copy()):
        assert row.value == pytest.approx(row.equal, abs=1e-9)


@pytest.mark.parametrize("offset", [0, 120])
def test_ssim_is_that_of_scikit_image(offset):
    from skimage.metrics import structural_similarity

    generator = np.random.default_rng(0)
    a = generator.integers(0, 130, (40, 57)).astype(np.uint8) + np.uint8(offset)
    b = np.clip(a + generator.normal(0, 20, a.shape), 0, 255).astype(np.uint8)
    expected = structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    found = one("ssim", Image(a, "YX"), Image(b, "YX"))
    assert found == pytest.approx(expected, rel=1e-9)


def test_signed_maps_keep_their_signs_apart():
    a, b = heat([[1, -1]]), heat([[-1, 1]])
    assert one("cosine", a, b) == pytest.approx(2)
    assert one("js", a, b) == pytest.approx(np.log(2))
    assert one("chi-square", a, b) == 1
    assert one("kl", a, a) == 0


def test_the_table():
    rows = distances(photo(seed=1), photo(seed=2))
    assert [row.name for row in rows] == ["wasserstein", *MEASURES]
    assert all(row.unit and row.meaning.endswith(".") for row in rows)
    assert {row.name: row.equal for row in rows}["ssim"] == 1
    small = [row.name for row in distances(np.eye(4), np.ones((4, 4)))]
    assert "ssim" not in small
    asked = distances(photo(seed=1), photo(seed=2), ["wasserstein"], on="signature", k=4)
    assert asked[0].unit == "CIELAB units"


def test_the_least_number_there_is_has_a_half():
    a, b = np.array([[5e-324, 1.0]]), np.array([[0.0, 1.0]])
    assert one("js", a, a) == 0
    assert one("js", a, b) == pytest.approx(0)


def test_kl_is_infinite_where_nothing_is_expected():
    assert one("kl", np.array([[1.0, 1]]), np.array([[1.0, 0]])) == np.inf


def test_different_sizes_are_said():
    coarse = np.random.default_rng(0).random((12, 16))
    fine = np.kron(coarse, np.ones((2, 2)))
    both, notes = grids(coarse, fine)
    np.testing.assert_allclose(both.a, both.b, atol=1e-12)
    assert notes == ("12 x 16 and 24 x 32 pixels were brought to 24 x 32 by means over areas",)
    image = Image((coarse * 255).astype(np.uint8), "YX")
    large = Image(np.kron(image.pixels, np.ones((2, 2), np.uint8)), "YX")
    assert one("euclidean", image, large) == pytest.approx(0, abs=1e-9)


def test_large_pictures_are_reduced(monkeypatch):
    module = importlib.import_module("heatlens.distributions.distances")  # not the function
    monkeypatch.setattr(module, "_LARGEST", 100)
    values = np.random.default_rng(0).random((4096, 4))
    both, notes = grids(values, values)
    assert both.a.shape == (2048, 2)
    assert both.a.mean() == pytest.approx(values.mean())
    assert "2048 x 2" in notes[0]


def test_luma_and_transparency_are_said():
    alpha = np.ones((64, 64))
    alpha[:, :16] = 0
    red = Image(np.full((64, 64, 3), [254, 0, 0], np.uint8), name="red", alpha=alpha)
    grey = Image(np.full((64, 64), 76, np.uint8), "YX", name="grey")
    euclidean, js = distances(red, grey, ["euclidean", "js"])
    assert euclidean.unit == "luma (black 0, white 1), summed over 4096 pixels"
    assert euclidean.notes == (
        "colours were compared by their luma",
        "25.0% of red is transparent and does not count",
    )
    assert js.unit == "nats"
    [plain] = distances(grey, grey, ["euclidean"])
    assert (plain.notes, plain.unit) == ((), euclidean.unit)
    [values] = distances(np.eye(3), np.ones((3, 3)), ["euclidean"])
    assert (values.notes, values.unit) == ((), "units of value")


def test_errors():
    with pytest.raises(UnknownName, match="did you mean 'cosine'"):
        distances(np.ones((2, 2)), np.ones((2, 2)), ["cosin"])
    with pytest.raises(InvalidArgument, match="a picture and the other a map"):
        distances(photo(), heat(np.ones((40, 60))), ["js"])
    with pytest.raises(InvalidArgument, match="needs 11 x 11"):
        one("ssim", np.ones((5, 5)), np.ones((5, 5)))
    with pytest.raises(InvalidArgument, match="the second one is 0 everywhere"):
        one("js", np.ones((5, 5)), np.zeros((5, 5)))
    with pytest.raises(InvalidArgument, match="no direction"):
        one("cosine", np.zeros((5, 5)), np.ones((5, 5)))
    from heatlens.distributions import as_distribution

    with pytest.raises(InvalidType, match="no pixels"):
        grids(as_distribution(np.ones((2, 2))), np.ones((2, 2)))
