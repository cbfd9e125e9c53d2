"""Intervals against scipy's, closed forms and their coverage."""

import math

import numpy as np
import pytest
from scipy import stats

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.statistics import (
    Interval,
    bootstrap_interval,
    check_confidence,
    drawn_sums,
    mean_interval,
    percentile_interval,
    t_interval,
    wilson_interval,
)


def test_an_interval_holds_its_ends_and_speaks():
    found = Interval(-0.25, 1.0)
    assert [found.holds(x) for x in (-0.25, 1.0, 1.01, math.nan)] == [True, True, False, False]
    assert found.width == 1.25
    assert tuple(found) == (-0.25, 1.0)
    assert str(found) == "−0.25 to 1.00"
    assert found.percent() == "−25 to 100 %"


@pytest.mark.parametrize("ends", [(1, 0), (math.nan, 0), (0, math.nan)], ids=str)
def test_ends_in_the_wrong_order_are_refused(ends):
    with pytest.raises(InvalidArgument, match="lower end comes first"):
        Interval(*ends)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, math.nan])
def test_a_confidence_is_a_share(confidence):
    with pytest.raises(InvalidArgument, match="between 0 and 1"):
        check_confidence(confidence)
    for call in (
        lambda: wilson_interval(1, 2, confidence),
        lambda: mean_interval([1, 2], confidence),
    ):
        with pytest.raises(InvalidArgument, match="between 0 and 1"):
            call()


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize(("right", "of"), [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (617, 1000)])
def test_wilson_is_scipys(right, of, confidence):
    want = stats.binomtest(right, of).proportion_ci(confidence, method="wilson")
    assert tuple(wilson_interval(right, of, confidence)) == pytest.approx(tuple(want), abs=1e-12)


def test_wilson_ends_are_where_the_score_test_turns():
    z = stats.norm.ppf(0.975)
    for end in wilson_interval(7, 31):
        assert abs(7 / 31 - end) / math.sqrt(end * (1 - end) / 31) == pytest.approx(z)


@pytest.mark.parametrize(("right", "of"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_refuses_what_is_no_share(right, of):
    with pytest.raises(InvalidArgument, match="no share"):
        wilson_interval(right, of)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("n", [2, 5, 100])
def test_a_mean_is_students(n, confidence):
    x = np.random.default_rng(n).normal(size=n)
    mean, found = mean_interval(x, confidence)
    want = stats.t.interval(confidence, n - 1, x.mean(), stats.sem(x))
    assert mean == x.mean()
    assert tuple(found) == pytest.approx(want)


def test_equal_values_have_no_width_and_too_few_are_refused():
    assert mean_interval([0.1] * 7)[1].width == 0
    for values in ([], [1.0], [[1.0, 2.0]]):
        with pytest.raises(InvalidArgument, match="at least 2"):
            mean_interval(values)
    with pytest.raises(InvalidArgument, match="1 of 3 values"):
        mean_interval([1.0, math.nan, 2.0])


def test_t_interval_grows_to_the_normal_one():
    assert t_interval(1.0, 0.1, 10**9).high == pytest.approx(1 + 0.1 * stats.norm.ppf(0.975))
    for error, freedom in ((-1, 3), (math.nan, 3), (1, 0)):
        with pytest.raises(InvalidArgument, match="degrees of freedom"):
            t_interval(0, error, freedom)


@pytest.mark.parametrize("kind", ["percentile", "bca"])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_bootstrap_is_scipys(kind, confidence):
    x = np.random.default_rng(0).exponential(size=40)
    found = bootstrap_interval(x, np.var, kind=kind, resamples=4000, confidence=confidence)
    method = {"percentile": "percentile", "bca": "BCa"}[kind]
    want = stats.bootstrap(
        (x,), np.var, n_resamples=4000, confidence_level=confidence, method=method, rng=1
    ).confidence_interval
    assert found.low == pytest.approx(want.low, rel=0.04)
    assert found.high == pytest.approx(want.high, rel=0.04)


def test_draws_follow_the_seed_and_leave_the_rows_alone():
    x = np.random.default_rng(0).normal(size=(30, 2))
    before = x.copy()

    def of(rows):
        return np.corrcoef(rows.T)[0, 1]

    assert bootstrap_interval(x, of, resamples=300, seed=3) == bootstrap_interval(
        x, of, resamples=300, seed=3
    )
    assert bootstrap_interval(x, of, resamples=300, seed=3) != bootstrap_interval(
        x, of, resamples=300, seed=4
    )
    assert (x == before).all()


@pytest.mark.parametrize("kind", ["percentile", "bca"])
def test_a_draw_that_is_nan_is_never_dropped_in_silence(kind):
    rare = np.zeros(12)
    rare[0] = 1

    def ratio(rows):
        return 1.0 if rows.any() else math.nan

    with pytest.raises(InvalidArgument, match=r"NaN in \d+ of"):
        bootstrap_interval(rare, ratio, kind=kind, resamples=400)
    assert bootstrap_interval(rare, ratio, kind=kind, resamples=400, undefined=0.0).low == 0
    with pytest.raises(InvalidArgument, match="NaN in 1 of 3"):
        percentile_interval(np.array([0, math.nan, 1]))


@pytest.mark.parametrize("kind", ["percentile", "bca"])
def test_a_constant_has_no_width(kind):
    assert bootstrap_interval(np.ones(9), np.mean, kind=kind, resamples=200) == Interval(1.0, 1.0)


def test_what_gives_no_interval_is_refused():
    with pytest.raises(InvalidArgument, match="1 rows cannot be drawn"):
        bootstrap_interval(np.ones(1), np.mean)
    with pytest.raises(InvalidArgument, match="it takes 200"):
        bootstrap_interval(np.ones(9), np.mean, resamples=199)
    with pytest.raises(UnknownName, match="bca"):
        bootstrap_interval(np.ones(9), np.mean, kind="bka")


def test_sums_are_those_of_rows_drawn_again():
    x = np.random.default_rng(0).normal(size=(50, 3))
    sums = drawn_sums(x, 4000, np.random.default_rng(1))
    assert sums.shape == (4000, 3)
    assert sums.mean(axis=0) == pytest.approx(x.sum(axis=0), abs=0.5)
    # Var of a sum of n draws: n times the variance of one.
    assert np.cov(sums.T) == pytest.approx(50 * np.cov(x.T, ddof=0), rel=0.15, abs=3)


@pytest.mark.parametrize("kind", ["percentile", "bca"])
def test_coverage_of_a_mean(kind):
    held = 0
    for seed in range(150):
        x = np.random.default_rng(seed).normal(size=30)
        held += bootstrap_interval(x, np.mean, kind=kind, resamples=200, seed=seed).holds(0.0)
    assert wilson_interval(held, 150, 0.99).holds(0.93)
