import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from heatlens.distributions.kmeans import kmeans
from heatlens.errors import InvalidArgument, InvalidType


def inertia(points, weights, found):
    return float((weights * ((points - found.centres[found.labels]) ** 2).sum(1)).sum())


@pytest.mark.parametrize(("n", "d", "k"), [(2000, 3, 32), (1200, 5, 16), (800, 1, 8)])
def test_inertia_is_that_of_scikit_learn(n, d, k):
    """On average over starts: either one may end in a poorer optimum from a given start."""
    from sklearn.cluster import KMeans

    generator = np.random.default_rng(n)
    points = generator.normal(size=(n, d)) * generator.uniform(1, 9, d)
    weights = generator.random(n) ** 3
    ours, theirs = [], []
    for seed in range(8):
        ours.append(inertia(points, weights, kmeans(points, k, weights, seed)))
        peer = KMeans(k, n_init=1, random_state=seed).fit(points, sample_weight=weights)
        theirs.append(peer.inertia_)
    assert np.mean(ours) <= 1.05 * np.mean(theirs)


@settings(max_examples=80, deadline=None)
@given(
    arrays(
        np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.integers(0, 4)
    ),
    st.integers(1, 12),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_properties(points, k, seed, random):
    weights = np.array([random.choice([0.0, 0.5, 1.0, 7.0]) for _ in points])
    weights[random.randrange(len(points))] = 1.0
    found = kmeans(points, k, weights, seed, tolerance=0)
    different = len(np.unique(points[weights > 0], axis=0))
    assert 1 <= len(found.centres) <= min(k, different)
    if different <= k:
        assert len(found.centres) == different
        assert inertia(points, weights, found) == pytest.approx(0, abs=1e-20)
    assert found.masses.min() > 0
    assert found.masses.sum() == pytest.approx(weights.sum())
    sums = np.bincount(found.labels, weights, minlength=len(found.centres))
    np.testing.assert_allclose(sums, found.masses)
    mean = np.average(points, axis=0, weights=weights)
    np.testing.assert_allclose(np.average(found.centres, axis=0, weights=found.masses), mean)
    squared = ((points[:, None] - found.centres) ** 2).sum(2)
    own = squared[np.arange(len(points)), found.labels]
    np.testing.assert_allclose(own, squared.min(1), atol=1e-12)  # tolerance=0 goes to the end


def test_a_seed_says_all_whatever_the_threads(monkeypatch):
    monkeypatch.setattr("heatlens.distributions.kmeans._WORTH_THREADS", 1)
    points = np.random.default_rng(0).random((20_000, 3))
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = (kmeans(points, 12, seed=3, iterations=5, threads=n) for n in (1, 2))
    for a, b in zip(one, two):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert not np.array_equal(one.centres, kmeans(points, 12, seed=4, iterations=5).centres)


def test_scale_does_not_matter():
    points = np.random.default_rng(1).random((60, 2))
    small, large = kmeans(points * 2.0**-600, 5), kmeans(points * 2.0**600, 5)
    np.testing.assert_array_equal(small.labels, large.labels)
    np.testing.assert_array_equal(small.centres * 2.0**600, large.centres * 2.0**-600)


def test_separate_clouds_are_found():
    generator = np.random.default_rng(2)
    middles = generator.permutation(20)[:, None] * np.array([[100.0, -50.0]])
    points = np.repeat(middles, 15, axis=0) + generator.normal(size=(300, 2))
    found = kmeans(points, 20, seed=1)
    np.testing.assert_array_equal(np.sort(found.masses), np.full(20, 15.0))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([[1.0]], 0), InvalidArgument, "k is 0"),
        (([[1.0]], 2.0), InvalidType, "k is 2.0"),
        (([[1.0]], True), InvalidType, "k is True"),
        (([[np.nan]], 1), InvalidArgument, r"points\[0, 0\] is nan"),
        (([[1.0]], 1, [-1.0]), InvalidArgument, r"weights\[0\] is -1"),
        (([[1.0]], 1, [0.0]), InvalidArgument, "weights has no mass"),
        (([[1.0]], 1, [1.0, 2.0]), InvalidArgument, "2 weights for 1 points"),
        (([[1.0]], 1, None, -1), InvalidArgument, "seed is -1"),
        ((np.zeros((0, 2)), 1), InvalidArgument, "points has shape"),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        kmeans(*arguments)


def test_counts_and_tolerance_are_checked():
    with pytest.raises(InvalidArgument, match="iterations is 0"):
        kmeans([1.0], 1, iterations=0)
    with pytest.raises(InvalidArgument, match="tolerance is nan"):
        kmeans([1.0], 1, tolerance=np.nan)
    with pytest.raises(InvalidArgument, match="threads is 0"):
        kmeans([1.0], 1, threads=0)
