"""The same maps as captum's where both define the same thing."""

from __future__ import annotations

import copy

import pytest
import torch
import torchvision
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, Saliency

from heatlens.attribution.attribute import attribute
from heatlens.models.load import as_model
from heatlens.testing.conformance import difference
from tests.attribution.networks import ResidualNet, TinyViT, pictures, seeded

# Network, picture size, the layer a CAM is read from.
NETWORKS = {
    "residual": (ResidualNet, 32, "conv4"),
    "vit": (TinyViT, 32, None),
    "resnet18": (torchvision.models.resnet18, 64, "layer4"),
    "mobilenet_v2": (torchvision.models.mobilenet_v2, 64, "features"),
    "densenet121": (torchvision.models.densenet121, 64, "features.denseblock4"),
}
TOLERANCE = 1e-5
CLASS = 1


@pytest.fixture(scope="module", params=NETWORKS)
def case(request):
    build, size, layer = NETWORKS[request.param]
    network = seeded(build())
    # In the memory layout that we compute in: in another, convolutions round otherwise, a ReLU
    # near zero flips, and captum differs from itself by 1e-3 (densenet121).
    return network, as_model(network).prepare(pictures(2, (size, size))), layer


def test_gradient(case):
    network, batch, _ = case
    expected = Saliency(network).attribute(batch.clone().requires_grad_(), CLASS, abs=False)
    assert difference(attribute(network, batch, "gradient", CLASS), expected) < TOLERANCE


def test_input_x_gradient(case):
    network, batch, _ = case
    expected = InputXGradient(network).attribute(batch.clone().requires_grad_(), CLASS).detach()
    assert difference(attribute(network, batch, "input-x-gradient", CLASS), expected) < TOLERANCE


@pytest.mark.parametrize(
    ("rule", "theirs"), [("riemann", "riemann_middle"), ("gauss-legendre", "gausslegendre")]
)
def test_integrated_gradients(case, rule, theirs):
    network, batch, _ = case
    if isinstance(network, torchvision.models.DenseNet) and rule == "riemann":
        pytest.skip("one rule will do for the slowest network")
    # captum sends all steps at once, we as many as fit: rows in another batch round otherwise,
    # and along a path some ReLU is always near zero. In float64 none of them flips.
    network, batch = copy.deepcopy(network).double(), batch.double()
    start = 0.3 * torch.ones_like(batch)
    expected, _ = IntegratedGradients(network).attribute(
        batch, start, CLASS, n_steps=4, method=theirs, return_convergence_delta=True
    )
    found = attribute(
        network, batch, "integrated-gradients", CLASS, baseline=start, steps=4, rule=rule
    )
    assert difference(found, expected.float()) < TOLERANCE


def test_gradcam(case):
    network, batch, layer = case
    if layer is None:
        pytest.skip("captum reads no token grid")
    expected = LayerGradCam(network, network.get_submodule(layer)).attribute(
        batch, CLASS, relu_attributions=False
    )
    found = attribute(network, batch, "gradcam", CLASS, layer=layer)
    assert difference(found, expected.detach()) < TOLERANCE


def test_gradcam_of_a_class_per_row(case):
    network, batch, layer = case
    if layer is None:
        pytest.skip("captum reads no token grid")
    expected = LayerGradCam(network, network.get_submodule(layer)).attribute(
        batch, torch.tensor([2, 0]), relu_attributions=False
    )
    found = attribute(network, batch, "gradcam", [2, 0], layer=layer)
    assert difference(found, expected.detach()) < TOLERANCE
