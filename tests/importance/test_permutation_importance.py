"""Permutation importance: equal to scikit-learn's, and to the sum over all pairs of rows."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance as theirs
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score
from sklearn.svm import SVC
from torch import nn

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import FeatureTable, permutation_importance
from heatlens.importance.losses import losses_of
from heatlens.importance.permutation import permutations
from heatlens.importance.scores import score_of
from heatlens.importance.tabular import TableSubject

IRIS = load_iris()
NAMES = ("sepal length", "sepal width", "petal length", "petal width")
TABLE = FeatureTable(IRIS.data, NAMES)


def sklearn_donors(rows, repeats, seed):
    """The permutations that scikit-learn makes: each shuffles the one before again."""
    state = np.random.RandomState(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    index, column, found = np.arange(rows), np.arange(rows), []
    for _ in range(repeats):
        state.shuffle(index)
        column = column[index]
        found.append(column.copy())
    return np.stack(found)


@pytest.mark.parametrize("score", ["accuracy", "r2"])
def test_equals_scikit_learn_with_the_same_permutations(score):
    if score == "accuracy":
        model = RandomForestClassifier(10, random_state=0).fit(IRIS.data[::2], IRIS.target[::2])
        table, labels = TABLE, IRIS.target
    else:
        x, labels = make_regression(60, 4, noise=5, random_state=0)
        model, table = Ridge().fit(x, labels), FeatureTable(x, NAMES)
    expected = theirs(model, table.values, labels, n_repeats=5, random_state=3)
    chosen = score_of(score)
    subject = TableSubject(model, table, reads=chosen.reads)
    donors = sklearn_donors(len(table), 5, 3)
    found = losses_of(subject, labels, chosen, donors, 0.95, 0, None).result("permutation", ())
    np.testing.assert_allclose(found.values, expected.importances_mean, atol=1e-12)
    np.testing.assert_allclose(found.by_repeat.T, expected.importances, atol=1e-12)


def test_expectation_equals_scikit_learn_within_its_error():
    model = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)
    expected = theirs(model, IRIS.data, IRIS.target, n_repeats=60, random_state=0)
    found = permutation_importance(model, TABLE, IRIS.target, repeats=60, seed=5)
    error = np.hypot(expected.importances_std, found.by_repeat.std(0)) / np.sqrt(60)
    assert (np.abs(found.values - expected.importances_mean) <= 4 * error + 1e-12).all()


def test_all_pairs_are_the_double_sum():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(12, 3)), rng.normal(size=12)

    def model(x):
        return np.sin(x[:, 0]) * x[:, 1]

    found = permutation_importance(model, rows, labels, score="squared-error", repeats="all")
    base = np.mean((labels - model(rows)) ** 2)
    for feature in range(3):
        total = 0.0
        for i in range(12):
            for j in range(12):
                if i != j:
                    changed = rows[i].copy()
                    changed[feature] = rows[j, feature]
                    total += (labels[i] - model(changed[None])[0]) ** 2
        assert found.values[feature] == pytest.approx(total / (12 * 11) - base, abs=1e-12)


def test_all_pairs_know_no_seed():
    rows = np.random.default_rng(0).normal(size=(15, 2))
    runs = [
        permutation_importance(
            lambda x: x[:, 0] * x[:, 1], rows, rows[:, 0], score="r2", repeats="all", seed=seed
        )
        for seed in (0, 9)
    ]
    np.testing.assert_allclose(runs[0].values, runs[1].values, atol=1e-12)


@pytest.mark.parametrize("repeats", [1, 4, "all"])
def test_permutations_are_permutations(repeats):
    for donors in permutations(9, repeats, 1):
        assert sorted(donors.tolist()) == list(range(9))


def test_same_seed_same_result_and_no_global_state():
    model = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second, third = (
        permutation_importance(model, TABLE, IRIS.target, seed=seed, repeats=2)
        for seed in (1, 1, 2)
    )
    assert (first.values == second.values).all()
    assert (first.values != third.values).any()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_interval_covers_the_truth():
    rng = np.random.default_rng(0)

    def model(x):
        one = 1 / (1 + np.exp(-1.5 * x[:, 0] - x[:, 1]))
        return np.stack([1 - one, one], 1)

    def data(n):
        x = rng.normal(size=(n, 2))
        return x, (rng.random(n) < model(x)[:, 1]).astype(int)

    x, y = data(200_000)
    other = x.copy()
    other[:, 0] = x[rng.permutation(len(x)), 0]
    of_label = score_of("probability").whole
    truth = of_label(y, model(x)) - of_label(y, model(other))
    hits = 0
    for seed in range(150):
        rows, labels = data(40)
        found = permutation_importance(
            model, rows, labels, score="probability", features="feature 0", seed=seed
        )
        hits += found.low[0] <= truth <= found.high[0]
    assert (
        136 <= hits <= 150
    )  # of 95 % the 0.1 % quantile is 133.6, and it is wide rather than narrow


@pytest.mark.parametrize("kind", ["svc", "labels", "objects", "callable", "frame"])
def test_models_are_taken_as_they_are(kind):
    labels = IRIS.target
    data = TABLE
    if kind == "svc":
        model = SVC().fit(IRIS.data, labels)
    elif kind in ("labels", "objects"):
        labels = IRIS.target_names[labels].astype(object if kind == "objects" else str)
        model = LogisticRegression(max_iter=1000).fit(IRIS.data, labels)
    elif kind == "callable":
        model = LogisticRegression(max_iter=1000).fit(IRIS.data, labels).predict_proba
    else:
        import pandas

        data = pandas.DataFrame(IRIS.data, columns=NAMES)
        model = LogisticRegression(max_iter=1000).fit(data, labels)
    found = permutation_importance(model, data, labels, repeats=2)
    assert found.names == NAMES
    assert found.baseline > 0.95
    assert found.ranked()[0][0] in ("petal length", "petal width")


def test_own_score():
    model = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)

    def balanced(labels, outputs):
        return balanced_accuracy_score(labels, outputs.argmax(1))

    found = permutation_importance(model, TABLE, IRIS.target, score=balanced, repeats=3)
    plain = permutation_importance(model, TABLE, IRIS.target, repeats=3)
    np.testing.assert_allclose(found.values, plain.values, atol=0.02)  # the classes are as frequent
    assert ((found.low <= found.values) & (found.values <= found.high)).all()


def test_without_labels_the_models_own_word_counts():
    model = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)
    found = permutation_importance(model, TABLE, repeats=2)
    assert found.baseline == 1
    assert "what the model itself says" in found.notes[0]


def test_groups_are_permuted_together():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    table = FeatureTable(rows, ("a", "b", "c"), ("ab", "ab", "c"))

    def model(x):
        return x[:, 0] - x[:, 1]

    same = FeatureTable(np.stack([rows[:, 0]] * 2 + [rows[:, 2]], 1), table.names, table.groups)
    alone = permutation_importance(model, same, np.zeros(40), score="squared-error")
    together = permutation_importance(
        model, same, np.zeros(40), score="squared-error", features=["ab", "c"]
    )
    assert alone.values[0] > 0.5
    assert together["ab"] == (0, 0, 0)
    assert "correlation 1.00" in alone.notes[-1]
    assert not any("correlation" in note for note in together.notes)


def test_constant_and_unused_features_are_told():
    rows = np.random.default_rng(0).normal(size=(20, 3))
    rows[:, 1] = 4
    found = permutation_importance(lambda x: x[:, 0], rows, rows[:, 0], score="r2")
    assert found["feature 1"] == found["feature 2"] == (0, 0, 0)
    assert "the same in every row: 'feature 1'" in found.notes
    assert "no output changed at all without: 'feature 2'" in found.notes


def test_no_row_changed_its_class_is_no_proof():
    """Where outputs move and no class does, the interval is that of no success in n draws."""
    rows = np.random.default_rng(0).normal(size=(30, 2))

    def model(x):
        one = 1 / (1 + np.exp(-3 * np.sign(x[:, 0]) - 0.1 * x[:, 1]))
        return np.stack([1 - one, one], 1)

    labels = (rows[:, 0] > 0).astype(int)
    found = permutation_importance(model, rows, labels)
    value, low, high = found["feature 1"]
    assert value == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert low == -high
    assert "no class changed at all without: 'feature 1'" in found.notes
    exact = permutation_importance(model, rows, labels, score="probability")
    assert 0 < exact["feature 1"][2] - exact["feature 1"][1] < 0.01


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"data": IRIS.data[:6], "labels": IRIS.target[:6]}, InvalidArgument, "at least 10"),
        ({"labels": IRIS.target[:9]}, InvalidArgument, "expected one for each"),
        ({"labels": IRIS.target + 0.5}, UnknownName, "0.5"),
        ({"score": "accuracies"}, UnknownName, "accuracy"),
        ({"features": ["petals length"]}, UnknownName, "petal length"),
        ({"features": []}, InvalidArgument, "no feature"),
        ({"features": ["petal width", "petal width"]}, InvalidArgument, "more than once"),
        ({"repeats": 0}, InvalidArgument, "repeats"),
        ({"confidence": 1.0}, InvalidArgument, "confidence"),
        ({"data": np.where(IRIS.data > 7, np.nan, IRIS.data)}, InvalidArgument, "NaN"),
        ({"data": "photos"}, InvalidType, "text"),
        ({"model": object()}, InvalidType, "no model on tables"),
        ({"model": LogisticRegression}, InvalidType, "class"),
        ({"model": nn.Linear(4, 3)}, InvalidType, "is a network"),
        ({"model": lambda x: x[:5, 0]}, InvalidArgument, "for 150 rows"),
        (
            {"model": SVC().fit(IRIS.data, IRIS.target), "score": "probability"},
            InvalidType,
            "score",
        ),
        ({"fit": "crop"}, InvalidArgument, "pictures"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_errors_are_in_words(change, error, words):
    model = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)
    given = {"model": model, "data": TABLE, "labels": IRIS.target, "repeats": 1, **change}
    with pytest.raises(error, match=words):
        permutation_importance(**given)


def test_a_score_that_needs_variance_says_so():
    with pytest.raises(InvalidArgument, match="squared-error"):
        permutation_importance(lambda x: x[:, 0], np.ones((12, 1)), np.ones(12), score="r2")


def test_stopping_keeps_what_is_done():
    calls = []

    def model(x):
        calls.append(len(x))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return x[:, 0]

    rows = np.random.default_rng(0).normal(size=(12, 3))
    found = permutation_importance(model, rows, rows[:, 0], score="squared-error", repeats=1)
    assert found.names == ("feature 0",)
    assert "stopped after 1 of 3 features" in found.notes[0]


def test_progress_counts_features():
    seen = []
    rows = np.random.default_rng(0).normal(size=(12, 3))
    permutation_importance(
        lambda x: x[:, 0],
        rows,
        rows[:, 0],
        score="r2",
        repeats=1,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_result_as_words_dictionary_and_figure():
    model = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)
    found = permutation_importance(model, TABLE, IRIS.target, repeats=2)
    told = found.to_dict()
    assert [one["name"] for one in told["features"]] == [name for name, *_ in found.ranked()]
    assert "petal" in repr(found).splitlines()[1]
    axes = found.plot(most=2).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        name for name, *_ in found.ranked()[:2]
    ]
    with pytest.raises(UnknownName, match="petal width"):
        found["petal-width"]
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1
