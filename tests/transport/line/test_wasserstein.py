import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.transport import wasserstein_1d

numbers = st.integers(-50, 50).map(lambda k: k / 4)
points = st.lists(numbers, min_size=1, max_size=9)
exponents = st.sampled_from([1, 1.5, 2, 3, math.inf])


def problem(seed):
    """Positions and masses of two sides: ties, zero masses, unequal sizes."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 30, 2)
    x = rng.integers(0, 9, n) / 3 if seed % 2 else rng.normal(size=n)
    y = rng.integers(0, 9, m) / 3 if seed % 2 else rng.normal(1, 2, m)
    a = rng.random(n) * (rng.random(n) > 0.3) + 1e-12
    b = rng.random(m)
    return x, y, a / a.sum(), b / b.sum()


@pytest.mark.parametrize("seed", range(40))
def test_equals_scipy(seed):
    x, y, a, b = problem(seed)
    ours = wasserstein_1d(x, y, a, b)
    assert ours == pytest.approx(wasserstein_distance(x, y, a, b), rel=1e-12)
    assert wasserstein_1d(x, y) == pytest.approx(wasserstein_distance(x, y), rel=1e-12)


@pytest.mark.parametrize("p", [1.3, 2, 5])
@pytest.mark.parametrize("seed", range(12))
def test_equals_the_exact_solver_of_pot(seed, p):
    x, y, a, b = problem(seed)
    cost = np.abs(x[:, None] - y) ** p
    assert wasserstein_1d(x, y, a, b, p=p) ** p == pytest.approx(ot.emd2(a, b, cost), rel=1e-9)


@pytest.mark.parametrize("p", [1, 2])
def test_a_batch_equals_pot_and_its_rows(p):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(13, 20)), rng.normal(size=(13, 31))
    a, b = rng.dirichlet(np.ones(20), 13), rng.dirichlet(np.ones(31), 13)
    found = wasserstein_1d(x, y, a, b, p=p)
    expected = ot.wasserstein_1d(x.T, y.T, a.T, b.T, p=p) ** (1 / p)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    rows = [wasserstein_1d(*row, p=p) for row in zip(x, y, a, b)]
    np.testing.assert_array_equal(found, rows)


def test_one_row_serves_a_batch():
    rng = np.random.default_rng(0)
    places, a, b = rng.permutation(7.0 * np.arange(6)), rng.random((5, 6)), rng.random((5, 6))
    found = wasserstein_1d(places, places, a, b, mass="normalise", p=2)
    every = np.tile(places, (5, 1))
    expected = wasserstein_1d(every, every, a, b, mass="normalise", p=2)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    shared = wasserstein_1d(every, places, a[0], mass="normalise")
    np.testing.assert_allclose(shared, np.full(5, shared[0]), rtol=1e-12)
    assert wasserstein_1d(places, every).tolist() == [0] * 5


@settings(max_examples=100, deadline=None)
@given(points, points, points, exponents)
def test_metric(x, y, z, p):
    xy, yz, xz = (wasserstein_1d(*pair, p=p) for pair in ((x, y), (y, z), (x, z)))
    assert xy == pytest.approx(wasserstein_1d(y, x, p=p), rel=1e-12)
    assert wasserstein_1d(x, x[::-1], p=p) == 0
    assert xz <= (xy + yz) * (1 + 1e-9) + 1e-9
    assert (xy == 0) == (sorted(x * len(y)) == sorted(y * len(x)))


@settings(max_examples=60, deadline=None)
@given(points, numbers, st.floats(0.1, 10), exponents)
def test_shift_and_scale(x, shift, scale, p):
    x = np.array(x)
    assert wasserstein_1d(x, x + shift, p=p) == pytest.approx(abs(shift), abs=1e-12)
    y = np.arange(4.0)
    expected = scale * wasserstein_1d(x, y, p=p)
    assert wasserstein_1d(scale * x, scale * y, p=p) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(points, points)
def test_grows_with_the_exponent_up_to_the_longest_way(x, y):
    values = [wasserstein_1d(x, y, p=p) for p in (1, 2, 4, 50, 2000, math.inf)]
    assert all(low <= high * (1 + 1e-12) for low, high in pairwise(values))
    assert values[-2] == pytest.approx(values[-1], rel=0.01)


def test_large_exponents_neither_under_nor_overflow():
    assert wasserstein_1d([0, 0], [1e-9, 1e-9], p=400) == pytest.approx(1e-9)
    assert wasserstein_1d([0, 0], [1e200, 1e200], p=3) == pytest.approx(1e200)
    # No mass goes the long way, so its length must not turn into 0 x infinity.
    assert wasserstein_1d([0, 1e9], [1, 1e9], [1, 0], [1, 0], p=300) == pytest.approx(1)


def test_infinity_does_not_take_rounding_for_a_way():
    a, b = [0.1, 0.2, 0.7], [0.3, 0.7]
    assert wasserstein_1d([0, 0, 9], [0, 9], a, b, p=math.inf) == 0


def test_the_total_counts_as_in_emd():
    assert wasserstein_1d([0], [2], [3], [3]) == 6
    assert wasserstein_1d([0], [2], [3], [3], p=2) == pytest.approx(math.sqrt(12))
    assert wasserstein_1d([0], [2], [3], [5], mass="normalise") == 2
    assert wasserstein_1d([0], [2], [3], [3], p=math.inf) == 2


def test_rounded_totals_of_float32_are_equal():
    rng = np.random.default_rng(0)
    a, b = (rng.dirichlet(np.ones(900)).astype(np.float32) for _ in range(2))
    x = np.arange(900)
    ours = wasserstein_1d(x, x, a, b)
    assert ours == pytest.approx(wasserstein_distance(x, x, a, b), rel=1e-5)


def test_threads_change_nothing():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(600, 100)), rng.normal(size=(600, 101))
    one = wasserstein_1d(x, y, p=2, threads=1)
    np.testing.assert_array_equal(one, wasserstein_1d(x, y, p=2, threads=3))
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda _: wasserstein_1d(x, y, p=2, threads=2), range(3)):
            np.testing.assert_array_equal(one, found)


def test_inputs_stay_as_they_are():
    x, a = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.3, 0.5])
    wasserstein_1d(x, x[::-1].copy(), a, a, mass="normalise")
    assert x.tolist() == [3, 1, 2]
    assert a.tolist() == [0.2, 0.3, 0.5]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0, np.nan], [1]), {}, r"x\[1\] is nan"),
        (([0], [[1, 2], [3, -np.inf]]), {}, r"y\[1, 1\] is -inf"),
        (([], [1]), {}, "x is empty"),
        ((3.0, [1]), {}, r"x has shape \(\)"),
        (([0], np.zeros((2, 2, 2))), {}, r"expected \(n,\), or \(N, n\)"),
        (([0, 1], [1], [0.5, -0.5]), {}, r"a\[1\] is -0.5"),
        (([0, 1], [1], [0.5, np.nan]), {}, r"a\[1\] is nan"),
        (([0, 1], [1], [0, 0]), {}, "no mass"),
        (([0, 1], [1], [1]), {}, "1 masses a row for the 2 positions of x"),
        (([0, 1], [1], [1, 1]), {}, "totals differ: a has 2, b has 1"),
        ((np.zeros((2, 3)), np.zeros((4, 3))), {}, "x has 2, y has 4"),
        (([0], [1]), {"p": 0.5}, "p is 0.5"),
        (([0], [1]), {"p": math.nan}, "p is nan"),
        (([0], [1]), {"mass": "partial"}, "heatlens.transport.emd"),
        (([0], [1]), {"mass": "unbalanced"}, "heatlens.transport.emd"),
        (([0], [1]), {"threads": 0}, "threads is 0"),
        (([-1e308], [1e308]), {}, "overflow"),
    ],
)
def test_errors(arguments, options, message):
    with pytest.raises(InvalidArgument, match=message):
        wasserstein_1d(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0], [1]), {"p": "2"}, "p is '2'"),
        (([0], [1]), {"p": None}, "p is None"),
        (([0], [1]), {"threads": 1.5}, "threads is 1.5"),
        ((np.ma.array([0, 1], mask=[0, 1]), [1]), {}, "x has masked entries"),
        (([0], [1], torch.ones(1, requires_grad=True), [1]), {}, "a wants a gradient"),
        (([0], torch.ones(1, dtype=torch.bfloat16)), {}, "y cannot be read"),
        (([[0], [1, 2]], [1]), {}, "x cannot be read"),
        (([0], [1], [[1], [1, 2]]), {}, "a cannot be read"),
    ],
)
def test_types(arguments, options, message):
    with pytest.raises(InvalidType, match=message):
        wasserstein_1d(*arguments, **options)


def test_wrong_types_and_names():
    with pytest.raises(InvalidType, match="x is of type <U1"):
        wasserstein_1d(["a"], [1])
    with pytest.raises(InvalidType, match="complex"):
        wasserstein_1d([1j], [1])
    with pytest.raises(UnknownName, match="normalise"):
        wasserstein_1d([0], [1], mass="normalize")
