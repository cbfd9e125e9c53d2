"""A linear model that imitates: what is linear is recovered, and scikit-learn agrees."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import FeatureTable, picture_features
from heatlens.surrogates import linear_surrogate
from heatlens.surrogates.linear_model import fit_linear
from heatlens.surrogates.unpenalised import unpenalised

BETA = np.array([2.0, -1.0, 0.5, 0.0])


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(240, 4)) * [1, 3, 0.1, 1] + [0, 5, 0, 0]
    return FeatureTable(values, ("a", "b", "c", "d"))


def standardised(values):
    return (values - values.mean(axis=0)) / values.std(axis=0)


def test_a_linear_number_is_recovered_exactly(table):
    found = linear_surrogate(None, table.values @ BETA + 3, table, output="number")
    assert found.explains
    assert found.fidelity.r2.value == pytest.approx(1, abs=1e-6)
    rows = np.array(sorted(np.random.default_rng(0).permutation(240)[72:]))
    wanted = BETA * table.values[rows].std(axis=0)
    assert found.coefficients.values[0] == pytest.approx(wanted, abs=1e-3)
    assert (found.coefficients.low[0, :3] * found.coefficients.high[0, :3] > 0).all()
    assert (found.coefficients.same_sign[0, :3] == 1).all()
    assert found.predict(table) == pytest.approx(table.values @ BETA + 3, abs=1e-3)
    assert found.first == "b"


class Brightness(nn.Module):
    """One logit, linear in the mean of the pixels."""

    def forward(self, batch):
        return 30 * (batch.mean(dim=(1, 2, 3))[:, None] - 0.5)


@pytest.fixture(scope="module")
def greys():
    rng = np.random.default_rng(1)
    level = rng.uniform(0.2, 0.8, (140, 1, 1))
    pixels = np.clip(rng.normal(level, rng.uniform(0.02, 0.2, (140, 1, 1)), (140, 20, 20)), 0, 1)
    return np.rint(255 * pixels[..., None].repeat(3, axis=-1)).astype(np.uint8)


def test_a_network_of_one_logit_that_reads_brightness(greys):
    model = hl.load_model(Brightness(), input_size=20, mean=0.0, std=1.0)
    kinds = picture_features(greys, ["brightness", "texture"]).without(
        ["brightness of the darkest parts", "brightness of the brightest parts"]
    )
    with pytest.raises(InvalidArgument, match="output='logit'"):
        linear_surrogate(model, greys, kinds)
    found = linear_surrogate(model, greys, kinds, output="logit")
    assert found.explains
    assert found.labels == ("no", "yes")
    assert found.first == "brightness"
    assert found.coefficients.labels == ("yes",)
    assert found.coefficients.values.shape == (1, len(kinds.names))
    assert found.coefficients.low[0, kinds.index("brightness")] > 0
    assert found.fidelity.agreement.value > 0.95


def test_ridge_is_scikit_learns(table):
    y = table.values @ BETA + np.random.default_rng(3).normal(size=240)
    found = fit_linear(table.values, y[:, None], classes=False, strength=0.1)
    reference = Ridge(alpha=0.1 * 240).fit(standardised(table.values), y)
    assert found.weights[0] == pytest.approx(reference.coef_)
    assert found.answers(table.values)[:, 0] == pytest.approx(
        reference.predict(standardised(table.values))
    )


def test_lasso_is_scikit_learns_and_leaves_out(table):
    y = table.values @ BETA + np.random.default_rng(3).normal(size=240)
    found = fit_linear(table.values, y[:, None], classes=False, penalty="lasso", strength=0.1)
    reference = Lasso(alpha=0.1, tol=1e-8).fit(standardised(table.values), (y - y.mean()) / y.std())
    assert found.weights[0] == pytest.approx(reference.coef_ * y.std(), abs=1e-5)
    assert found.weights[0, 3] == 0


@pytest.mark.parametrize("k", [2, 4])
def test_logistic_regression_is_scikit_learns(table, k):
    rng = np.random.default_rng(3)
    said = np.argmax(
        standardised(table.values) @ rng.normal(size=(4, k)) + rng.gumbel(size=(240, k)), 1
    )
    found = fit_linear(table.values, np.eye(k)[said], classes=True, strength=0.01)
    # Two classes have one row of weights there, whose penalty is twice as high.
    C = 1 / (0.01 * 240) * (2 if k == 2 else 1)
    reference = LogisticRegression(C=C, tol=1e-8, max_iter=5000).fit(
        standardised(table.values), said
    )
    assert found.answers(table.values) == pytest.approx(
        reference.predict_proba(standardised(table.values)), abs=1e-3
    )
    assert found.weights.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)


def test_probabilities_count_by_how_sure_the_network_is(table):
    # Each row twice, with weights: what soft answers mean.
    yes = 1 / (1 + np.exp(-standardised(table.values) @ BETA / 4))
    found = fit_linear(table.values, np.stack([1 - yes, yes], axis=1), classes=True, strength=0.01)
    z = standardised(table.values)
    reference = LogisticRegression(C=2 / (0.01 * 240), tol=1e-8, max_iter=5000).fit(
        np.vstack([z, z]), np.repeat([0, 1], 240), sample_weight=np.concatenate([1 - yes, yes])
    )
    assert found.answers(table.values)[:, 1] == pytest.approx(
        reference.predict_proba(z)[:, 1], abs=1e-3
    )


def test_a_constant_column_has_no_coefficient(table):
    wider = table.with_columns({"flat": np.full(240, 0.1)})
    found = linear_surrogate(None, table.values @ BETA, wider, output="number")
    assert found.coefficients.values[0, 4] == 0
    assert any("'flat'" in note for note in found.notes)


def test_random_answers_are_not_explained(table):
    found = linear_surrogate(None, np.random.default_rng(5).normal(size=(240, 3)), table)
    assert not found.explains
    assert str(found).startswith("Does not explain")


def test_the_lasso_keeps_few_features(table):
    rng = np.random.default_rng(0)
    wide = table.joined(
        FeatureTable(rng.normal(size=(240, 20)), tuple(f"noise {i}" for i in range(20)))
    )
    y = table.values @ BETA + 0.3 * rng.normal(size=240)
    found = linear_surrogate(None, y, wide, output="number", penalty="lasso")
    assert found.explains
    assert len(found.ranked()) < 20
    assert [name for name, _ in found.ranked()][:2] == ["b", "a"]


def test_words_and_arguments(table):
    found = linear_surrogate(None, table.values @ BETA, table, output="number")
    assert "Largest coefficients" in str(found)
    assert found.form in repr(found)
    assert found.to_dict()["coefficients"][0]["feature"] == "b"
    with pytest.raises(InvalidType, match="not rules"):
        found.rules()
    with pytest.raises(UnknownName, match="did you mean 'ridge'"):
        linear_surrogate(None, table.values @ BETA, table, penalty="rigde")
    with pytest.raises(InvalidArgument, match="lasso imitates one number"):
        linear_surrogate(None, table.values, table, penalty="lasso")
    with pytest.raises(InvalidArgument, match="strength is 0"):
        linear_surrogate(None, table.values, table, strength=0)


def test_torch_state_is_left_alone(table):
    state = torch.get_rng_state()
    linear_surrogate(None, table.values @ BETA, table, output="number")
    assert (torch.get_rng_state() == state).all()


def together(rng, n, correlation):
    values = rng.normal(size=(n, 3))
    other = np.sqrt(1 - correlation**2) * values[:, 1]
    values[:, 1] = correlation * values[:, 0] + other
    return values, (values @ [2.0, 0.3, 0.0] + rng.normal(size=n))[:, None]


@pytest.mark.parametrize("correlation", [0.0, 0.95])
def test_intervals_without_the_penalty_hold_the_truth(correlation):
    held = np.zeros(3)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        values, numbers = together(rng, 80, correlation)
        drawn = [rng.integers(80, size=80) for _ in range(200)]
        low, high = unpenalised(values, numbers, drawn, 0.95)
        truth = np.array([2.0, 0.3, 0.0]) * values.std(axis=0)
        held += (low[0] <= truth) & (truth <= high[0])
    assert (held / 60 > 0.85).all()


def test_least_squares_is_numpys_and_needs_enough_rows():
    rng = np.random.default_rng(0)
    values, numbers = together(rng, 60, 0.5)
    low, high = unpenalised(values, numbers, [np.arange(60)] * 3, 0.9)
    slopes = np.linalg.lstsq(np.c_[values, np.ones(60)], numbers[:, 0])[0][:3]
    assert low[0] == pytest.approx(slopes * values.std(axis=0), rel=1e-6)
    assert high == pytest.approx(low)
    everything = [np.arange(60)] * 3
    flat = np.c_[values, np.ones(60)]
    assert unpenalised(flat, numbers, everything, 0.9)[0][0, 3] == 0
    assert unpenalised(values[:39], numbers[:39], [np.arange(39)], 0.9) is None
    assert unpenalised(np.c_[values, values[:, 0]], numbers, everything, 0.9) is None


def test_what_the_penalty_moves_is_said():
    rng = np.random.default_rng(0)
    values, numbers = together(rng, 150, 0.95)
    columns = FeatureTable(values, ("a", "b", "c"))
    found = linear_surrogate(None, numbers[:, 0], columns, output="number", strength=1.0)
    assert found.coefficients.penalty == "a ridge penalty of 1"
    assert found.coefficients.moved[0, 0]
    assert any("moves the coefficient" in note and "'a'" in note for note in found.notes)
    assert "intervals of the penalised coefficients" in str(found)
    stored = found.to_dict()["coefficients"][0]
    assert stored["unpenalised"][0] < stored["unpenalised"][1]
    words = " ".join(text.get_text() for text in found.plot().texts)
    assert (
        "black of the coefficients with a ridge penalty of 1, grey (below) of those without it"
        in words
    )
    classes = linear_surrogate(None, np.c_[-numbers, numbers] * 5, columns)
    assert classes.coefficients.unpenalised is None
    assert not classes.coefficients.moved.any()
