"""CAMs in bfloat16 look the same: correlation with float32 of at least .999."""

from __future__ import annotations

import pytest
import torch
import torchvision

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.models.load import as_model
from tests.attribution.networks import ResidualNet, pictures, seeded

CAMS = [name for name, method in METHODS.items() if "precision" in method.parameters]


def correlation(first, second):
    rows = zip(first.flatten(1), second.flatten(1), strict=True)
    return min(torch.corrcoef(torch.stack(row))[0, 1].item() for row in rows)


@pytest.fixture(scope="module")
def resnet18():
    return seeded(torchvision.models.resnet18())


@pytest.mark.parametrize("method", CAMS)
def test_bf16_on_a_resnet(resnet18, method):
    batch = pictures(2, (96, 96))
    settings = {"layer": "layer3", **METHODS[method].quick}
    single = attribute(resnet18, batch, method, 1, **settings)
    half = attribute(resnet18, batch, method, 1, precision="bf16", **settings)
    assert not torch.equal(single, half)
    assert correlation(single, half) >= 0.999


@pytest.mark.parametrize("method", CAMS)
def test_auto_is_one_of_the_two(method):
    network, batch = seeded(ResidualNet()), pictures(2)
    settings = {"layer": "conv3", **METHODS[method].quick}
    auto = attribute(network, batch, method, 1, precision="auto", **settings)
    assert any(
        torch.equal(auto, attribute(network, batch, method, 1, precision=kind, **settings))
        for kind in ("fp32", "bf16")
    )


@pytest.mark.parametrize("method", [name for name in METHODS if name not in CAMS])
def test_gradients_to_the_input_have_no_precision_to_lose(method):
    assert METHODS[method].level == "pixel"


def test_input_gradients_stay_float32():
    """A model in bf16 runs its forward passes so; what a pixel-level method asks it for does not
    go through it by default."""
    network, batch = seeded(ResidualNet()), pictures(2)
    model = as_model(network)
    full = attribute(model, batch, "gradient", 1)
    assert full.dtype == torch.float32
    assert model.at("bf16") is not model
    assert torch.equal(attribute(model, batch, "gradient", 1), full)
