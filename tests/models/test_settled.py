"""Models arranged for many passes say what they said."""

import pytest
import torch
from torch import nn

from heatlens.models.load import as_model, load_model
from heatlens.models.settled import settled


class Net(nn.Module):
    """Normalisations after convolutions; one convolution is also used beside its own."""

    def __init__(self, beside=False):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3 if k == 0 else 6, 6, 3, padding=1) for k in range(5))
        self.norms = nn.ModuleList(nn.BatchNorm2d(6) for _ in range(5))
        self.head = nn.Linear(6, 4)
        self.beside = beside

    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms, strict=True):
            y = conv(x)
            x = torch.relu_(norm(y))
            if self.beside:
                x = x + y
        return self.head(x.mean((2, 3)))


def made(**settings):
    torch.manual_seed(0)
    net = Net(**settings)
    for norm in net.norms:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return net.eval()


BATCH = torch.randn(3, 3, 8, 9, generator=torch.Generator().manual_seed(1))


def folded(model):
    return sum(isinstance(part, nn.Identity) for part in model.network.modules())


def test_outputs_and_slopes_are_the_same_and_the_network_is_left_alone():
    net = made()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    model = as_model(net)
    quick = settled(model, BATCH[:1], keep=["", "norms.2"])
    assert folded(quick) == 4  # the one that is asked stays
    torch.testing.assert_close(quick.predict(BATCH), model.predict(BATCH))
    for name in ("", "norms.2"):
        slopes = []
        for one in (model, quick):
            leaf = BATCH.clone().requires_grad_()
            (slope,) = torch.autograd.grad(one.traced(leaf, [name])[name].square().sum(), leaf)
            slopes.append(slope)
        torch.testing.assert_close(*slopes, rtol=1e-3, atol=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())


def test_asked_convolutions_are_not_folded():
    model = as_model(made())
    quick = settled(model, BATCH[:1], keep=["convs.1"])
    assert folded(quick) == 4
    for name in ("convs.1",):
        expected = model.activations(BATCH, [name])[name]
        torch.testing.assert_close(quick.activations(BATCH, [name])[name], expected)


def test_a_convolution_with_another_use_is_noticed():
    """Its output also goes past the normalisation: folding would change that, so nothing is."""
    model = as_model(made(beside=True))
    assert settled(model, BATCH[:1], keep=[""]) is model


@pytest.mark.parametrize("kind", ["few", "other"])
def test_what_gains_nothing_is_returned(kind):
    few = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).eval()
    model = (
        as_model(few)
        if kind == "few"
        else load_model(lambda x: few(x), framework="torch", layout="NCHW", input_size=8)
    )
    assert settled(model, BATCH[:1], keep=[""]) is model


@pytest.mark.parametrize("name", ["bundled:scene-cnn", "bundled:scene-vit"])
def test_bundled_networks(name):
    model = load_model(name)
    batch = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    quick = settled(model, batch[:1], keep=[""])
    assert quick is not model
    torch.testing.assert_close(quick.predict(batch), model.predict(batch), rtol=1e-3, atol=1e-3)
