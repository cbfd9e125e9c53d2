import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport import barycenter_points


def cloud(seed, n=9, d=2):
    generator = np.random.default_rng(seed)
    weights = generator.random(n)
    return weights / weights.sum(), generator.normal(size=(n, d))


def test_two_diracs_meet_at_the_midpoint():
    found = barycenter_points([([2.0], [[0, 0]]), ([2.0], [[4, 6]])])
    assert found.points.tolist() == [[2, 3]]
    assert found.weights.tolist() == [2]
    assert found.objective == pytest.approx(13)
    assert found.converged


@pytest.mark.parametrize("seed", range(4))
def test_translated_clouds_have_the_translated_cloud_as_mean(seed):
    weights, points = cloud(seed)
    shifts = np.array([[0.0, 0], [3, 1], [-1, 7]])
    shares = np.array([0.2, 0.5, 0.3])
    found = barycenter_points([(weights, points + s) for s in shifts], shares)
    np.testing.assert_allclose(found.weights, weights)
    np.testing.assert_allclose(found.points, points + shares @ shifts, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(2, 4), st.integers(0, 2**31))
def test_on_a_line_it_is_the_mean_of_the_quantiles(n, count, seed):
    generator = np.random.default_rng(seed)
    lines = np.sort(generator.normal(size=(count, n)), axis=1)
    shares = generator.random(count) + 0.1
    masses = np.full(n, 1 / n)
    found = barycenter_points([(masses, generator.permutation(line)) for line in lines], shares)
    expected = (shares / shares.sum()) @ lines
    np.testing.assert_allclose(np.sort(found.points[:, 0]), expected, atol=1e-9)
    within = ((lines - expected) ** 2).mean(1) @ shares / shares.sum()
    assert found.objective == pytest.approx(within, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**31))
def test_the_objective_never_rises_and_is_what_it_says(k, seed):
    from heatlens.transport import emd

    clouds = [cloud(seed + i, n=5 + 3 * i) for i in range(3)]
    found = barycenter_points(clouds, k=k, seed=seed % 100)
    assert np.all(np.diff(found.history) <= 1e-12)
    assert found.weights.tolist() == [pytest.approx(1 / k)] * k
    value = np.mean([emd(found.weights, b, x=found.points, y=y, p=2).value for b, y in clouds])
    assert found.objective == pytest.approx(value, rel=1e-9)
    assert found.iterations == len(found.history)


def test_one_point_is_the_mean_of_all():
    clouds = [cloud(0), cloud(1)]
    found = barycenter_points(clouds, k=1)
    np.testing.assert_allclose(found.points[0], np.mean([w @ y for w, y in clouds], axis=0))


def test_the_same_seed_gives_the_same_points():
    clouds = [cloud(0), cloud(1)]
    first, second, other = (barycenter_points(clouds, k=4, seed=s).points for s in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_start_and_limit():
    clouds = [cloud(0), cloud(1)]
    found = barycenter_points(clouds, start=([1, 1], [[0, 0], [1, 1]]), max_iterations=1)
    np.testing.assert_array_equal(found.points, [[0, 0], [1, 1]])
    assert not found.converged


def test_totals():
    (a, x), (b, y) = cloud(0), cloud(1)
    assert barycenter_points([(a * 3, x), (b * 3, y)]).weights.sum() == pytest.approx(3)
    found = barycenter_points([(a * 3, x), (b, y)], mass="normalise")
    assert found.weights.sum() == pytest.approx(1)


one = ([1.0], [[0.0, 0.0]])


@pytest.mark.parametrize(
    ("distributions", "options", "error", "says"),
    [
        ([], {}, InvalidArgument, "no distributions"),
        ("ab", {}, InvalidType, "list of pairs"),
        ([one, [1, 2, 3]], {}, InvalidType, r"distributions\[1\] is no pair"),
        ([one, ([1.0], [[0.0]])], {}, InvalidArgument, "1 coordinates"),
        ([one, ([1.0, 2], [[0.0, 0]])], {}, InvalidArgument, "2 masses and 1 points"),
        ([one, ([-1.0], [[0.0, 0]])], {}, InvalidArgument, r"distributions\[1\] masses\[0\] is -1"),
        ([one, ([1.0], [[np.nan, 0]])], {}, InvalidArgument, "nan"),
        ([one, ([2.0], [[0.0, 0]])], {}, InvalidArgument, "totals differ"),
        ([one, one], {"weights": [1]}, InvalidArgument, "1 entries"),
        ([one], {"k": 0}, InvalidArgument, "k is 0"),
        ([one], {"k": 2, "start": one}, InvalidArgument, "not both"),
        ([one], {"start": ([1.0], [[0.0]])}, InvalidArgument, "1 coordinates"),
        ([one], {"max_iterations": 0}, InvalidArgument, "max_iterations"),
        ([one], {"mass": "partial"}, InvalidArgument, "not possible"),
    ],
)
def test_bad_arguments(distributions, options, error, says):
    with pytest.raises(error, match=says):
        barycenter_points(distributions, **options)
