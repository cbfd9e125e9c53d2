"""Shapley values, KernelSHAP and LIME: closed forms, exact cases, axioms, references."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.errors import InvalidArgument
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex
from heatlens.testing.games import PolynomialGame, ReluGate
from tests.attribution.networks import ResidualNet, pictures, seeded
from tests.attribution.random_games import LABELS, PATCHES, random_game

ZERO = torch.zeros(1)
SHARING = ("shapley", "kernel-shap")


def worths(game, x, method, **settings):
    settings = {"features": LABELS, "baseline": ZERO, **settings}
    return attribute(game, x, method, 0, full=True, **settings)


@pytest.mark.parametrize("method", SHARING)
def test_few_features_are_enumerated(method):
    game, x = random_game(2)
    batch = torch.cat([x, x.flip(3)])
    found = worths(game, batch, method, samples=5000)
    assert found.info["stopped"] == "exact"
    assert found.info["forward_passes"] == 2**PATCHES
    assert not found.error.any()
    torch.testing.assert_close(
        found.info["feature_values"].double(), game.shapley(batch), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("kind", ["and", "or", "count"])
@pytest.mark.parametrize("method", SHARING)
def test_gates_share_alike(method, kind):
    gate = ReluGate(kind, patches=2, patch=1)
    x = torch.ones(1, 1, 1, 2)
    found = attribute(gate, x, method, 0, features=(None, 2))
    torch.testing.assert_close(found, gate(x).view(1, 1, 1, 1).expand_as(found) / 2)


@pytest.mark.parametrize("method", SHARING)
def test_values_add_up_to_the_score(method):
    net, batch = seeded(ResidualNet()), pictures(3)
    found = attribute(net, batch, method, 1, samples=8, features=5, baseline="grey", full=True)
    grey = torch.full_like(batch, 0.5)
    difference = (net(batch) - net(grey))[:, 1]
    torch.testing.assert_close(found.info["score_difference"], difference)
    torch.testing.assert_close(found.info["feature_values"].sum(1), difference)
    assert found.info["completeness_gap"].max() < 1e-9


def test_a_game_without_interactions_needs_no_more_samples_than_features():
    game = PolynomialGame(
        torch.ones(1, 2, 2), alone=[float(i) for i in range(PATCHES)], together={}
    )
    x = torch.rand(1, 1, 6, 8, generator=torch.Generator().manual_seed(0))
    found = worths(game, x, "kernel-shap", samples=64)
    torch.testing.assert_close(
        found.info["feature_values"].double(), game.shapley(x), rtol=1e-4, atol=1e-4
    )
    assert found.error.max() < 1e-4


def test_an_order_and_its_reverse_settle_pairs():
    """Antithetic orders: with interactions of two at most, a single pair is exact."""
    game, x = random_game(4)
    game.together = {(0, 1): 2.0, (3, 7): -1.0, (7, 11): 0.5}
    found = worths(game, x, "shapley", samples=4)
    torch.testing.assert_close(
        found.info["feature_values"].double(), game.shapley(x), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(("method", "samples"), [("kernel-shap", 22), ("lime", 12)])
def test_too_few_samples_for_an_error_say_so(method, samples):
    game, x = random_game(5)
    assert worths(game, x, method, samples=samples).error is None
    assert worths(game, x, method, samples=200, seconds=60).error.isfinite().all()


def test_lime_equals_scikit_learns_ridge():
    linear = pytest.importorskip("sklearn.linear_model")
    game, x = random_game(6)
    seen = []

    class Listening(torch.nn.Module):
        def forward(self, batch):
            seen.append(batch)
            return game(batch)

    found = worths(Listening(), x, "lime", samples=150, width=0.4, ridge=0.02)
    shown = torch.cat(seen)
    present = torch.zeros(len(shown), PATCHES).double()
    for player in range(PATCHES):
        present[:, player] = (shown == x)[:, 0, player == LABELS].all(1).double()
    present = present[-150:]
    distance = 1 - present.mean(1).sqrt()
    weight = torch.exp(-(distance**2) / (2 * 0.4**2)).numpy()
    theirs = linear.Ridge(alpha=0.02 * weight.sum())
    score = game(shown[-150:])[:, 0].detach().double().numpy()
    theirs.fit(present.numpy(), score, sample_weight=weight)
    np.testing.assert_allclose(found.info["feature_values"][0], theirs.coef_, rtol=1e-4, atol=1e-5)
    assert found.info["fit"].item() == pytest.approx(
        theirs.score(present.numpy(), score, sample_weight=weight), abs=1e-6
    )


def test_kernel_shap_equals_captum_in_the_limit():
    """Both converge to the Shapley values; captum's own error is not known, so the bound is wide."""
    captum = pytest.importorskip("captum.attr")
    game, x = random_game(7)
    torch.manual_seed(0)
    theirs = captum.KernelShap(game).attribute(
        x, baselines=0, feature_mask=LABELS.view(1, 1, 6, 8), n_samples=4000, target=0,
        perturbations_per_eval=100,
    )  # fmt: skip
    ours = worths(game, x, "kernel-shap", samples=4000, seconds=60)
    gap = (ours.values[0, 0] - theirs[0, 0]).abs()
    assert gap.max() < 0.15 * ours.values.abs().max()


@pytest.mark.parametrize("method", [*SHARING, "lime"])
@pytest.mark.parametrize("grid", [(6,), (3, 4, 4)])
def test_other_grids(method, grid):
    """Lines and volumes: the first half of the first axis is all that counts."""

    class Half(torch.nn.Module):
        def forward(self, batch):
            return batch[:, :, : grid[0] // 2 or 1].flatten(1).mean(1, keepdim=True)

    batch = torch.ones(2, 3, *grid)
    features = grid[0] if len(grid) == 1 else (3, None, None)
    found = METHODS[method].function(
        TorchModel(Half()), batch, ClassIndex(0), features=features, samples=64
    )
    assert found.values.shape == (2, 1, *grid)
    inside = found.values[:, :, : grid[0] // 2 or 1]
    outside = found.values[:, :, grid[0] // 2 or 1 :]
    assert inside.min() > 0.9 / (grid[0] // 2 or 1)
    assert outside.abs().max() < 0.01


def test_a_feature_that_changes_nothing_is_worth_nothing():
    game, x = random_game(8)
    x[..., :2, :2] = 0.0
    for method in SHARING:
        found = worths(game, x, method, samples=400, seconds=60)
        assert (found.values[0, 0, 0, 0].abs() <= 4 * found.error[0, 0, 0, 0] + 1e-5).all()


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("shapley", {"samples": 3}, "at least 4"),
        ("kernel-shap", {"samples": 3}, "at least 4"),
        ("shapley", {"budget": 100}, "at least 254 passes"),
        ("lime", {"width": 0.0}, "width is 0"),
        ("lime", {"ridge": -1.0}, "must not be negative"),
    ],
)
def test_what_cannot_be_used_is_said(method, parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        attribute(seeded(ResidualNet()), pictures(1), method, 1, **parameters)


def lime_truth(game, x, width, ridge):
    """The population's ridge regression, by all coalitions."""
    every = torch.tensor([*itertools.product((0.0, 1.0), repeat=PATCHES)], dtype=torch.float64)
    y = game.value(every * game.scores(x).detach().double())
    weight = torch.exp(-((1 - every.mean(1).sqrt()) ** 2) / (2 * width**2))
    X = torch.cat([torch.ones(len(every), 1, dtype=torch.float64), every], 1)
    penalty = torch.full((PATCHES + 1,), ridge * float(weight.sum()), dtype=torch.float64)
    penalty[0] = 0
    left = (weight[:, None] * X).T @ X + penalty.diag()
    return torch.linalg.solve(left, (weight[:, None] * X).T @ y)[1:]


def coverage(method, samples, games=200):
    """Share of features whose 95 % interval holds the truth; rounding of the network allowed."""
    inside = []
    for seed in range(games):
        game, x = random_game(seed)
        found = worths(game, x, method, samples=samples, seed=seed, seconds=600)
        gap = found.values[0, 0, ::2, ::2].flatten().double()
        gap = gap - (lime_truth(game, x, 0.25, 1e-3) if method == "lime" else game.shapley(x)[0])
        error = found.error[0, 0, ::2, ::2].flatten().double()
        inside.append((gap.abs() <= 1.96 * error + 1e-5).double())
    return float(torch.cat(inside).mean())


@pytest.mark.parametrize(
    ("method", "samples"),
    [("shapley", 32), ("shapley", 100), ("kernel-shap", 64), ("kernel-shap", 500), ("lime", 64),
     ("lime", 500)],
)  # fmt: skip
def test_calibration_over_two_hundred_games(method, samples):
    assert 0.92 <= coverage(method, samples) <= 0.98


@pytest.mark.parametrize(("method", "few"), [("shapley", 64), ("kernel-shap", 256), ("lime", 128)])
def test_the_error_falls_as_the_root_of_the_samples(method, few):
    """Sixteen times the samples, a quarter of the error: of the estimate, and of the gap to truth."""
    gaps, errors = [], []
    for samples in (few, 16 * few):
        found = []
        for seed in range(24):
            game, x = random_game(seed)
            result = worths(game, x, method, samples=samples, seed=seed, seconds=600)
            truth = lime_truth(game, x, 0.25, 1e-3) if method == "lime" else game.shapley(x)[0]
            gap = result.info["feature_values"][0].double() - truth
            found.append(torch.stack([gap.square().mean(), result.error.square().mean()]))
        gap, error = torch.stack(found).mean(0).sqrt().tolist()
        gaps.append(gap)
        errors.append(error)
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.25)
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.4)
