"""SPSA against gradients that are known."""

from __future__ import annotations

import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.errors import InvalidArgument
from tests.attribution.networks import ResidualNet, pictures, seeded
from tests.attribution.random_games import LABELS


class Quadratic(torch.nn.Module):
    """F = w . x + (v . x)^2, whose central differences have no error of the third order."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.w, self.v = torch.randn(2, 2, 6, 8, generator=generator) / 7

    def forward(self, batch):
        return ((batch * self.w).sum((1, 2, 3)) + (batch * self.v).sum((1, 2, 3)) ** 2)[:, None]


@pytest.mark.parametrize("features", [None, LABELS])
def test_the_error_covers_the_gradient_at_its_nominal_rate(features):
    inside = []
    for seed in range(40):
        net = Quadratic(seed)
        batch = torch.randn(2, 2, 6, 8, generator=torch.Generator().manual_seed(seed))
        result = attribute(
            net, batch, "spsa", 0, samples=150, features=features, seed=seed, full=True
        )
        slope = attribute(net, batch, "gradient", 0)
        if features is not None:
            mean = torch.nn.functional.avg_pool2d(slope.sum(1, keepdim=True), 2)
            slope = mean.repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert result.values.shape == slope.shape
        inside.append(((result.values - slope).abs() <= 1.96 * result.error).double().mean())
    assert 0.92 <= torch.stack(inside).mean() <= 0.98


def test_a_real_networks_gradient():
    net, batch = seeded(ResidualNet()), pictures(2)
    cells = {"features": 4}
    found = attribute(net, batch, "spsa", 1, samples=4000, step=1e-3, full=True, **cells)
    slope = attribute(net, batch, "gradient", 1).sum(1, keepdim=True)
    mean = torch.nn.functional.avg_pool2d(slope, 8)
    assert ((found.values[:, :, ::8, ::8] - mean).abs() / found.error[:, :, ::8, ::8]).max() < 4.5


def test_two_passes_a_sample_and_a_map_for_every_channel():
    net, batch = seeded(ResidualNet()), pictures(2)
    found = attribute(net, batch, "spsa", 1, samples=5, full=True)
    assert found.values.shape == batch.shape
    assert found.info["forward_passes"] == 10
    assert found.info["samples"].tolist() == [5, 5]


def test_a_step_of_nothing_is_refused():
    with pytest.raises(InvalidArgument, match="step is 0"):
        attribute(seeded(ResidualNet()), pictures(1), "spsa", 1, step=0.0)
