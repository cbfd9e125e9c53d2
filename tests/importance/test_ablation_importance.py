"""Ablation importance: equal to a loop written by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score

from heatlens.errors import InvalidArgument
from heatlens.importance import FeatureTable, ablation_importance

IRIS = load_iris()
TABLE = FeatureTable(IRIS.data, ("sl", "sw", "pl", "pw"), ("sepal", "sepal", "petal", "petal"))
MODEL = LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)


@pytest.mark.parametrize("features", [None, ["sepal", "petal"], "pw"])
def test_equals_a_loop(features):
    found = ablation_importance(MODEL, TABLE, IRIS.target, score="probability", features=features)
    rows = np.arange(150)
    base = MODEL.predict_proba(IRIS.data)[rows, IRIS.target]
    assert found.baseline == pytest.approx(base.mean())
    for name, value, low, high in found.ranked():
        changed = IRIS.data.copy()
        for column, (own, group) in enumerate(zip(TABLE.names, TABLE.groups)):
            if name in (own, group):
                changed[:, column] = IRIS.data[:, column].mean()
        loss = base - MODEL.predict_proba(changed)[rows, IRIS.target]
        assert value == pytest.approx(loss.mean())
        least, most = stats.t.interval(0.95, 149, loss.mean(), stats.sem(loss))
        assert (low, high) == pytest.approx((least, most))


def test_r2_equals_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 2))
    y = 2 * x[:, 0] + x[:, 1] + rng.normal(size=80)

    def model(rows):
        return 2 * rows[:, 0] + rows[:, 1]

    found = ablation_importance(model, x, y, score="r2")
    changed = x.copy()
    changed[:, 0] = x[:, 0].mean()
    assert found.values[0] == pytest.approx(r2_score(y, model(x)) - r2_score(y, model(changed)))
    assert found.low[0] < found.values[0] < found.high[0]


def test_leaving_groups_out_agrees_with_the_rows_themselves():
    """A mean written as any statistic has nearly the interval of the mean."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 1))

    def negative(labels, outputs):
        return -float(np.square(labels - outputs).mean())

    def model(rows):
        return rows[:, 0]

    y = x[:, 0] + rng.normal(size=300)
    mean = ablation_importance(model, x, y, score="squared-error")
    other = ablation_importance(model, x, y, score=negative)
    assert other.values[0] == pytest.approx(mean.values[0])
    assert other.error[0] == pytest.approx(mean.error[0], rel=0.35)


def test_too_few_rows_are_refused_in_words():
    with pytest.raises(InvalidArgument, match="at least 15"):
        ablation_importance(MODEL, TABLE.take(range(12)), IRIS.target[:12], confidence=0.9999)


def test_one_column_one_value():
    found = ablation_importance(
        lambda x: x[:, 0], np.ones((12, 1)), np.zeros(12), score="squared-error"
    )
    assert found["feature 0"] == (0, 0, 0)
    assert "the same in every row" in found.notes[0]
