"""Occlusion against its definition, the closed-form game and captum."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.attribution.perturbation.occlusion import window_starts
from heatlens.errors import InvalidArgument
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex
from tests.attribution.networks import ResidualNet, pictures, seeded
from tests.attribution.random_games import random_game


def slowly(model, batch, window, stride, fill):
    """The mean fall over the windows that cover a place, one window after the other."""
    grid = batch.shape[2:]
    total, covered = np.zeros((len(batch), *grid)), np.zeros(grid)
    whole = model(batch)[:, 1]
    axes = [window_starts(*axis) for axis in zip(grid, window, stride)]
    for corner in np.ndindex(*[len(axis) for axis in axes]):
        place = tuple(
            slice(axis[index], axis[index] + side)
            for axis, index, side in zip(axes, corner, window)
        )
        hidden = batch.clone()
        hidden[(slice(None), slice(None), *place)] = fill
        fall = (whole - model(hidden)[:, 1]).detach().double().numpy()
        total[(slice(None), *place)] += fall.reshape(-1, *[1] * len(grid))
        covered[place] += 1
    return total / covered


@pytest.mark.parametrize(
    ("grid", "window", "stride"),
    [((9,), (4,), (3,)), ((9, 7), (4, 3), (2, 3)), ((4, 5, 6), (4, 2, 3), (4, 2, 1))],
)
def test_it_is_its_definition_on_any_grid(grid, window, stride):
    torch.manual_seed(0)
    width = int(np.prod(grid)) * 2
    net = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(width, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
    )
    batch = torch.randn(2, 2, *grid)
    baseline = torch.full((1,), 0.3)
    found = METHODS["occlusion"].function(
        TorchModel(net), batch, ClassIndex(1), window=window, stride=stride, baseline=baseline
    )
    assert found.error is None
    assert found.values.shape == (2, 1, *grid)
    expected = slowly(net, batch, window, stride, 0.3)
    np.testing.assert_allclose(found.values[:, 0], expected, atol=1e-6)


def test_patches_of_a_game_are_left_out_one_by_one():
    game, x = random_game(0)
    found = attribute(game, x, "occlusion", 0, window=2, stride=2, baseline=torch.zeros(1))
    torch.testing.assert_close(
        found[0, 0, ::2, ::2].flatten().double(), game.leave_one_out(x)[0], rtol=1e-5, atol=1e-5
    )


def test_equals_captum():
    captum = pytest.importorskip("captum.attr")
    net, batch = seeded(ResidualNet()), pictures(2)
    theirs = captum.Occlusion(net).attribute(
        batch, (3, 8, 6), strides=(3, 4, 2), baselines=0, target=2, perturbations_per_eval=4
    )
    ours = attribute(
        net, batch, "occlusion", 2, window=(8, 6), stride=(4, 2), baseline=torch.zeros(1)
    )
    torch.testing.assert_close(ours, theirs[:, :1], rtol=1e-4, atol=1e-5)


def test_a_whole_axis_is_one_window():
    net, batch = seeded(ResidualNet()), pictures(1)
    found = attribute(net, batch, "occlusion", 1, window=(None, 4), stride=(None, 4), full=True)
    assert found.info["windows"] == (1, 8)
    assert torch.equal(found.values, found.values[:, :, :1].expand_as(found.values))


def test_the_passes_are_the_windows_and_one():
    net, batch = seeded(ResidualNet()), pictures(3)
    found = attribute(net, batch, "occlusion", 1, full=True)
    assert found.info["windows"] == (15, 15)
    assert found.info["forward_passes"] == 226


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"window": 0}, "one for each of the 2 axes"),
        ({"window": (3, 3, 3)}, "one for each of the 2 axes"),
        ({"window": 33}, r"larger than the input's grid \(32, 32\)"),
        ({"window": 4, "stride": 5}, "would never be covered"),
    ],
)
def test_what_cannot_be_used_is_said(parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        attribute(seeded(ResidualNet()), pictures(1), "occlusion", 1, **parameters)
