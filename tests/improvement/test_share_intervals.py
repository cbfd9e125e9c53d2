"""Shares with their intervals, against scipy and against what they promise."""

import numpy as np
import pytest
from scipy import stats

from heatlens.errors import InvalidArgument
from heatlens.improvement.intervals import mean_share, share_of_pictures


def test_the_mean_share_has_students_interval():
    shares = np.random.default_rng(0).uniform(0.2, 0.9, 14)
    found = mean_share(shares)
    low, high = stats.t.interval(0.95, 13, shares.mean(), stats.sem(shares))
    assert (found.value, found.low, found.high) == pytest.approx((shares.mean(), low, high))


def test_the_share_of_pictures_has_wilsons_interval():
    found = share_of_pictures([True] * 13 + [False] * 7)
    wilson = stats.binomtest(13, 20).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))


def test_few_pictures_are_covered_as_often_as_is_said():
    rng = np.random.default_rng(1)
    found = [mean_share(row) for row in rng.beta(2, 2, (1000, 10))]
    held = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert held == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_same_end_for_all_is_no_certainty(value):
    found = mean_share(np.full(10, value))
    assert found.value == value
    assert found.high - found.low > 0.25


def test_the_interval_stays_within_shares():
    found = mean_share([0.0] * 11 + [0.9])
    assert found.low == 0
    assert mean_share([1.0] * 11 + [0.1]).high == 1


@pytest.mark.parametrize(
    ("shares", "said"),
    [([0.5] * 9, "9 pictures are too few"), ([0.5] * 9 + [1.5], "0.5 to 1.5"),
     ([0.5] * 9 + [float("nan")], "nan")],
    ids=["few", "above", "nan"],
)  # fmt: skip
def test_what_is_no_share_is_refused(shares, said):
    with pytest.raises(InvalidArgument, match=said):
        mean_share(shares)
