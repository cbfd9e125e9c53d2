"""The H-statistic: closed forms, and the paper's formula written out in loops."""

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.importance import FeatureTable, interaction

RNG = np.random.default_rng(0)
GRID = np.array([[a, b] for a in (-2.0, -1.0, 1.0, 2.0) for b in (-1.0, 0.0, 1.0)])


def by_the_paper(model, x, first, second):
    """Equations 44 and 45 of Friedman and Popescu, one evaluation after the other."""
    n = len(x)

    def dependence(columns):
        values = np.empty(n)
        for i in range(n):
            changed = x.copy()
            changed[:, columns] = x[i, columns]
            values[i] = model(changed).mean()
        return values - values.mean()

    if second is None:
        rest = [k for k in range(x.shape[1]) if k != first]
        both = model(x) - model(x).mean()
        parts = dependence([first]) + dependence(rest)
    else:
        both = dependence([first, second])
        parts = dependence([first]) + dependence([second])
    return ((both - parts) ** 2).sum() / (both**2).sum(), np.sqrt(((both - parts) ** 2).mean())


@pytest.mark.parametrize("features", [None, ["feature 1", "feature 0", "feature 3"]])
def test_equals_the_papers_formula(features):
    x, y = make_friedman1(24, n_features=5, random_state=0)
    model = GradientBoostingRegressor(n_estimators=20, max_depth=3, random_state=0).fit(x, y)
    for pairs in ("pairs", "total"):
        found = interaction(model, x, features=features, pairs=pairs, resamples=20)
        for k, (one, other) in enumerate(found.pairs):
            second = None if other == "all others" else int(other[-1])
            squared, strength = by_the_paper(model.predict, x, int(one[-1]), second)
            assert found.squared[k] == pytest.approx(squared, rel=1e-9)
            assert found.strength[k] == pytest.approx(strength, rel=1e-9)


def test_additive_models_have_none():
    x = RNG.normal(size=(40, 3))
    found = interaction(lambda rows: np.sin(rows[:, 0]) + rows[:, 1] ** 2 - rows[:, 2], x)
    np.testing.assert_allclose(found.squared, 0, atol=1e-20)
    np.testing.assert_allclose(found.strength, 0, atol=1e-12)
    assert (found.high < 1e-12).all()


def test_a_centred_product_is_nothing_else():
    found = interaction(lambda rows: rows[:, 0] * rows[:, 1], GRID, rows=12)
    assert found["feature 0", "feature 1"][0] == pytest.approx(1)
    # The root mean square of the product itself.
    assert found.strength[0] == pytest.approx(np.sqrt((GRID.prod(1) ** 2).mean()))


def test_a_product_beside_a_sum():
    """f = x + y + c x y with centred independent x, y: H^2 = c^2 E x^2 y^2 / E (f - E f)^2."""
    c = 0.5

    def model(rows):
        return rows.sum(1) + c * rows.prod(1)

    f = model(GRID)
    expected = c**2 * (GRID.prod(1) ** 2).mean() / f.var()
    total = interaction(model, GRID, pairs="total")
    pair = interaction(model, GRID)
    assert pair.squared[0] == pytest.approx(expected)
    np.testing.assert_allclose(total.squared, expected)
    assert total.pairs == (("feature 0", "all others"), ("feature 1", "all others"))


def test_the_interval_covers_what_many_rows_say():
    def model(rows):
        return rows[:, 0] + rows[:, 1] + rows[:, 0] * rows[:, 1]

    rng = np.random.default_rng(3)
    hits = 0
    for seed in range(40):
        x = rng.normal(size=(60, 2))
        found = interaction(model, x, rows=60, resamples=100, seed=seed)
        hits += found.low[0] <= 1 / 3 <= found.high[0]
    assert hits >= 34


def test_two_that_do_nothing_have_no_quotient():
    x = RNG.normal(size=(30, 3))
    found = interaction(lambda rows: rows[:, 0], x)
    squared = dict(zip(found.pairs, found.squared))
    assert np.isnan(squared["feature 1", "feature 2"])
    assert squared["feature 0", "feature 1"] == pytest.approx(0, abs=1e-20)
    assert found.to_dict()["pairs"][2]["squared"] is None
    assert any("small numbers" in note for note in found.notes)
    assert found.strength == pytest.approx(0, abs=1e-12)


def test_rows_are_sampled_by_the_seed():
    x = RNG.normal(size=(300, 2))
    runs = [
        interaction(lambda rows: rows.prod(1) + rows[:, 0], x, rows=40, seed=seed, resamples=20)
        for seed in (0, 0, 1)
    ]
    assert runs[0].n == 40
    assert runs[0].squared[0] == runs[1].squared[0] != runs[2].squared[0]
    assert runs[0].low[0] == runs[1].low[0]


def test_chosen_pairs_in_either_order():
    table = FeatureTable(RNG.normal(size=(20, 3)), ("a", "b", "c"))
    found = interaction(
        lambda rows: rows[:, 0] * rows[:, 2], table, pairs=[("c", "a")], resamples=20
    )
    assert found.pairs == (("c", "a"),)
    assert found["a", "c"] == found["c", "a"]
    assert "c x a" in repr(found)
    figure = found.plot(squared=True)
    assert figure.axes[0].get_yticklabels()[0].get_text() == "c × a"


def test_long_pairs_stand_in_two_lines():
    names = ("brightness of the darkest parts", "hue of the most colourful corner")
    table = FeatureTable(RNG.normal(size=(20, 2)), names)
    figure = interaction(lambda rows: rows.prod(1), table, resamples=20).plot()
    assert figure.axes[0].get_yticklabels()[0].get_text() == f"{names[0]} ×\n{names[1]}"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"features": "a"}, InvalidArgument, "nothing to interact"),
        ({"pairs": [("a", "e")]}, UnknownName, "feature"),
        ({"pairs": [("a", "a")]}, InvalidArgument, "itself"),
        ({"pairs": "all"}, UnknownName, "total"),
        ({"pairs": []}, InvalidArgument, "no pair"),
        ({"rows": 5}, InvalidArgument, "at least 10"),
        ({"resamples": 3}, InvalidArgument, "at least 20"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_errors_are_in_words(change, error, words):
    table = FeatureTable(RNG.normal(size=(20, 2)), ("a", "b"))
    with pytest.raises(error, match=words):
        interaction(lambda rows: rows.sum(1), table, **change)
