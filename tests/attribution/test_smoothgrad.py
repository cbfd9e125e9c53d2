"""SmoothGrad against its definition, written out slowly."""

import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.errors import InvalidArgument


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.Softplus(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 4)
    )


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.rand(3, 3, 9, 11, generator=torch.Generator().manual_seed(0))


def slowly(net: nn.Module, batch: torch.Tensor, samples: int, noise: float) -> torch.Tensor:
    """Gradients (samples, N, C, H, W) under the documented noise."""
    generator = torch.Generator().manual_seed(7)
    drawn = [torch.randn((1, *batch.shape[1:]), generator=generator) for _ in range(samples)]
    maps = []
    for one in drawn:
        rows = []
        for row in batch:
            sigma = noise * (row.max() - row.min())
            leaf = (row + sigma * one[0]).unsqueeze(0).requires_grad_()
            (slope,) = torch.autograd.grad(net(leaf)[0, 2], leaf)
            rows.append(slope[0])
        maps.append(torch.stack(rows))
    return torch.stack(maps).double()


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("mean", lambda maps: maps.mean(0)),
        ("square", lambda maps: (maps**2).mean(0)),
        ("variance", lambda maps: maps.var(0)),
    ],
)
def test_variants_equal_their_definition(batch, variant, expected):
    net = network()
    result = attribute(
        net, batch, "smoothgrad", 2, samples=6, noise=0.2, seed=7, variant=variant, full=True
    )
    maps = slowly(net, batch, 6, 0.2)
    torch.testing.assert_close(result.values.double(), expected(maps), rtol=1e-3, atol=1e-9)


def test_standard_error_of_the_mean(batch):
    net = network()
    result = attribute(net, batch, "smoothgrad", 2, samples=6, noise=0.2, seed=7, full=True)
    error = slowly(net, batch, 6, 0.2).std(0) / 6**0.5
    torch.testing.assert_close(result.error.double(), error, rtol=1e-3, atol=1e-9)


def test_without_noise_it_is_the_inner_method(batch):
    net = network()
    for of in ("gradient", "input-x-gradient", "integrated-gradients"):
        smooth = attribute(net, batch, "smoothgrad", 1, of=of, samples=2, noise=0.0)
        torch.testing.assert_close(smooth, attribute(net, batch, of, 1), rtol=1e-5, atol=1e-7)


def test_inner_parameters_are_passed_on(batch):
    net = network()
    kwargs = {"of": "integrated-gradients", "samples": 2, "noise": 0.0}
    smooth = attribute(net, batch, "smoothgrad", 1, steps=3, baseline="white", **kwargs)
    inner = attribute(net, batch, "integrated-gradients", 1, steps=3, baseline="white")
    torch.testing.assert_close(smooth, inner, rtol=1e-5, atol=1e-7)


def test_the_chunks_do_not_change_the_result(batch, monkeypatch):
    net = network()
    whole = attribute(net, batch, "smoothgrad", 1, samples=7)
    monkeypatch.setenv("HEATLENS_MEMORY", "50K")
    torch.testing.assert_close(
        attribute(net, batch, "smoothgrad", 1, samples=7), whole, rtol=1e-4, atol=1e-8
    )


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"of": "gradcam"}, "it can be of gradient"),
        ({"of": "smoothgrad"}, "it can be of gradient"),
        ({"variant": "median"}, "mean, square, variance"),
        ({"samples": 1}, "at least 2"),
        ({"noise": -0.1}, "not be negative"),
        ({"steps": 5}, "takes no steps"),
    ],
)
def test_what_cannot_be_used_is_said(batch, parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        attribute(network(), batch, "smoothgrad", 1, **parameters)
