"""A tree that imitates: a threshold is recovered, chance is called chance, scikit-learn agrees."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import FeatureTable, picture_features
from heatlens.surrogates import linear_surrogate, tree_surrogate
from heatlens.surrogates.grown_tree import LEAF, grow

LUMA = (0.299, 0.587, 0.114)


class Threshold(nn.Module):
    """Says "bright" if the mean luma is above .45."""

    def forward(self, batch):
        luma = (batch * torch.tensor(LUMA)[:, None, None]).sum(1).mean(dim=(1, 2))
        return torch.stack([torch.zeros_like(luma), 200 * (luma - 0.45)], dim=1)


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    # Cells of their own brightness, so that no part stands for the whole.
    level = rng.uniform(0.1, 0.8, (150, 3, 3, 1)).repeat(8, axis=1).repeat(8, axis=2)
    pixels = np.clip(rng.normal(level, 0.05, (150, 24, 24, 3)), 0, 1)
    return np.rint(255 * pixels).astype(np.uint8)


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(4)
    return FeatureTable(rng.uniform(size=(300, 4)), ("a", "b", "c", "d"))


def three_classes(table):
    """Scores of a network that asks two questions of `a` and `b`."""
    a, b = table.column("a"), table.column("b")
    chosen = np.where(a <= 0.4, 0, np.where(b <= 0.5, 1, 2))
    return 20.0 * np.eye(3)[chosen]


def test_a_threshold_of_a_statistic_is_recovered(pictures):
    model = hl.load_model(Threshold(), input_size=24, mean=0.0, std=1.0, labels=["dark", "bright"])
    table = picture_features(pictures)
    found = tree_surrogate(model, pictures, table, seed=1)
    assert found.explains
    assert found.first == "brightness"
    assert found.fidelity.agreement.value == 1
    assert found.stability.first_share > 0.8
    assert found.model.threshold[0] == pytest.approx(0.45, abs=0.02)
    assert found.rules().startswith("brightness > 0.4")
    assert "yes: bright" in found.rules()
    assert (
        found.predict(table) == np.where(table.column("brightness") > 0.45, "bright", "dark")
    ).mean() > 0.98


def test_two_questions_are_recovered_exactly(numbers):
    found = tree_surrogate(None, three_classes(numbers), numbers)
    assert found.explains
    assert found.model.leaves == 3
    assert {name for name, _ in found.ranked()} == {"a", "b"}
    assert found.rules().count("\n") == 4
    assert found.fidelity.agreement.value >= 0.97
    assert found.stability.rank_correlation > 0.6


def test_random_answers_are_not_explained(numbers):
    scores = np.random.default_rng(9).normal(size=(300, 3))
    found = tree_surrogate(None, scores, numbers, seed=2)
    assert not found.explains
    assert found.verdict.startswith("does not explain this model")
    assert str(found).startswith("Does not explain this model")
    assert "a constant guess" in found.verdict
    assert found.stability.same_answers < 0.7


def test_a_random_number_is_not_explained(numbers):
    found = tree_surrogate(
        None, np.random.default_rng(9).normal(size=300), numbers, output="number"
    )
    assert not found.explains
    assert found.fidelity.agreement is None
    assert found.fidelity.r2.value < 0.3


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_classes_are_those_of_scikit_learn(numbers, depth):
    rng = np.random.default_rng(1)
    said = rng.dirichlet(np.ones(4), size=300) + 2 * (numbers.values > 0.7)
    said /= said.sum(axis=1, keepdims=True)
    tree = grow(numbers.values, said, classes=True, depth=depth, leaves=20, smallest=5, seed=0)
    reference = DecisionTreeClassifier(
        max_depth=depth, max_leaf_nodes=20, min_samples_leaf=5, random_state=0
    ).fit(numbers.values, said.argmax(axis=1))
    new = np.random.default_rng(2).uniform(size=(1000, 4))
    assert (tree.answers(new).argmax(axis=1) == reference.predict(new)).all()
    for node in np.flatnonzero(tree.feature != LEAF):
        pair = [tree.left[node], tree.right[node]]
        if (tree.feature[pair] == LEAF).all():
            assert tree.value[pair[0]].argmax() != tree.value[pair[1]].argmax()


def test_numbers_and_importances_are_those_of_scikit_learn(numbers):
    y = numbers.column("a") * 3 + numbers.column("c") ** 2
    tree = grow(numbers.values, y[:, None], classes=False, depth=5, leaves=12, smallest=4, seed=0)
    reference = DecisionTreeRegressor(
        max_depth=5, max_leaf_nodes=12, min_samples_leaf=4, random_state=0
    ).fit(numbers.values, y)
    new = np.random.default_rng(2).uniform(size=(1000, 4))
    assert tree.answers(new)[:, 0] == pytest.approx(reference.predict(new))
    assert tree.importances() == pytest.approx(reference.feature_importances_)
    assert tree.leaves == reference.get_n_leaves()


def test_a_row_on_the_threshold_goes_as_in_scikit_learn():
    # In single precision 0.1 + 2e-9 is 0.1, and so is the threshold's neighbour.
    x = np.array([0.1, 0.1 + 2e-9, 0.3, 0.4] * 10)[:, None]
    y = np.eye(2)[np.array([0, 0, 1, 1] * 10)]
    tree = grow(x, y, classes=True, depth=2, leaves=4, smallest=1, seed=0)
    at = np.linspace(0.0999, 0.3001, 2001)[:, None]
    reference = DecisionTreeClassifier(max_depth=2, random_state=0).fit(x, y.argmax(axis=1))
    assert (tree.answers(at).argmax(axis=1) == reference.predict(at)).all()


def test_the_probability_of_one_class(numbers):
    found = tree_surrogate(None, three_classes(numbers), numbers, target=1)
    assert found.kind == "number"
    assert found.what == "the probability of class 1"
    assert found.explains
    assert found.predict(numbers).dtype == np.float64


def test_many_classes_get_the_depth_that_yes_and_no_need():
    digit = np.arange(300) % 10
    table = FeatureTable(np.random.default_rng(0).uniform(size=(300, 1)), ("noise",))
    found = tree_surrogate(None, 9.0 * np.eye(10)[digit], table.with_columns({"digit": digit}))
    assert found.fidelity.agreement.value == 1
    assert found.stability.first_group == "digit"
    assert found.stability.first_group_share == 1
    assert found.stability.first_share < 0.9
    assert found.rules().startswith("digit = ")
    shallow = tree_surrogate(
        None, 9.0 * np.eye(10)[digit], table.with_columns({"digit": digit}), depth=2
    )
    assert not shallow.explains


def test_classes_that_are_never_chosen_are_left_out(numbers):
    scores = np.full((300, 1000), -5.0)
    scores[:, [7, 50, 999]] = three_classes(numbers)
    found = tree_surrogate(None, scores, numbers)
    assert found.labels == ("class 7", "class 50", "class 999")
    assert any("997 of 1000 classes" in note for note in found.notes)
    assert found.explains
    assert linear_surrogate(None, scores, numbers).coefficients.values.shape == (3, 4)


def test_a_feature_that_says_the_same_is_named(numbers):
    table = numbers.with_columns({"copy": numbers.column("a") * 5 + 1, "flat": np.zeros(300)})
    found = tree_surrogate(None, three_classes(numbers), table)
    assert any("cannot tell which of them" in note for note in found.notes)
    assert any("'flat'" in note for note in found.notes)
    assert "Note:" in str(found)


def test_features_are_found_by_name_and_missing_ones_are_named(numbers):
    found = tree_surrogate(None, three_classes(numbers), numbers)
    turned = (
        numbers.select(["b"]).joined(numbers.without(["b"])).with_columns({"more": np.ones(300)})
    )
    assert (found.predict(turned) == found.predict(numbers)).all()
    assert (found.predict(numbers.values) == found.predict(numbers)).all()
    with pytest.raises(UnknownName, match="feature 'b'"):
        found.predict(numbers.without(["b"]))
    with pytest.raises(InvalidArgument, match=r"\(n, 4\)"):
        found.predict(np.zeros((2, 3)))
    with pytest.raises(InvalidArgument, match="NaN"):
        found.predict(np.full((2, 4), np.nan))


def test_same_seed_same_result_and_it_can_be_stored(numbers):
    one, two = (tree_surrogate(None, three_classes(numbers), numbers, seed=5) for _ in range(2))
    assert one.to_dict() == two.to_dict()
    again = pickle.loads(pickle.dumps(one))
    assert (again.predict(numbers) == one.predict(numbers)).all()
    assert str(again) == str(one)


def test_progress_counts_every_tree(numbers):
    ticks = []
    tree_surrogate(None, three_classes(numbers), numbers, progress=lambda *done: ticks.append(done))
    assert ticks[-1] == (206, 206)
    assert [done for done, _ in ticks] == list(range(2, 207))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"held_out": 1.0}, "held_out is 1.0"),
        ({"confidence": 95}, "confidence is 95"),
        ({"least": 2}, "least is 2"),
        ({"resamples": 50}, "50 resamples give no interval at 0.95; it takes 200"),
        ({"depth": 0}, "depth is 0"),
        ({"confidence": 0.999, "resamples": 10_000, "held_out": 0.1}, "68 held out"),
    ],
    ids=["held", "confidence", "least", "resamples", "depth", "few"],
)
def test_settings_that_cannot_be(numbers, options, words):
    with pytest.raises(InvalidArgument, match=words):
        tree_surrogate(None, three_classes(numbers), numbers, **options)


@pytest.mark.parametrize("form", [tree_surrogate, linear_surrogate], ids=["tree", "linear"])
def test_what_cannot_be_imitated(numbers, form):
    few = numbers.take(range(50))
    with pytest.raises(InvalidArgument, match=r"50 pictures leave 35 .* at least 82 pictures"):
        form(None, three_classes(few), few)
    with pytest.raises(InvalidArgument, match="says 'class 1' of all 210"):
        form(None, np.tile([0.0, 1.0], (300, 1)), numbers)
    with pytest.raises(InvalidArgument, match="nothing to imitate"):
        form(None, np.ones(300), numbers, output="number")
    with pytest.raises(InvalidArgument, match=r"299 answers .* 300 rows"):
        form(None, three_classes(numbers)[1:], numbers)
    with pytest.raises(InvalidType, match="expected a FeatureTable"):
        form(None, three_classes(numbers), numbers.values)
