import numpy as np
import ot
import pytest

from heatlens.errors import InvalidArgument
from heatlens.transport import max_sliced_wasserstein, sliced_wasserstein, wasserstein_1d
from heatlens.transport.line.merge import slopes


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_finds_what_a_look_in_all_directions_finds(seed, p):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(8, 2)) * [1, 2], rng.normal(size=(11, 2))
    a, b = rng.dirichlet(np.ones(8)), rng.dirichlet(np.ones(11))
    angle = np.linspace(0, np.pi, 4000)
    around = np.stack([np.cos(angle), np.sin(angle)], 1)
    best = wasserstein_1d(around @ x.T, around @ y.T, a, b, p=p).max()
    found = max_sliced_wasserstein(x, y, a, b, p=p)
    assert found.value == pytest.approx(best, rel=1e-4)
    along = wasserstein_1d(x @ found.direction, y @ found.direction, a, b, p=p)
    assert found.value == pytest.approx(along, rel=1e-9)
    assert found.value == found.values.max() == float(found)
    assert np.linalg.norm(found.direction) == pytest.approx(1)
    exact = ot.emd2(a, b, ot.dist(x, y, "euclidean") ** p) ** (1 / p)
    mean = sliced_wasserstein(x, y, a, b, p=p).value
    assert mean <= found.value <= exact * (1 + 1e-9)


def test_finds_a_hidden_direction():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2000, 30))
    y[:, 17] *= 4  # the means agree
    found = max_sliced_wasserstein(x, y)
    assert abs(found.direction[17]) > 0.99
    assert found.value == pytest.approx(3, rel=0.05)


def test_shift_scale_and_identity():
    x = np.random.default_rng(0).normal(size=(9, 4))
    shift = np.array([1.0, -2.0, 2.0, 0.0])
    found = max_sliced_wasserstein(1e6 + 1e-3 * x, 1e6 + 1e-3 * (x + shift))
    assert found.value == pytest.approx(3e-3, rel=1e-5)
    np.testing.assert_allclose(found.direction, np.array([-1, 2, -2, 0]) / 3 * -1, atol=1e-4)
    same = max_sliced_wasserstein(x, x[::-1])
    assert same.value == pytest.approx(0, abs=1e-12)
    assert max_sliced_wasserstein([[1.0, 2.0]], [[1.0, 2.0]]).value == 0


def test_no_start_ends_lower_than_it_began_and_seeds_hold():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 3))
    begun = max_sliced_wasserstein(x, y, steps=0).values
    ended = max_sliced_wasserstein(x, y)
    assert (ended.values >= begun * (1 - 1e-12)).all()
    assert len(ended.values) == 8
    again = max_sliced_wasserstein(x, y)
    np.testing.assert_array_equal(ended.direction, again.direction)
    with pytest.raises(ValueError, match="read-only"):
        ended.direction[0] = 0


@pytest.mark.parametrize("p", [1.5, 2, 3])
def test_the_gradient_is_that_of_small_steps(p):
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.normal(size=5)), np.sort(rng.normal(size=7))
    a, b = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(7))
    by_x, by_y, ignored = np.empty(5), np.empty(7), (np.empty(5), np.empty(7))
    slopes(x, y, a, b, p, by_x, by_y)
    for values, gradient in ((x, by_x), (y, by_y)):
        for i in range(len(values)):
            kept, costs = values[i], []
            for step in (1e-6, -1e-6):
                values[i] = kept + step
                costs.append(slopes(x, y, a, b, p, *ignored))
            values[i] = kept
            assert (costs[0] - costs[1]) / 2e-6 == pytest.approx(gradient[i], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 20}, "from 1 to 16"),
        ({"starts": 0}, "starts is 0"),
        ({"steps": -1}, "steps is -1"),
        ({"mass": "unbalanced"}, "heatlens.transport.emd"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InvalidArgument, match=message):
        max_sliced_wasserstein([[0, 1]], [[1, 0]], **options)
    with pytest.raises(InvalidArgument, match="overflow"):
        max_sliced_wasserstein([[-1e308, 0.0]], [[1e308, 0.0]])
