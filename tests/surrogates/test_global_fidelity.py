"""Fidelity, baselines, stability and the verdict, against their definitions in loops."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from heatlens.statistics import wilson_interval
from heatlens.surrogates.fidelity import Baseline, Fidelity, Held, Measured, measured
from heatlens.surrogates.skill import variance_bound
from heatlens.surrogates.stability import coefficients_of, correlation, rank_correlation
from heatlens.surrogates.verdict import judged


def classes(seed=0, m=80, k=3):
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.ones(k), size=m)
    return truth, rng.dirichlet(np.ones(k), size=m), rng


def test_agreement_r2_and_skill_are_their_definitions():
    truth, said, rng = classes()
    shuffled = [said[::-1], np.roll(said, 3, axis=0)]
    held = Held(truth, np.array([0.5, 0.3, 0.2]), 0, True)
    fidelity, (constant, other) = measured(held, said, shuffled, 0.95, rng)
    same = lost = whole = guessed = 0.0
    for p, q in zip(truth, said):
        same += np.argmax(p) == np.argmax(q)
        guessed += np.argmax(p) == 0
        lost += sum((p - q) ** 2)
        whole += sum((p - [0.5, 0.3, 0.2]) ** 2)
    assert fidelity.agreement.value == pytest.approx(same / 80)
    assert fidelity.r2.value == pytest.approx(1 - lost / whole)
    assert fidelity.skill.value == pytest.approx((same - guessed) / (80 - guessed))
    assert constant.agreement == pytest.approx(guessed / 80)
    assert constant.gain.value == pytest.approx((same - guessed) / 80)
    by_chance = np.mean([(truth.argmax(1) == one.argmax(1)).mean() for one in shuffled])
    assert other.agreement == pytest.approx(by_chance)


def test_intervals_are_those_of_a_slow_bootstrap():
    truth, said, _ = classes(3)
    said = 0.7 * truth + 0.3 * said
    held = Held(truth, truth.mean(axis=0), 0, True)
    fidelity, _ = measured(held, said, [said[::-1]], 0.9, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    slow = []
    for _ in range(2000):
        rows = rng.integers(80, size=80)
        lost = ((truth[rows] - said[rows]) ** 2).sum()
        slow.append(1 - lost / ((truth[rows] - truth.mean(axis=0)) ** 2).sum())
    assert fidelity.r2.low == pytest.approx(np.percentile(slow, 5), abs=0.01)
    assert fidelity.r2.high == pytest.approx(np.percentile(slow, 95), abs=0.01)


def test_a_number_has_r2_alone():
    y = np.random.default_rng(0).normal(size=(50, 1))
    held = Held(y, np.zeros(1), 0, False)
    fidelity, baselines = measured(held, y, [y[::-1]], 0.95, np.random.default_rng(0))
    assert fidelity.agreement is None
    assert fidelity.r2.value == fidelity.r2.high == 1
    # A few pictures hold the variance: no surer than they are many.
    squares = y[:, 0] ** 2
    assert fidelity.skill.low == pytest.approx(variance_bound(squares.tolist(), 0.95), rel=1e-9)
    assert 0.7 < fidelity.skill.low < 0.9
    assert baselines[0].r2 == 0
    assert baselines[1].gain.value == pytest.approx(1 - baselines[1].r2)


def test_where_all_is_right_the_skill_is_no_surer_than_its_decisions_are_many():
    truth = np.tile([0.9, 0.1], (60, 1))
    truth[:12] = [0.2, 0.8]
    held = Held(truth, truth.mean(axis=0), 0, True)
    found, baselines = measured(held, truth, [truth[::-1]], 0.95, np.random.default_rng(0))
    assert found.against == 12
    assert found.skill.value == found.skill.high == 1
    assert 0.5 < found.skill.low < wilson_interval(12, 12).low
    assert found.r2.low < 0.9
    assert judged(found, baselines, 0.5)[0]
    few = Held(truth[4:], truth.mean(axis=0), 0, True)
    found, baselines = measured(few, truth[4:], [truth[:56]], 0.95, np.random.default_rng(0))
    explains, sentence = judged(found, baselines, 0.5)
    assert not explains
    assert "gets only 8 of 56 decisions wrong" in sentence


def test_a_constant_network_leaves_no_skill():
    truth = np.tile([0.9, 0.1], (30, 1))
    held = Held(truth, truth[0], 0, True)
    found, baselines = measured(held, truth, [truth], 0.95, np.random.default_rng(0))
    assert np.isnan(found.skill.value)
    explains, sentence = judged(found, baselines, 0.5)
    assert not explains
    assert "gets all 30 decisions right" in sentence


def fidelity(skill=0.8, low=0.7, agreement=0.9, against=50):
    one = Measured(agreement, agreement - 0.1, agreement + 0.05)
    return Fidelity(one, Measured(0.6, 0.5, 0.7), Measured(skill, low, 0.9), 100, 0.95, against)


def baselines(first=0.1, second=0.1):
    return (
        Baseline("constant guess", 0.4, 0.0, Measured(0.5, first, 0.6)),
        Baseline("shuffled columns", 0.3, -0.1, Measured(0.5, second, 0.6)),
    )


@pytest.mark.parametrize(
    ("measures", "gains", "explains", "words"),
    [
        ({}, {}, True, "explains this model within limits"),
        ({"low": 0.45}, {}, False, "less than 50 % at the low end"),
        ({}, {"first": -0.01}, False, "not surely better than a constant guess"),
        ({}, {"second": 0.0}, False, "the same on shuffled columns"),
        # A frequent class makes the agreement look good.
        ({"agreement": 0.95, "skill": 0.2, "low": 0.05}, {}, False, "20 %"),
        ({"low": float("nan")}, {}, False, "does not"),
        ({"against": 9}, {}, False, "fewer than 10 are too few"),
    ],
    ids=["good", "weak", "constant", "shuffled", "frequent", "nan", "few"],
)
def test_the_verdict(measures, gains, explains, words):
    found, sentence = judged(fidelity(**measures), baselines(**gains), 0.5)
    assert found is explains
    assert words in sentence


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, 30).astype(float), rng.normal(size=30)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert rank_correlation(np.zeros(3), np.zeros(3)) == 1
    assert correlation(np.zeros(3), np.arange(3.0)) == 0


def test_coefficients_have_percentile_intervals():
    values = np.array([[1.0, -2.0]])
    again = values + np.random.default_rng(0).normal(size=(500, 1, 2))
    found = coefficients_of(values, again, ("y",), 0.8, "a penalty")
    assert found.low[0, 0] == pytest.approx(np.percentile(again[:, 0, 0], 10))
    assert found.high[0, 1] == pytest.approx(np.percentile(again[:, 0, 1], 90))
    assert found.same_sign[0, 1] == pytest.approx((again[:, 0, 1] < 0).mean())
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0] = 3


def test_intervals_in_words():
    assert str(Measured(-0.5, -0.75, 0.25)) == "−0.50 (−0.75 to 0.25)"
    assert Measured(0.5, 0.25, 0.75).percent() == "50 % (25 to 75 %)"
