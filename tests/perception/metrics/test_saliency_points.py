"""NSS and information gain: values by hand, and what is known of their expectation."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.perception.displays import sampled_fixations
from heatlens.perception.metrics import baseline_density, information_gain, nss


def test_nss_of_a_delta():
    """One pixel of n: (1 - 1/n) / sqrt((1/n)(1 - 1/n)) = sqrt(n - 1), and with n - 1 for n."""
    n = 12
    heat = np.zeros((3, 4))
    heat[1, 2] = 5
    assert nss(heat, [[1, 2]]) == pytest.approx(math.sqrt(n - 1))
    assert nss(heat, [[1, 2]], convention="mit") == pytest.approx((n - 1) / math.sqrt(n))
    assert nss(heat, [[0, 0]]) == pytest.approx(-1 / math.sqrt(n - 1))


def test_nss_by_formula():
    rng = np.random.default_rng(0)
    heat = rng.random((11, 7))
    points = np.stack([rng.integers(11, size=20), rng.integers(7, size=20)], 1)
    scaled = (heat - heat.mean()) / heat.std()
    assert nss(heat, points) == pytest.approx(scaled[tuple(points.T)].mean())
    once = np.unique(points, axis=0)
    scaled = (heat - heat.mean()) / heat.std(ddof=1)
    assert nss(heat, points, convention="mit") == pytest.approx(scaled[tuple(once.T)].mean())


@pytest.mark.parametrize("convention", ["tuebingen", "mit"])
def test_nss_does_not_depend_on_the_unit(convention):
    heat = np.random.default_rng(1).random((8, 8))
    point = [[2, 3]]
    expected = nss(heat, point, convention=convention)
    for scale in (1e-300, 1e200, 1.7e308):
        assert nss(heat * scale, point, convention=convention) == pytest.approx(expected)
    assert nss(np.full((8, 8), 0.1), point, convention=convention) == 0


def test_nss_from_the_lowest_to_the_highest_number():
    """0 1 -1 0 has a standard deviation of sqrt(1/2)."""
    assert nss([[0, 1e308], [-1e308, 0]], [[0, 1]]) == pytest.approx(math.sqrt(2))


def test_gain_by_hand():
    """p = 1/4 3/4, b = 1/2 1/2: log2 of 1.5 where people look on the right."""
    assert information_gain([[1, 3]], [[0, 1]], baseline="uniform") == pytest.approx(math.log2(1.5))
    both = information_gain([[1, 3]], [[0, 1], [0, 0]], baseline="uniform")
    assert both == pytest.approx((math.log2(1.5) + math.log2(0.5)) / 2)


def test_gain_mit_by_hand():
    """Scaled to 0..1 first: 1 2 3 becomes 0 1/2 1, of mass 0 1/3 2/3; the baseline is uniform."""
    found = information_gain([[1, 2, 3]], [[0, 1]], baseline=[[0, 1, 1]], convention="mit")
    assert found == pytest.approx(math.log2((1 / 3) / (1 / 2)))
    lost = information_gain([[1, 2, 3]], [[0, 0]], baseline=[[0, 1, 1]], convention="mit")
    assert lost == pytest.approx(0, abs=1e-9)
    costs = information_gain([[1, 2, 3]], [[0, 0]], baseline=[[1, 1, 0]], convention="mit")
    assert costs == pytest.approx(math.log2(2.2204e-16) - math.log2(0.5), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_gain_of_sampled_fixations_is_the_divergence(seed):
    """E[IG] = KL(p || b) / ln 2 for fixations drawn from p: within four standard errors."""
    rows, columns = np.mgrid[:24, :32]
    p = np.exp(-((rows - 7) ** 2 + (columns - 20) ** 2) / 40) + 0.02
    b = np.exp(-((rows - 12) ** 2 / 60 + (columns - 16) ** 2 / 90)) + 0.05
    p, b = p / p.sum(), b / b.sum()
    bits = np.log2(p / b)
    expected = (p * bits).sum()
    n = 4000
    error = math.sqrt((p * (bits - expected) ** 2).sum() / n)
    found = information_gain(p, sampled_fixations(p, n, seed), baseline=b)
    assert abs(found - expected) < 4 * error
    assert error < 0.05 * expected


def test_gain_over_itself_is_zero():
    heat = np.random.default_rng(0).random((6, 6)) + 0.1
    assert information_gain(heat, [[1, 1], [2, 2]], baseline=heat) == 0


def test_gain_where_nothing_was_foretold():
    assert information_gain([[0, 1]], [[0, 0]], baseline="uniform") == -math.inf
    assert information_gain([[1, 1]], [[0, 0]], baseline=[[0, 1]]) == math.inf
    with pytest.raises(InvalidArgument, match="both say"):
        information_gain([[0, 1]], [[0, 0]], baseline=[[0, 1]])


def test_baselines():
    centre = baseline_density("centre", (30, 50))
    assert centre.shape == (30, 50)
    assert centre.sum() == pytest.approx(1)
    assert_allclose(centre, centre[::-1, ::-1], rtol=1e-5)
    assert centre[15, 25] > 5 * centre[0, 0]
    with pytest.raises(UnknownName, match="did you mean 'centre'"):
        baseline_density("center", (3, 3))
    with pytest.raises(InvalidArgument, match="the baseline 2 x 2"):
        information_gain(np.ones((3, 3)), [[0, 0]], baseline=np.ones((2, 2)))
    with pytest.raises(InvalidArgument, match="baseline has values down to -1"):
        information_gain(np.ones((1, 2)), [[0, 0]], baseline=[[-1.0, 1.0]])
