"""Partial dependence: scikit-learn's own, number by number, and where the data end."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_iris, make_regression
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.inspection import partial_dependence as theirs
from sklearn.linear_model import LogisticRegression

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance import FeatureTable, partial_dependence

X, Y = make_regression(60, 4, noise=3, random_state=0)
TABLE = FeatureTable(X, ("a", "b", "c", "d"))
TREES = GradientBoostingRegressor(n_estimators=15, random_state=0).fit(X, Y)
IRIS = load_iris()
FOREST = RandomForestClassifier(8, random_state=0).fit(IRIS.data, IRIS.target)


@pytest.mark.parametrize("kind", ["average", "individual", "both"])
@pytest.mark.parametrize("grid", [7, 50, 100])
def test_curve_equals_scikit_learn(kind, grid):
    found = partial_dependence(TREES, TABLE, "c", kind=kind, grid=grid)
    other = theirs(TREES, X, [2], method="brute", kind="both", grid_resolution=grid)
    np.testing.assert_array_equal(found.grids[0], other["grid_values"][0])
    np.testing.assert_allclose(found.average, other["average"][0], rtol=1e-13)
    if kind == "average":
        assert found.individual is None
    else:
        np.testing.assert_array_equal(found.individual, other["individual"][0])


def test_surface_equals_scikit_learn():
    found = partial_dependence(TREES, TABLE, ["a", "d"], grid=6, kind="both")
    other = theirs(TREES, X, [0, 3], method="brute", kind="both", grid_resolution=6)
    np.testing.assert_allclose(found.average, other["average"][0], rtol=1e-13)
    np.testing.assert_array_equal(found.individual, other["individual"][0])


@pytest.mark.parametrize("target", [0, 1, 2])
def test_classes_equal_scikit_learn(target):
    table = FeatureTable(IRIS.data, ("sl", "sw", "pl", "pw"))
    found = partial_dependence(FOREST, table, "pl", target=target, grid=9)
    other = theirs(FOREST, IRIS.data, [2], method="brute", grid_resolution=9)
    np.testing.assert_allclose(found.average, other["average"][target], rtol=1e-13)


@pytest.mark.parametrize("output", [None, "probability", "score"])
def test_two_classes_mean_the_second(output):
    rows, labels = IRIS.data[50:], IRIS.target[50:]
    model = LogisticRegression(max_iter=1000).fit(rows, labels)
    found = partial_dependence(model, rows, "feature 3", output=output, grid=5)
    way = "decision_function" if output == "score" else "predict_proba"
    other = theirs(model, rows, [3], method="brute", response_method=way, grid_resolution=5)
    np.testing.assert_allclose(found.average, other["average"][0], rtol=1e-12)


def test_few_values_are_the_grid():
    rows = np.stack([np.arange(20) % 3, np.arange(20)], axis=1).astype(float)
    assert partial_dependence(lambda x: x[:, 0], rows, "feature 0").grids[0].tolist() == [0, 1, 2]


def test_interval_is_students_at_each_point():
    found = partial_dependence(TREES, TABLE, "a", kind="both", grid=4, confidence=0.9)
    for k in range(4):
        own = found.individual[:, k]
        least, most = stats.t.interval(0.9, 59, own.mean(), stats.sem(own))
        assert (found.low[k], found.high[k]) == pytest.approx((least, most))


def test_centred_curves_start_at_nothing():
    plain = partial_dependence(TREES, TABLE, "b", kind="both", grid=5)
    moved = partial_dependence(TREES, TABLE, "b", kind="both", grid=5, centred=True)
    expected = plain.individual - plain.individual[:, :1]
    np.testing.assert_allclose(moved.individual, expected)
    np.testing.assert_allclose(moved.average, expected.mean(0), atol=1e-12)
    assert moved.low[0] == moved.high[0] == 0


def test_relative_values_are_added():
    found = partial_dependence(
        lambda x: x[:, 0] ** 2, TABLE, "a", grid=[-1.0, 0.0, 1.0], relative=True, kind="both"
    )
    expected = (X[:, :1] + np.array([-1.0, 0.0, 1.0])) ** 2
    np.testing.assert_allclose(found.individual, expected)
    assert found.supported.tolist() == [True, True, True]


def test_beyond_the_data_is_marked():
    found = partial_dependence(TREES, TABLE, "a", grid=[-100.0, 0.0, 100.0])
    assert found.supported.tolist() == [False, True, False]
    assert "Hatched" in " ".join(text.get_text() for text in found.plot().texts)


def test_corners_without_rows_are_marked():
    line = np.linspace(0, 1, 40)
    rows = np.stack([line, line], axis=1)
    found = partial_dependence(lambda x: x.sum(1), rows, ["feature 0", "feature 1"], grid=9)
    assert found.supported.diagonal().all()
    assert not found.supported[0, -1]
    assert not found.supported[-1, 0]
    assert "correlation 1.00" in found.notes[0]


def test_a_column_nobody_asked_about_is_told_where_it_goes_along():
    line = np.linspace(0, 1, 40)
    rows = np.stack([line, line**3, np.cos(40 * line)], axis=1)
    (note,) = partial_dependence(lambda x: x[:, 0], rows, "feature 1").notes
    assert "'feature 0' and 'feature 1'" in note
    assert partial_dependence(lambda x: x[:, 0], rows, "feature 2").notes == ()


def test_deciles_and_dictionary():
    found = partial_dependence(TREES, TABLE, "a", grid=5)
    np.testing.assert_allclose(found.deciles[0], np.quantile(X[:, 0], np.arange(1, 10) / 10))
    assert found.to_dict()["grids"][0] == found.grids[0].tolist()
    assert "by a from" in repr(found)
    assert found.aim == "prediction of GradientBoostingRegressor"


@pytest.mark.parametrize("features", ["a", ["a", "b"]])
def test_figures_have_their_words(features):
    found = partial_dependence(TREES, TABLE, features, grid=4, kind="both")
    figure = found.plot(title="a title")
    assert figure.texts[0].get_text() == "a title"
    assert figure.axes[0].get_xlabel() == "a"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"features": ["a", "b", "c"]}, InvalidArgument, "one or two"),
        ({"features": "e"}, UnknownName, "feature"),
        ({"grid": 1}, InvalidArgument, "at least 2"),
        ({"grid": [np.nan]}, InvalidArgument, "finite"),
        ({"kind": "mean"}, UnknownName, "kind"),
        ({"percentiles": (0.9, 0.1)}, InvalidArgument, "rise"),
        ({"relative": True}, InvalidArgument, "linspace"),
        ({"target": 3}, InvalidArgument, "one number"),
        ({"data": X[:5]}, InvalidArgument, "at least 10"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_errors_are_in_words(change, error, words):
    given = {"data": TABLE, "features": "a", **change}
    if "data" in change:
        given["features"] = "feature 0"
    with pytest.raises(error, match=words):
        partial_dependence(TREES, given.pop("data"), given.pop("features"), **given)


def test_a_group_has_no_single_number():
    table = FeatureTable(X, ("a", "b", "c", "d"), ("ab", "ab", "c", "d"))
    with pytest.raises(InvalidArgument, match="no single number"):
        partial_dependence(TREES, table, "ab")
