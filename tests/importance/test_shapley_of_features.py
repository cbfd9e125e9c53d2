"""Shapley values of named features: shap's exact ones, the closed form, the axioms."""

import numpy as np
import pytest
import shap
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance import FeatureTable, shapley_importance, shapley_values

IRIS = load_iris()
TABLE = FeatureTable(IRIS.data, ("sl", "sw", "pl", "pw"))
FOREST = RandomForestClassifier(10, random_state=0).fit(IRIS.data, IRIS.target)


@pytest.mark.parametrize("target", [0, 2])
def test_equals_shap_exactly(target):
    rows = [0, 60, 120]
    found = shapley_values(FOREST, TABLE, target=target, rows=rows, background=30, seed=4)
    background = np.sort(np.random.default_rng(4).choice(150, 30, replace=False))
    masker = shap.maskers.Independent(IRIS.data[background], max_samples=30)
    theirs = shap.explainers.Exact(FOREST.predict_proba, masker)(IRIS.data[rows])
    np.testing.assert_allclose(found.values, theirs.values[:, :, target], atol=1e-10)
    np.testing.assert_allclose(found.base, theirs.base_values[:, target], atol=1e-10)
    assert (found.error == 0).all()
    assert found.aim == f"probability of class {target}"


def test_equals_kernel_shap_with_all_coalitions():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 5))
    model = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(x, x[:, 0] * x[:, 1])
    found = shapley_values(model, x, rows=[3, 7], background=40)
    theirs = shap.KernelExplainer(model.predict, x).shap_values(
        x[[3, 7]], nsamples=100, silent=True
    )
    np.testing.assert_allclose(found.values, theirs, atol=1e-8)


@pytest.mark.parametrize("samples", [None, 8])
def test_closed_form_of_a_linear_model(samples):
    rng = np.random.default_rng(0)
    x, beta = rng.normal(size=(30, 6)), np.arange(6.0)
    found = shapley_values(lambda rows: rows @ beta + 3, x, samples=samples)
    np.testing.assert_allclose(found.values, beta * (x - x.mean(0)), atol=1e-12)
    np.testing.assert_allclose(found.error, 0, atol=1e-7)


@pytest.mark.parametrize("samples", [None, 6])
@pytest.mark.parametrize("background", [7, "mean"])
def test_values_add_up(samples, background):
    found = shapley_values(
        FOREST, TABLE, target="predicted", samples=samples, background=background
    )
    np.testing.assert_allclose(found.values.sum(1), found.outputs - found.base, atol=1e-12)
    said = FOREST.predict_proba(IRIS.data).max(1)
    np.testing.assert_allclose(found.outputs, said)


def test_sampled_values_are_within_their_error():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 6))

    def model(rows):
        return rows[:, 0] * rows[:, 1] * rows[:, 2] + np.abs(rows[:, 3]) * rows[:, 4]

    exact = shapley_values(model, x)
    sampled = shapley_values(model, x, samples=60, seed=2)
    off = np.abs(sampled.values - exact.values)
    assert (off <= 5 * sampled.error + 1e-12).all()
    assert (off[:, :5] > 0).any()
    # Nobody's share has no chance in it.
    np.testing.assert_allclose(sampled.values[:, 5], 0, atol=1e-15)
    assert sampled.orders == 60


def test_tolerance_stops_early():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(10, 5))
    found = shapley_values(
        lambda rows: rows[:, 0] + 0.1 * rows[:, 1] * rows[:, 2], x, samples=1000, tolerance=0.1
    )
    assert found.orders == 16
    assert "stopped: tolerance" in found.notes


def test_stopping_keeps_the_orders_that_are_done():
    calls = []

    def model(rows):
        calls.append(1)
        if len(calls) == 60:
            raise KeyboardInterrupt
        return rows[:, 0] * rows[:, 1]

    x = np.random.default_rng(0).normal(size=(4, 5))
    found = shapley_values(model, x, samples=100)
    assert "stopped: interrupted" in found.notes
    assert 4 <= found.orders < 20
    np.testing.assert_allclose(found.values.sum(1), found.outputs - found.base, atol=1e-12)


def test_importance_is_the_mean_size():
    found = shapley_importance(FOREST, TABLE, target=1, background=20)
    values = shapley_values(FOREST, TABLE, target=1, background=20)
    np.testing.assert_allclose(found.values, np.abs(values.values).mean(0))
    again = shapley_importance(None, values)
    assert again.names == found.names
    assert (again.high == found.high).all()
    assert (found.low >= 0).all()


def test_named_features_leave_the_others_as_they_are():
    x = np.array([[1.0, 10.0], [3.0, 20.0]])
    found = shapley_values(lambda rows: rows.sum(1), x, features="feature 0")
    assert found.values.tolist() == [[-1.0], [1.0]]
    assert found.base.tolist() == [12.0, 22.0]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"target": None}, InvalidArgument, "3 classes"),
        ({"target": 7}, UnknownName, "class"),
        ({"rows": [150]}, InvalidArgument, "0 to 149"),
        ({"rows": []}, InvalidArgument, "row numbers"),
        ({"samples": 5}, InvalidArgument, "even"),
        ({"background": 0}, InvalidArgument, "background"),
        ({"output": "logit"}, UnknownName, "score"),
        ({"features": ["p"]}, UnknownName, "feature"),
    ],
    ids=lambda value: str(value) if isinstance(value, str | dict) else None,
)
def test_errors_are_in_words(change, error, words):
    with pytest.raises(error, match=words):
        shapley_values(FOREST, TABLE, **{"target": 0, **change})


def test_figure_and_dictionary():
    found = shapley_values(FOREST, TABLE, target=1, rows=[60], background=10)
    axes = found.plot().axes[0]
    assert len(axes.get_yticklabels()) == 4
    assert found.ranked()[0][0] in ("pl", "pw")
    assert found.to_dict()["rows"] == [60]
    assert repr(found).startswith("Shapley values of the probability of class 1; 1 row x 4")
    with pytest.raises(InvalidArgument, match="row 3"):
        found.plot(3)
