"""RISE: its masks, what it estimates, and that its error is what it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.attribution.perturbation.anytime import generator_of
from heatlens.attribution.perturbation.masks import CoarseMasks, draw_masks
from heatlens.errors import InvalidArgument
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex
from tests.attribution.networks import ResidualNet, pictures, seeded


def slow_mask(cells, offset, length):
    """One line of one mask by NumPy: enlarged with half-pixel centres, then cut out."""
    side = -(-length // len(cells))
    long = (len(cells) + 1) * side
    at = (np.arange(long) + 0.5) * len(cells) / long - 0.5
    return np.interp(at, np.arange(len(cells)), cells)[offset : offset + length]


def test_masks_are_enlarged_grids():
    cells = torch.rand(3, 4, 3, generator=torch.Generator().manual_seed(0))
    offsets = torch.tensor([[0, 1], [2, 0], [1, 3]])
    found = CoarseMasks(cells, offsets, (10, 11)).enlarged(slice(0, 3))
    for mask, small, (down, right) in zip(found, cells.numpy(), offsets.tolist()):
        wide = np.stack([slow_mask(line, right, 11) for line in small])
        high = np.stack([slow_mask(line, down, 10) for line in wide.T], 1)
        np.testing.assert_allclose(mask.numpy(), high, atol=1e-6)


def test_masks_equal_torchs_interpolation():
    cells = torch.rand(2, 1, 7, 7, generator=torch.Generator().manual_seed(0))
    large = torch.nn.functional.interpolate(cells, (64, 48), mode="bilinear", align_corners=False)
    masks = CoarseMasks(cells[:, 0], torch.tensor([[3, 2], [7, 5]]), (56, 42))
    found = masks.enlarged(slice(0, 2))
    torch.testing.assert_close(found[0], large[0, 0, 3:59, 2:44])
    torch.testing.assert_close(found[1], large[1, 0, 7:63, 5:47])


@pytest.mark.parametrize("grid", [(40,), (30, 23), (8, 12, 10)])
def test_every_pixel_is_kept_as_often(grid):
    cells = (4,) * len(grid)
    drawn = draw_masks(generator_of(0, 0), 4000, cells, 0.3, grid, torch.device("cpu"))
    masks = drawn.enlarged(slice(0, 4000))
    assert masks.shape == (4000, *grid)
    assert masks.min() >= 0
    assert masks.max() <= 1 + 1e-6
    error = masks.std(0) / 4000**0.5
    assert ((masks.mean(0) - 0.3) / error).abs().max() < 5


def truth(weights, x, fill, probability, centred):
    """E[F m] / p, or Cov[F, m] / p, of F = (w . x)^2 + w . x by going through all masks.

    2 x 2 cells over 4 x 4 pixels: 16 grids and 4 offsets.
    """
    total, kept, score, chance = np.zeros((4, 4)), np.zeros((4, 4)), 0.0, 0.0
    for on in itertools.product((0, 1), repeat=4):
        for down, right in itertools.product((0, 1), repeat=2):
            share = np.prod([probability if one else 1 - probability for one in on]) / 4
            wide = np.stack([slow_mask(line, right, 4) for line in np.reshape(on, (2, 2))])
            mask = np.stack([slow_mask(line, down, 4) for line in wide.T], 1)
            linear = (weights * (fill + mask * (x - fill))).sum()
            value = linear**2 + linear
            total += share * value * mask
            kept += share * mask
            score += share * value
            chance += share
    assert chance == pytest.approx(1)
    np.testing.assert_allclose(kept, probability)
    return (total - score * kept * centred) / probability


class Curved(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.register_buffer("weights", weights)

    def forward(self, batch):
        linear = (batch * self.weights).sum((1, 2, 3))
        return (linear**2 + linear).unsqueeze(1)


@pytest.mark.parametrize("centred", [False, True])
def test_the_error_covers_the_truth_at_its_nominal_rate(centred):
    inside = []
    for seed in range(60):
        weights, x = torch.randn(2, 4, 4, generator=torch.Generator().manual_seed(seed))
        result = attribute(
            Curved(weights), x.view(1, 1, 4, 4), "rise", 0, samples=300, cells=2, seed=seed,
            probability=0.4, baseline=torch.full((1,), 0.2), centred=centred, full=True,
        )  # fmt: skip
        gap = result.values[0, 0].numpy() - truth(weights.numpy(), x.numpy(), 0.2, 0.4, centred)
        inside.append(np.abs(gap) <= 1.96 * result.error[0, 0].numpy())
    assert 0.92 <= np.mean(inside) <= 0.98


def test_centred_takes_the_mean_score_away():
    class Always(torch.nn.Module):
        def forward(self, batch):
            return torch.full((len(batch), 1), 3.0)

    batch = torch.ones(2, 3, 20, 20)
    plain, centred = (
        attribute(Always(), batch, "rise", 0, samples=400, centred=one, full=True)
        for one in (False, True)
    )
    assert ((plain.values - 3).abs() / plain.error).max() < 5
    assert centred.values.abs().max() < 1e-6
    assert centred.error.max() < 1e-6


def test_it_finds_what_matters():
    class Spot(torch.nn.Module):
        def forward(self, batch):
            return batch[:, :, 20:26, 6:12].mean((1, 2, 3)).unsqueeze(1)

    heat = attribute(Spot(), torch.ones(1, 3, 40, 48), "rise", 0, samples=600)[0, 0]
    peak = divmod(int(heat.argmax()), 48)
    assert abs(peak[0] - 22.5) <= 4
    assert abs(peak[1] - 8.5) <= 4


@pytest.mark.parametrize("grid", [(40,), (6, 12, 10)])
def test_other_grids(grid):
    class First(torch.nn.Module):
        def forward(self, batch):
            return batch.flatten(2)[:, :, :3].mean((1, 2)).unsqueeze(1)

    found = METHODS["rise"].function(
        TorchModel(First()), torch.ones(1, 2, *grid), ClassIndex(0), samples=64
    )
    assert found.values.shape == (1, 1, *grid)
    assert found.values.flatten().argmax() < 6


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"probability": 0.0}, "between 0 and 1"),
        ({"cells": 0}, "cells is 0"),
        ({"samples": 1}, "at least 2"),
    ],
)
def test_what_cannot_be_used_is_said(parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        attribute(seeded(ResidualNet()), pictures(1), "rise", 1, **parameters)
