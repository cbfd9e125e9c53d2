"""What a measure costs is known before it runs, and memory does not grow with what it tries."""

import tracemalloc

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance import (
    ablation_importance,
    interaction,
    partial_dependence,
    permutation_importance,
    shapley_values,
)
from heatlens.importance.coalitions import exact_shares
from heatlens.importance.cost import check_cost, evaluations_of
from heatlens.importance.intervals import RowLosses

X = np.random.default_rng(0).normal(size=(20, 3))
SEEN = 20  # rows that are looked at first, to see what the model gives


def model(rows):
    return rows[:, 0] * rows[:, 1] + rows[:, 2]


RUNS = {
    "permutation": (
        lambda: permutation_importance(model, X, X[:, 0], score="r2", repeats=4),
        {"repeats": 4}, 0,
    ),
    "ablation": (lambda: ablation_importance(model, X, X[:, 0], score="r2"), {}, 0),
    "shapley": (lambda: shapley_values(model, X, background=5), {"background": 5}, SEEN),
    "sampled shapley": (
        lambda: shapley_values(model, X, background=5, samples=6),
        {"background": 5, "samples": 6}, SEEN,
    ),
    "partial dependence": (
        lambda: partial_dependence(model, X, ["feature 0", "feature 1"], grid=(3, 4)),
        {"grid": (3, 4)}, SEEN,
    ),
    # Once more for the spread of the output.
    "interaction": (lambda: interaction(model, X, resamples=20), {}, 2 * SEEN),
}  # fmt: skip


@pytest.mark.parametrize("measure", list(RUNS))
def test_what_was_counted_is_what_was_said(measure):
    run, settings, more = RUNS[measure]
    found = run()
    assert found.evaluations == evaluations_of(measure, 20, 3, **settings) + more
    assert found.to_dict()["evaluations"] == found.evaluations


def test_all_repeats_and_chosen_pairs_are_counted():
    assert evaluations_of("permutation", 20, 3, repeats="all") == 20 * (3 * 19 + 1)
    assert evaluations_of("interaction", 20, 3, pairs=1) == 400 * 5
    with pytest.raises(UnknownName, match="shapley"):
        evaluations_of("shaply", 3, 3)
    with pytest.raises(InvalidArgument, match="0 rows"):
        evaluations_of("shapley", 0, 3)


def test_what_nobody_would_wait_for_is_refused_with_what_helps():
    rows = np.zeros((200, 12))
    with pytest.raises(InvalidArgument, match=r"81,900,200 evaluations.*samples=64 takes 14,100,2"):
        shapley_values(lambda x: x[:, 0], rows)
    check_cost(10, 12, 100, "row", 64)
    with pytest.raises(InvalidArgument, match="pictures"):
        check_cost(10, 12, 100, "picture", 64)
    with pytest.raises(InvalidArgument, match="at most 20"):
        shapley_values(lambda x: x[:, 0], np.zeros((10, 21)), samples="all")


def test_all_coalitions_of_more_features_where_they_are_asked_for():
    x = np.random.default_rng(1).normal(size=(3, 13))
    found = shapley_values(lambda rows: rows.sum(1), x, samples="all", background="mean")
    np.testing.assert_allclose(found.values, x - x.mean(0), atol=1e-9)
    assert found.orders == 0


def test_rows_in_parts_are_the_same(monkeypatch):
    whole = shapley_values(model, X)
    seen = []
    monkeypatch.setattr("heatlens.importance.shapley._NUMBERS", 16)
    parts = shapley_values(model, X, progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-14)
    assert seen == [(k + 1, 80) for k in range(80)]
    assert exact_shares(lambda absent: np.ones(2), 2).values.tolist() == [[0, 0]] * 2


@pytest.mark.parametrize("repeats", [5, "all"])
def test_losses_are_reduced_at_once(repeats):
    """The paper's formula of the jackknife, on all repeats at once."""
    from heatlens.importance.permutation import permutations

    rng = np.random.default_rng(0)
    base, n = rng.random(12), 12
    donors = list(permutations(n, repeats, 0))
    changed = rng.random((len(donors), n))
    tally = RowLosses(base)
    for one, whom in zip(changed, donors, strict=True):
        tally.add(one, whom)
    without = np.empty((len(donors), n))
    for r, whom in enumerate(donors):
        for k in range(n):
            kept = (np.arange(n) != k) & (whom != k)
            without[r, k] = (base - changed[r])[kept].mean()
    left = without.mean(0)
    error = np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    found = tally.estimate(0.95)
    assert found.error == pytest.approx(error)
    assert found.value == pytest.approx((base - changed).mean())


def peak(run):
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_one_repeat_and_of_one_pair():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(1000, 3)), rng.normal(size=(3, 100))

    def first(labels, outputs):
        return float(outputs[:, 0].mean())

    once = 1000 * 100 * 8
    wide = peak(
        lambda: permutation_importance(
            lambda rows: rows @ weights, x, x[:, 0], score=first, repeats=20, features="feature 0"
        )
    )
    assert wide < 8 * once
    every = peak(
        lambda: permutation_importance(
            model, x, x[:, 0], score="squared-error", repeats="all", features="feature 1"
        )
    )
    assert every < 1_000_000  # all donors alone would be eight
    many = rng.normal(size=(100, 20))
    pairs = peak(lambda: interaction(model, many, resamples=20))
    assert pairs < 8_000_000  # all tables of 100 x 100 would be 17


def test_interactions_that_are_done_are_kept():
    calls = []

    def stops(rows):
        calls.append(len(rows))
        if len(calls) == 8:
            raise KeyboardInterrupt
        return model(rows)

    found = interaction(stops, X, resamples=20)
    whole = interaction(model, X, resamples=20)
    assert 1 <= len(found.pairs) < 3
    assert found.squared[0] == whole.squared[0]
    assert any("stopped after" in note for note in found.notes)
