"""Maps in bfloat16 look the same: correlation with float32 of at least .999."""

from __future__ import annotations

import pytest
import torch
import torchvision

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.models.bundled import build
from heatlens.models.contract import Contract
from heatlens.models.load import as_model
from heatlens.testing.scenes import scenes
from tests.attribution.networks import ResidualNet, pictures, seeded

FORWARD = [name for name, method in METHODS.items() if "precision" in method.parameters]
CAMS = [name for name, method in METHODS.items() if method.level == "layer"]


def correlation(first, second):
    rows = zip(first.flatten(1), second.flatten(1), strict=True)
    return min(torch.corrcoef(torch.stack(row))[0, 1].item() for row in rows)


@pytest.fixture(scope="module")
def trained():
    """A trained network, and pictures it was made for."""
    network, contract = build("scene-cnn")
    pixels = torch.from_numpy(scenes(4, split="test").images).permute(0, 3, 1, 2) / 255
    batch = Contract(mean=contract["mean"], std=contract["std"]).normalise(pixels)
    return network, batch


@pytest.mark.parametrize("method", FORWARD)
def test_bf16_on_a_trained_network(trained, method):
    network, batch = trained
    settings = METHODS[method].quick
    single = attribute(network, batch, method, **settings)
    half = attribute(network, batch, method, precision="bf16", **settings)
    assert not torch.equal(single, half)
    assert correlation(single, half) >= 0.999


def test_bf16_on_a_resnet():
    network, batch = seeded(torchvision.models.resnet18()), pictures(2, (128, 128))
    single = attribute(network, batch, "gradcam", 1)
    assert correlation(single, attribute(network, batch, "gradcam", 1, precision="bf16")) >= 0.999


@pytest.mark.parametrize("method", FORWARD)
def test_auto_is_one_of_the_two(method):
    network, batch = seeded(ResidualNet()), pictures(2)
    settings = {**({"layer": "conv3"} if method in CAMS else {}), **METHODS[method].quick}
    auto = attribute(network, batch, method, 1, precision="auto", **settings)
    assert any(
        torch.equal(auto, attribute(network, batch, method, 1, precision=kind, **settings))
        for kind in ("fp32", "bf16")
    )


def test_gradients_to_the_input_take_no_precision():
    """In bf16 they lose too much, those by finite differences all."""
    without = {name for name in METHODS if "gradient" not in METHODS[name].needs}
    assert without - {"spsa"} == set(FORWARD)


def test_asking_for_bf16_leaves_the_model_in_float32():
    network, batch = seeded(ResidualNet()), pictures(2)
    model = as_model(network)
    before = attribute(model, batch, "gradient", 1)
    attribute(model, batch, "gradcam", 1, precision="bf16")
    assert torch.equal(attribute(model, batch, "gradient", 1), before)
