"""Integrated gradients: exact on linear models, complete, one class along the path, flat memory."""

from __future__ import annotations

import itertools

import pytest
import torch
import torchvision
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.attribution.gradient.integrated_gradients import quadrature
from heatlens.errors import InvalidArgument
from heatlens.models.contract import Contract
from heatlens.models.pytorch.model import TorchModel
from heatlens.testing.conformance import difference
from tests.attribution.networks import ResidualNet, TinyViT, pictures, seeded

IG = "integrated-gradients"


@pytest.mark.parametrize("rule", ["riemann", "gauss-legendre"])
@pytest.mark.parametrize("steps", [1, 7])
def test_linear_model_is_exact(rule, steps):
    network = seeded(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16, 2)))
    batch, start = pictures(2, (4, 4)), pictures(2, (4, 4), seed=9)
    weight = network[1].weight[1].detach().view(3, 4, 4)
    full = attribute(network, batch, IG, 1, baseline=start, steps=steps, rule=rule, full=True)
    torch.testing.assert_close(full.values, weight * (batch - start))
    assert full.info["completeness_gap"].max() < 1e-5


@pytest.mark.parametrize(
    ("build", "baseline"),
    [
        *itertools.product([ResidualNet, TinyViT], ["black", "blur", "noise", "mean"]),
        (torchvision.models.resnet18, "black"),
    ],
)
def test_complete_on_real_networks(build, baseline):
    network, batch = seeded(build()), pictures(2)
    model = TorchModel(network, Contract(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.2)))
    full = attribute(model, batch, IG, 1, baseline=baseline, steps=40, full=True)
    difference_of_scores = full.info["score_difference"]
    gap = full.info["completeness_gap"]
    total = full.values.double().sum((1, 2, 3))
    torch.testing.assert_close((total - difference_of_scores).abs(), gap, rtol=1e-3, atol=1e-5)
    scale = full.values.abs().sum((1, 2, 3))
    assert (gap / scale).max() < 0.01


def test_more_steps_close_the_gap():
    network, batch = seeded(TinyViT()), pictures(2)
    gaps = [
        attribute(network, batch, IG, 1, steps=steps, full=True).info["completeness_gap"].max()
        for steps in (2, 64)
    ]
    assert gaps[1] < 0.05 * gaps[0]


class Switch(nn.Module):
    """Says 1 on bright pictures and 0 on dark ones: the predicted class changes on the path."""

    def forward(self, x):
        light = x.mean((1, 2, 3))
        return torch.stack([1 - light, 2 * light], 1)


@pytest.mark.parametrize("rule", ["riemann", "gauss-legendre"])
def test_predicted_stays_the_class_of_the_picture(rule):
    batch = torch.stack([torch.full((3, 4, 4), 0.9), torch.full((3, 4, 4), 0.1)])
    assert Switch()(batch).argmax(1).tolist() == [1, 0]
    settings = {"baseline": torch.zeros_like(batch), "steps": 9, "rule": rule}
    predicted = attribute(Switch(), batch, IG, "predicted", **settings)
    assert torch.equal(predicted, attribute(Switch(), batch, IG, [1, 0], **settings))
    assert predicted[0].sum().item() == pytest.approx(1.8)
    assert predicted[1].sum().item() == pytest.approx(-0.1)


class Rows(nn.Module):
    """Notes how many rows it is given at once for a gradient."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.seen = []

    def forward(self, x):
        if x.requires_grad:
            self.seen.append(len(x))
        return self.inner(x)


class Seen(list):
    """A list that copies of a network share."""

    def __deepcopy__(self, memo):
        return self


def counted(network):
    rows = Rows(network)
    rows.seen = Seen()
    return rows.eval()


def test_memory_does_not_grow_with_the_steps(monkeypatch):
    """No more rows at once than the budget holds, whatever the steps; the map stays the same."""
    network, batch = counted(seeded(ResidualNet())), pictures(3)
    roomy = attribute(network, batch, IG, 1, steps=20)
    assert max(network.seen) == 60

    monkeypatch.setenv("HEATLENS_MEMORY", "400K")
    most = TorchModel(network).rows(batch, gradient=True, wanted=10**6)
    assert 3 <= most < 30
    for steps in (20, 60):
        network.seen.clear()
        tight = attribute(network, batch, IG, 1, steps=steps)
        assert max(network.seen) <= most
        if steps == 20:
            assert difference(tight, roomy) < 1e-5


def test_what_autograd_keeps_does_not_grow_with_the_steps(monkeypatch):
    network, batch = seeded(ResidualNet()), pictures(2)
    monkeypatch.setenv("HEATLENS_MEMORY", "400K")

    def peak(steps):
        now, most = 0, 0

        class Kept:
            def __init__(self, tensor):
                nonlocal now, most
                self.tensor, self.size = tensor, tensor.numel() * tensor.element_size()
                now += self.size
                most = max(most, now)

            def __del__(self):
                nonlocal now
                now -= self.size

        with torch.autograd.graph.saved_tensors_hooks(Kept, lambda kept: kept.tensor):
            attribute(network, batch, IG, 1, steps=steps)
        return most

    peak(2)
    assert 0 < peak(100) <= 1.2 * peak(10) <= 2 * 400 * 2**10


def test_quadrature():
    for rule in ("riemann", "gauss-legendre"):
        nodes, weights = quadrature(rule, 5)
        assert weights.sum() == pytest.approx(1)
        assert 0 < nodes.min() < nodes.max() < 1
    nodes, weights = quadrature("gauss-legendre", 5)
    for power in range(10):  # exact up to degree 2 n - 1
        assert (weights * nodes**power).sum() == pytest.approx(1 / (power + 1))
    nodes, _ = quadrature("riemann", 2)
    assert nodes.tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "at least 1"),
        ({"steps": True}, "whole number"),
        ({"rule": "simpson"}, "'gauss-legendre' or 'riemann'"),
        ({"baseline": "blakc"}, "black, white"),
    ],
)
def test_refusals(settings, message):
    with pytest.raises(InvalidArgument, match=message):
        attribute(seeded(ResidualNet()), pictures(1), IG, 0, **settings)
