"""Skill and its interval: the definition, the ends, and how often it holds the truth."""

import numpy as np
import pytest

from heatlens.statistics import wilson_interval
from heatlens.surrogates.skill import skill_interval, variance_bound


@pytest.mark.parametrize(
    ("gained", "against", "lost", "pictures"),
    [(5, 10, 3, 60), (0, 10, 0, 60), (10, 10, 0, 60), (7, 7, 0, 7), (30, 40, 20, 60)],
)
def test_skill_is_its_definition_and_lies_inside(gained, against, lost, pictures):
    skill, interval = skill_interval(gained, against, lost, pictures, 0.95)
    guess = 1 - against / pictures
    agreement = (gained + pictures - against - lost) / pictures
    assert skill == pytest.approx((agreement - guess) / (1 - guess))
    assert interval.holds(skill)
    assert interval.width > 0.05
    assert interval.high <= 1


def test_without_a_picture_that_the_guess_gets_right_it_is_wilsons():
    skill, interval = skill_interval(20, 30, 0, 30, 0.9)
    assert skill == pytest.approx(2 / 3)
    assert tuple(interval) == pytest.approx(tuple(wilson_interval(20, 30, 0.9)))


@pytest.mark.parametrize(
    ("pictures", "share", "right", "wrong"),
    [
        (60, 0.25, 0.95, 0.01),
        (60, 0.25, 0.6, 0.1),
        (90, 0.2, 0.8, 0.05),
        (300, 0.1, 0.6, 0.1),
        (90, 0.8, 0.8, 0.05),
        (90, 0.2, 1.0, 0.0),
    ],
    ids=["good", "poor", "rare", "many", "frequent", "perfect"],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(pictures, share, right, wrong):
    truth = right - (1 - share) / share * wrong
    rng = np.random.default_rng(0)
    inside, above, rounds = 0, 0, 300
    for _ in range(rounds):
        against = max(1, rng.binomial(pictures, share))
        gained, lost = rng.binomial(against, right), rng.binomial(pictures - against, wrong)
        _, interval = skill_interval(gained, against, lost, pictures, 0.95)
        inside += interval.holds(truth)
        above += interval.low > truth
    assert inside / rounds > 0.92
    # What decides is the low end.
    assert above / rounds < 0.05


def test_variance_rests_on_as_many_pictures_as_share_it():
    z2 = 1.959963984540054**2
    for count in (1, 5, 60):
        bound = variance_bound([2.0] * count + [0.0] * 40, 0.95)
        assert bound == pytest.approx(count / (count + z2))
        assert bound == pytest.approx(wilson_interval(count, count).low)
    assert variance_bound([1.0, 1.0, 0.1], 0.95) < variance_bound([1.0, 1.0, 1.0], 0.95)
