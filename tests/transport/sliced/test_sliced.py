import math

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport import sliced_wasserstein, wasserstein_1d
from heatlens.transport.sliced import directions as module
from heatlens.transport.sliced.directions import directions


def clouds(seed, d=3, n=17, m=23):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)), rng.normal(0.5, 2, (m, d)),
            rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)))  # fmt: skip


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_pot_along_the_same_directions(p, weighted):
    x, y, a, b = clouds(0)
    masses = (a, b) if weighted else (None, None)
    found = sliced_wasserstein(x, y, *masses, projections=40, p=p, seed=5)
    along = directions(40, 3, seed=5).T
    expected = ot.sliced_wasserstein_distance(x, y, *masses, projections=along, p=p)
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.projections == 40
    assert float(found) == found.value


def test_the_mean_of_the_powers_and_its_error():
    x, y, a, b = clouds(1)
    powers = np.array([wasserstein_1d(x @ u, y @ u, a, b, p=2) ** 2
                       for u in directions(50, 3, seed=0)])  # fmt: skip
    found = sliced_wasserstein(x, y, a, b, projections=50)
    assert found.value == pytest.approx(math.sqrt(powers.mean()))
    error = powers.std(ddof=1) / math.sqrt(50) / (2 * math.sqrt(powers.mean()))
    assert found.error == pytest.approx(error)


def test_the_error_is_honest():
    x, y, _, _ = clouds(2)
    truth = sliced_wasserstein(x, y, projections=20_000, seed=99).value
    found = [sliced_wasserstein(x, y, projections=60, seed=seed) for seed in range(60)]
    off = np.array([(one.value - truth) / one.error for one in found])
    assert 0.75 < off.std() < 1.3
    assert abs(off.mean()) < 0.5


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 40), st.sampled_from([1, 1.5, 2, 4])
)
def test_never_above_the_exact_distance(seed, d, projections, p):
    x, y, a, b = clouds(seed, d, 6, 9)
    cost = ot.dist(x, y, "euclidean") ** p
    exact = ot.emd2(a, b, cost) ** (1 / p)
    found = sliced_wasserstein(x, y, a, b, projections=projections, p=p, seed=seed)
    assert found.value <= found.lower_bound <= exact * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 3]))
def test_metric(seed, p):
    x, y, _, _ = clouds(seed)
    z = np.random.default_rng(seed).normal(size=(5, 3))

    def distance(one, other):
        return sliced_wasserstein(one, other, projections=12, p=p).value

    assert distance(x, y) == pytest.approx(distance(y, x), rel=1e-12)
    assert distance(x, x[::-1]) == pytest.approx(0, abs=1e-12)
    assert distance(x, z) <= distance(x, y) + distance(y, z) + 1e-9
    assert distance(3 * x, 3 * y) == pytest.approx(3 * distance(x, y))


def test_a_shift_in_closed_form():
    x, _, _, _ = clouds(0, d=4)
    found = sliced_wasserstein(x, x + np.array([1, 2, 2, 4]), projections=20_000)
    assert abs(found.value - 5 / 2) < 4 * found.error  # |shift| / sqrt(d)
    assert found.lower_bound == pytest.approx(5, rel=0.03)


def test_on_a_line_it_is_the_exact_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=9), rng.normal(size=14)
    found = sliced_wasserstein(x, y, p=2)
    exact = wasserstein_1d(x, y, p=2)
    assert (found.value, found.error, found.lower_bound) == (exact, 0, exact)
    assert found.projections == 1


def test_seeds_threads_and_memory_change_nothing(monkeypatch):
    x, y, a, b = clouds(0, n=300, m=200)
    one = sliced_wasserstein(x, y, a, b, seed=3, threads=1)
    assert one == sliced_wasserstein(x, y, a, b, seed=3, threads=2)
    assert one.value != sliced_wasserstein(x, y, a, b, seed=4).value
    monkeypatch.setattr(module, "ROOM", 7 * 500)
    assert sliced_wasserstein(x, y, a, b, seed=3).value == pytest.approx(one.value, rel=1e-12)


def test_mass():
    x, y, a, b = clouds(0)
    plain = sliced_wasserstein(x, y, a, b).value
    assert sliced_wasserstein(x, y, 3 * a, b, mass="normalise").value == pytest.approx(plain)
    assert sliced_wasserstein(x, y, 4 * a, 4 * b).value == pytest.approx(2 * plain)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[0, 1]], [[0]]), {}, "x has 2 coordinates a point, y has 1"),
        (([[0, np.nan]], [[0, 0]]), {}, r"x\[0, 1\] is nan"),
        (([[0, 1]], [[0, 0]], [1, 1]), {}, "2 masses a row for the 1"),
        (([[0, 1]], [[0, 0]], [[1]]), {}, r"a has shape \(1, 1\)"),
        (([[0, 1]], [[0, 0]], [2]), {}, "totals differ"),
        (([[0, 1]], [[0, 0]]), {"projections": 0}, "projections is 0"),
        (([[0, 1]], [[0, 0]]), {"p": 0.5}, "p is 0.5"),
        (([[0, 1]], [[0, 0]]), {"p": math.inf}, "p is inf"),
        (([[0, 1]], [[0, 0]]), {"mass": "partial"}, r"transport\.emd"),
    ],
)
def test_errors(arguments, options, message):
    with pytest.raises(InvalidArgument, match=message):
        sliced_wasserstein(*arguments, **options)


def test_wrong_types():
    with pytest.raises(InvalidType, match=r"projections is 2\.5"):
        sliced_wasserstein([[0, 1]], [[0, 0]], projections=2.5)
    with pytest.raises(InvalidType, match="seed is None"):
        sliced_wasserstein([[0, 1]], [[0, 0]], seed=None)
    with pytest.raises(InvalidType, match="p is '2'"):
        sliced_wasserstein([[0, 1]], [[0, 0]], p="2")
    with pytest.raises(InvalidType, match="a has masked entries"):
        sliced_wasserstein([[0, 1]], [[0, 0]], np.ma.array([1.0], mask=[True]))
