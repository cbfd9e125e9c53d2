import math

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.transport import wasserstein_1d, wasserstein_circular
from heatlens.transport.line import circular

angles = st.lists(st.integers(0, 23).map(lambda k: 15.0 * k), min_size=1, max_size=7)
exponents = st.sampled_from([1, 1.5, 2, 4])


def by_force(x, y, a, b, period, p):
    """The cost by a linear programme with the distance around the circle."""
    apart = np.abs(np.mod(x, period)[:, None] - np.mod(y, period))
    cost = np.minimum(apart, period - apart) ** p
    return ot.emd2(a, b, cost / (cost.max() or 1)) * cost.max()  # POT's own limits are absolute


@pytest.mark.parametrize("p", [1, 1.5, 2, 6])
@pytest.mark.parametrize("seed", range(24))
def test_equals_a_linear_programme(seed, p):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 12, 2)
    x, y = rng.random(n) * 3 - 1, rng.random(m)
    if seed % 3 == 0:  # ties, and opposite points
        x, y = rng.integers(0, 6, n) / 6, rng.integers(0, 6, m) / 6
    if seed % 3 == 1:  # two clusters
        x, y = 0.97 + 0.06 * rng.random(n), rng.random() + 0.06 * rng.random(m)
    a, b = rng.random(n) * (rng.random(n) > 0.3) + 1e-9, rng.random(m)
    a, b = a / a.sum(), b / b.sum()
    found = wasserstein_circular(x, y, a, b, p=p) ** p
    assert found == pytest.approx(by_force(x, y, a, b, 1.0, p), rel=1e-9, abs=1e-15)
    even = np.full(n, 1 / n), np.full(m, 1 / m)
    found = wasserstein_circular(x, y, p=p) ** p
    assert found == pytest.approx(by_force(x, y, *even, 1.0, p), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("p", [1, 1.1, 2, 7, 16])
@pytest.mark.parametrize("spread", [1, 0.1, 1e-3])
def test_equals_the_best_of_all_turns(p, spread):
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = np.sort(spread * rng.random((2, 9)))
        laps = np.concatenate([y - 1, y, y + 1])
        costs = [(np.abs(x - laps[k : k + 9]) ** p).mean() for k in range(19)]
        found = wasserstein_circular(x, y, p=p)
        assert found == pytest.approx(min(costs) ** (1 / p), rel=1e-10)


def test_equals_pot_on_many_points():
    rng = np.random.default_rng(0)
    x, y = rng.random((3, 300)), rng.beta(2, 5, (3, 211))
    for p in (1, 2):
        expected = ot.wasserstein_circle(x.T, y.T, p=p) ** (1 / p)
        np.testing.assert_allclose(wasserstein_circular(x, y, p=p), expected, rtol=1e-6)


@settings(max_examples=80, deadline=None)
@given(angles, angles, angles, exponents)
def test_metric(x, y, z, p):
    def distance(one, other):
        return wasserstein_circular(one, other, period=360, p=p)

    assert distance(x, y) == pytest.approx(distance(y, x), rel=1e-12, abs=1e-12)
    assert distance(x, x[::-1]) == 0
    assert distance(x, z) <= distance(x, y) + distance(y, z) + 1e-9
    assert distance(x, y) <= 180 + 1e-9
    assert distance(x, y) <= wasserstein_1d(x, y, p=p) * (1 + 1e-12) + 1e-9


@settings(max_examples=60, deadline=None)
@given(angles, angles, st.integers(-900, 900), exponents)
def test_turning_both_changes_nothing(x, y, turn, p):
    here = wasserstein_circular(x, y, period=360, p=p)
    there = wasserstein_circular(np.add(x, turn), np.add(y, turn), period=360, p=p)
    assert there == pytest.approx(here, rel=1e-6, abs=1e-6)


def test_closed_forms():
    assert wasserstein_circular([350], [10], period=360) == 20
    assert wasserstein_circular([0, 180], [90, 270], period=360, p=2) == 90
    assert wasserstein_circular([-1e-30], [0]) == 0
    assert wasserstein_circular([0], [math.pi], period=2 * math.pi) == pytest.approx(math.pi)
    # All the way around evenly: every turn of 24 even points is at most half a step away.
    even = np.arange(24) / 24
    assert wasserstein_circular(even, even + 0.5 / 24, p=3) == pytest.approx(0.5 / 24)


def test_batches_rows_and_totals():
    rng = np.random.default_rng(0)
    hues, a, b = 36.0 * np.arange(10), rng.random((40, 10)), rng.random((40, 10))
    found = wasserstein_circular(hues, hues, a, b, period=360, p=2, mass="normalise", threads=2)
    rows = [wasserstein_circular(hues, hues, i, j, period=360, p=2, mass="normalise")
            for i, j in zip(a, b)]  # fmt: skip
    np.testing.assert_array_equal(found, rows)
    assert wasserstein_circular([0], [90], [3], [3], period=360) == 270


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": 0}, "period is 0"),
        ({"period": np.nan}, "period is nan"),
        ({"p": 17}, "from 1 to 16"),
        ({"p": math.inf}, "from 1 to 16"),
        ({"p": 0.9}, "p is 0.9"),
        ({"mass": "partial"}, "heatlens.transport.emd"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InvalidArgument, match=message):
        wasserstein_circular([0.1], [0.2], **options)


@pytest.mark.parametrize("options", [{"p": "2"}, {"period": "1"}, {"threads": 1.0}])
def test_types(options):
    with pytest.raises(InvalidType, match=f"{next(iter(options))} is"):
        wasserstein_circular([0.1], [0.2], **options)


def test_without_a_certificate_there_is_no_value(monkeypatch):
    monkeypatch.setattr(circular, "PRECISION", -1.0)
    with pytest.raises(HeatlensError, match="certified"):
        wasserstein_circular([0.1, 0.3], [0.2, 0.9], p=2)
