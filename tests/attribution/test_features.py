"""Features: cells, superpixels, label maps, and their removal one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.attribution.perturbation.features import find_players
from heatlens.attribution.perturbation.superpixels import superpixels
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.load import load_model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex
from tests.attribution.networks import ResidualNet, pictures, seeded
from tests.attribution.random_games import LABELS, random_game


def test_feature_ablation_of_a_game_is_leave_one_out():
    game, x = random_game(1)
    batch = torch.cat([x, 2 * x, -x])
    settings = {"features": LABELS, "baseline": torch.zeros(1), "full": True}
    found = attribute(game, batch, "feature-ablation", 0, **settings)
    expected = game.leave_one_out(batch)
    torch.testing.assert_close(
        found.info["feature_values"].double(), expected, rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(
        found.values[:, 0].double(), expected[:, LABELS], rtol=1e-4, atol=1e-4
    )
    assert found.error is None
    assert found.info["forward_passes"] == 13


def test_feature_ablation_equals_captum():
    captum = pytest.importorskip("captum.attr")
    net, batch = seeded(ResidualNet()), pictures(2)
    labels = find_players(batch, "superpixels-30").labels
    theirs = captum.FeatureAblation(net).attribute(
        batch, target=1, feature_mask=labels.unsqueeze(1), perturbations_per_eval=1
    )
    ours = attribute(net, batch, "feature-ablation", 1, features=labels, baseline=torch.zeros(1))
    torch.testing.assert_close(ours, theirs[:, :1], rtol=1e-4, atol=1e-5)


def test_every_token_of_a_line_is_a_feature():
    """Embedded words, (N, E, T): what is removed is a word, whatever its embedding's length."""
    torch.manual_seed(0)
    worth = torch.tensor([0.0, 3.0, 0.0, -1.0, 0.0])

    class Words(torch.nn.Module):
        def forward(self, embedded):
            return (embedded.mean(1) * worth).sum(1, keepdim=True)

    batch = torch.ones(1, 16, 5)
    found = METHODS["feature-ablation"].function(TorchModel(Words()), batch, ClassIndex(0))
    torch.testing.assert_close(found.values, worth.view(1, 1, 5))


@pytest.mark.parametrize(
    ("grid", "features", "count"),
    [
        ((7,), None, 7),
        ((300,), None, 64),
        ((32, 20), None, 64),
        ((3, 9, 9), None, 48),
        ((32, 20), 4, 16),
        ((32, 20), (None, 5), 5),
        ((2, 3), 8, 6),
    ],
)
def test_cells(grid, features, count):
    players = find_players(torch.zeros(2, 1, *grid), features)
    assert players.count == count
    assert players.labels.unique().tolist() == list(range(count))


def test_cells_are_as_equal_as_can_be():
    labels = find_players(torch.zeros(1, 1, 33, 47), 8).labels
    for axis, sides in ((labels[0, :, 0], (4, 5)), (labels[0, 0], (5, 6))):
        assert set(axis.unique(return_counts=True)[1].tolist()) <= set(sides)


def test_label_maps_may_have_any_numbers():
    batch = torch.zeros(2, 3, 2, 2)
    one = find_players(batch, np.array([[-1, 255], [255, 7]]))
    assert one.labels.tolist() == [[[0, 2], [2, 1]]]
    each = find_players(batch, torch.tensor([[[[1, 2], [3, 4]]], [[[4, 4], [1, 1]]]]))
    assert each.count == 4
    assert each.sizes(2).tolist() == [[1, 1, 1, 1], [2, 0, 0, 2]]


def test_label_maps_and_baselines_have_the_networks_own_order():
    """A spectrogram of (frames, frequencies): the map comes back in that order too."""

    class Loud(torch.nn.Module):
        def forward(self, sound):
            return sound[:, :3, 1:].sum((1, 2)).unsqueeze(1)

    model = load_model(Loud(), layout="NTF", input_size=(2, 5))
    labels = np.arange(10).reshape(5, 2)
    batch = np.arange(20, dtype=np.float32).reshape(2, 5, 2)
    baseline = np.array([0.0, 0.5], np.float32)
    found = attribute(model, batch, "feature-ablation", 0, features=labels, baseline=baseline)
    expected = batch - baseline
    expected[:, 3:] = 0
    expected[:, :, :1] = 0
    np.testing.assert_allclose(found, expected)
    with pytest.raises(InvalidArgument, match=r"is \(5, 2\), or \(2, 5, 2\)"):
        attribute(model, batch, "feature-ablation", 0, features=labels.T)


@pytest.mark.parametrize(
    ("features", "error", "words"),
    [
        ("slic", InvalidArgument, "'superpixels-100'"),
        ("superpixels-", InvalidArgument, "superpixels-100"),
        ("superpixels-0", InvalidArgument, "superpixels-100"),
        (0, InvalidArgument, "one for each of the 2 axes"),
        ((2, 2, 2), InvalidArgument, "one for each of the 2 axes"),
        (torch.zeros(4, 4), InvalidType, "whole numbers"),
        (torch.zeros(4, 5).long(), InvalidArgument, r"\(4, 4\), or \(2, 4, 4\)"),
        (torch.zeros(3, 4, 4).long(), InvalidArgument, r"\(4, 4\), or \(2, 4, 4\)"),
    ],
)
def test_refusals(features, error, words):
    with pytest.raises(error, match=words):
        find_players(torch.zeros(2, 1, 4, 4), features)


def test_superpixels_follow_edges():
    """A disc on a noisy ground: hardly a superpixel lies on both."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(80.0), indexing="ij")
    disc = (y - 30).square() + (x - 37).square() < 17**2
    picture = torch.where(disc, 0.8, 0.2) + 0.02 * torch.randn(1, 3, 60, 80, generator=generator)
    labels, count = superpixels(picture, 60)
    assert 50 <= count <= 70
    inside = torch.zeros(count).scatter_add_(0, labels.flatten(), disc.flatten().float())
    total = torch.zeros(count).scatter_add_(0, labels.flatten(), torch.ones(60 * 80))
    mixed = torch.minimum(inside, total - inside).sum() / (60 * 80)
    assert mixed < 0.01
    plain = find_players(picture, (7, 9)).labels[0]
    inside = torch.zeros(63).scatter_add_(0, plain.flatten(), disc.flatten().float())
    total = torch.zeros(63).scatter_add_(0, plain.flatten(), torch.ones(60 * 80))
    assert mixed < 0.1 * torch.minimum(inside, total - inside).sum() / (60 * 80)


@pytest.mark.parametrize("grid", [(50,), (30, 31), (9, 20, 21)])
def test_superpixels_lie_on_any_grid_and_keep_rows_apart(grid):
    batch = torch.randn(2, 3, *grid, generator=torch.Generator().manual_seed(1))
    labels, count = superpixels(batch, 24)
    assert labels.shape == (2, *grid)
    assert labels.max() < count
    for row in (0, 1):
        assert torch.equal(superpixels(batch[row : row + 1], 24)[0][0], labels[row])


def test_superpixels_of_one_colour_are_cells():
    labels, count = superpixels(torch.full((1, 3, 32, 32), 0.5), 16)
    assert count == 16
    sizes = labels.flatten().bincount(minlength=16)
    assert sizes.min() > 40
