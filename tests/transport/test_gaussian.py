import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport import frechet_distance, gaussian_wasserstein

pytestmark = pytest.mark.filterwarnings("error")


def normal(rng, d, rank=None):
    """A mean and a covariance of that rank."""
    root = rng.normal(size=(d, rank or d))
    return rng.normal(size=d), root @ root.T


def by_square_root(mean_a, cov_a, mean_b, cov_b):
    root = sqrtm(cov_a)
    mixed = sqrtm(root @ cov_b @ root)
    return np.square(mean_a - mean_b).sum() + np.trace(cov_a + cov_b - 2 * mixed).real


@pytest.mark.parametrize("d", [1, 2, 5, 30])
def test_equals_the_formula_with_square_roots(d):
    rng = np.random.default_rng(d)
    a, b = normal(rng, d), normal(rng, d)
    assert gaussian_wasserstein(*a, *b) ** 2 == pytest.approx(by_square_root(*a, *b), rel=1e-8)


@pytest.mark.parametrize("d", [1, 4, 12])
def test_commuting_covariances(d):
    rng = np.random.default_rng(d)
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    one, two = rng.random(d), rng.random(d)
    one[: d // 2] = 0  # singular
    found = gaussian_wasserstein(np.zeros(d), axes * one @ axes.T, np.zeros(d), axes * two @ axes.T)
    assert found == pytest.approx(np.linalg.norm(np.sqrt(one) - np.sqrt(two)), rel=1e-7)


def test_numbers_are_distributions_on_a_line():
    assert gaussian_wasserstein(1, 4, 4, 36) == 5
    assert gaussian_wasserstein([1], [[4]], [4], [[36]]) == 5
    assert gaussian_wasserstein(1, 0, 4, 0) == 3


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 8))
def test_metric(seed, d, rank):
    rng = np.random.default_rng(seed)
    a, b, c = normal(rng, d, rank), normal(rng, d), normal(rng, d, 1)
    ab, bc, ac = (gaussian_wasserstein(*p, *q) for p, q in ((a, b), (b, c), (a, c)))
    assert ab == pytest.approx(gaussian_wasserstein(*b, *a), rel=1e-9)
    assert gaussian_wasserstein(*a, *a) <= 1e-12
    assert ac <= ab + bc + 1e-9
    shift = rng.normal(size=d)
    moved = gaussian_wasserstein(a[0], a[1], a[0] + shift, a[1])
    assert moved == pytest.approx(np.linalg.norm(shift), rel=1e-9)


@pytest.mark.parametrize(("n", "m", "d"), [(50, 80, 6), (5, 7, 12), (2, 40, 9), (30, 4, 9)])
def test_features_equal_the_formula_with_their_covariances(n, m, d):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(n, d)), rng.normal(1, 2, (m, d))
    found = frechet_distance(a, b)
    means = a.mean(0), b.mean(0)
    covariances = np.cov(a.T), np.cov(b.T)
    expected = gaussian_wasserstein(means[0], covariances[0], means[1], covariances[1]) ** 2
    assert found == pytest.approx(expected, rel=1e-6)
    if min(n, m) > d:
        reference = by_square_root(means[0], covariances[0], means[1], covariances[1])
        assert found == pytest.approx(reference, rel=1e-8)
    assert found == pytest.approx(frechet_distance(b, a), rel=1e-10)
    assert frechet_distance(a, a[::-1]) <= 1e-20
    assert frechet_distance(a, a + 2) == pytest.approx(4 * d)


def test_constant_features_and_other_types():
    assert frechet_distance(np.ones((4, 3)), np.zeros((5, 3))) == 3
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20, 4)).astype(np.float32)
    expected = frechet_distance(a.astype(float), b.astype(float))
    assert frechet_distance(a, b) == expected
    cov = np.cov(a.T).astype(np.float32)
    assert gaussian_wasserstein(a[0], cov, a[0], cov) < 1e-12


def test_two_samples_of_one_distribution_are_apart():
    rng = np.random.default_rng(0)
    few, many = (frechet_distance(*rng.normal(size=(2, n, 16))) for n in (40, 4000))
    assert few > 20 * many > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, [0, 0], np.eye(2)), "mean_a has 1 coordinates, mean_b has 2"),
        ((0, np.eye(2), 0, 1), r"cov_a has shape \(2, 2\); expected \(1, 1\)"),
        (([[0]], 1, 0, 1), r"mean_a has shape \(1, 1\)"),
        ((np.nan, 1, 0, 1), "mean_a"),
        ((0, 1, 0, np.inf), r"cov_b\[0, 0\] is inf"),
        ((0, -1, 0, 1), "negative"),
        (([0, 0], [[1, 2], [0, 1]], [0, 0], np.eye(2)), r"not symmetric: \[0, 1\] is 2"),
        (([0, 0], np.eye(2), [0, 0], [[1, 2], [2, 1]]), "cov_b has the eigenvalue -1"),
        ((0, 1e200, 0, 1), "overflow"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        gaussian_wasserstein(*arguments)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones((1, 2)), np.ones((3, 2)), "features_a has one sample"),
        (np.ones((3, 2)), np.ones((3, 4)), "2 features, features_b has 4"),
        (np.ones(3), np.ones((3, 1)), r"features_a has shape \(3,\)"),
        ([[0.0], [np.nan]], np.ones((3, 1)), r"features_a\[1, 0\] is nan"),
        ([[0.0], [1e200]], np.ones((3, 1)), "overflow"),
    ],
)
def test_errors_of_features(a, b, message):
    with pytest.raises(InvalidArgument, match=message):
        frechet_distance(a, b)


def test_wrong_types():
    with pytest.raises(InvalidType, match="cov_a"):
        gaussian_wasserstein(0, 1j, 0, 1)
    with pytest.raises(InvalidType, match="mean_b has masked entries"):
        gaussian_wasserstein([0, 0], np.eye(2), np.ma.array([0, 0], mask=[0, 1]), np.eye(2))
    with pytest.raises(InvalidType, match="features_a has masked entries"):
        frechet_distance(np.ma.masked_less(np.eye(2), 0.5), np.eye(2))
    with pytest.raises(InvalidType, match="features_b"), warnings.catch_warnings():
        frechet_distance(np.ones((2, 1)), [["a"], ["b"]])
