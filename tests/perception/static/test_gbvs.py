"""GBVS: its equilibria against eigenvectors and against walking; what has to stand out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.gbvs import gbvs
from heatlens.perception.static.graph.chains import activation, concentration

SIGMA = 1.7


def falloff(height, width):
    places = np.argwhere(np.ones((height, width)))
    squared = ((places[:, None] - places[None]) ** 2).sum(-1)
    return np.exp(-squared / (2 * SIGMA**2))


def eigenvector(weights):
    P = weights / weights.sum(axis=1, keepdims=True)
    values, vectors = scipy.linalg.eig(P.T)
    one = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    return one / one.sum()


@pytest.fixture
def small():
    return np.random.default_rng(3).uniform(0.1, 1, (5, 6))


def test_activation_is_the_eigenvector(small):
    M = np.log(small).ravel()
    weights = np.abs(M[:, None] - M[None]) * falloff(5, 6)
    found = activation(np.log(small)[None], SIGMA)[0]
    np.testing.assert_allclose(found.ravel(), eigenvector(weights), atol=1e-6)


def test_concentration_is_the_eigenvector(small):
    weights = small.ravel()[None] * falloff(5, 6)
    found = concentration(small[None], SIGMA)[0]
    np.testing.assert_allclose(found.ravel(), eigenvector(weights), atol=1e-6)


def test_activation_is_where_a_walker_ends_up(small):
    M = small.ravel()
    weights = np.abs(M[:, None] - M[None]) * falloff(5, 6)
    P = weights / weights.sum(axis=1, keepdims=True)
    walker = np.full(30, 1 / 30)
    for _ in range(500):
        walker = walker @ P
    np.testing.assert_allclose(activation(small[None], SIGMA)[0].ravel(), walker, atol=1e-6)


def test_a_map_of_two_values_is_periodic_and_still_has_its_equilibrium():
    M = np.zeros((4, 4))
    M[1, 2] = 1
    weights = np.abs(M.ravel()[:, None] - M.ravel()[None]) * falloff(4, 4)
    P = weights / weights.sum(axis=1, keepdims=True)
    found = activation(M[None], SIGMA)[0].ravel().astype(np.float64)
    np.testing.assert_allclose(found @ P, found, atol=1e-6)
    assert found.reshape(4, 4)[1, 2] == pytest.approx(0.5, abs=1e-6)


def test_many_maps_are_done_as_one_by_one(small):
    maps = np.stack([small, small.T.reshape(5, 6), np.full((5, 6), 0.4)])
    found = activation(maps, SIGMA)
    for one, alone in zip(found, maps):
        np.testing.assert_array_equal(one, activation(alone[None], SIGMA)[0])
    assert not found[2].any()


@pytest.mark.parametrize("dissimilarity", ["difference", "log"])
@pytest.mark.parametrize("kind", ["colour", "orientation", "size"])
def test_the_odd_item_stands_out(kind, dissimilarity):
    displays = [popout(kind, seed=seed) for seed in range(100, 110)]
    maps = [gbvs(one.image, dissimilarity=dissimilarity) for one in displays]
    assert sum(hit(found, one) for found, one in zip(maps, displays)) >= 8


def test_the_map_is_a_distribution_on_the_asked_grid():
    photo = Image(np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))
    found = gbvs(photo, map_side=20)
    assert found.shape == (15, 20)
    assert found.sum() == pytest.approx(1, abs=1e-3)
    grey = gbvs(photo.with_(pixels=photo.pixels[..., 0], axes="YX"))
    assert grey.sum() == pytest.approx(2 / 3, abs=1e-3)  # a third, colour's, is missing


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sigma": 0.0}, "sigma is 0.0"),
        ({"sigma_concentration": -1.0}, "sigma_concentration is -1.0"),
        ({"map_side": 500}, "1 to 128"),
        ({"concentrations": -1}, "0 or more"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(wrong, words):
    with pytest.raises(InvalidArgument, match=words):
        gbvs(Image(np.zeros((8, 8), np.uint8), "YX"), **wrong)


def test_another_dissimilarity_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'difference'"):
        gbvs(
            Image(np.zeros((8, 8), np.uint8), "YX"),
            dissimilarity="diference",  # misspelt on purpose
        )  # misspelt on purpose
