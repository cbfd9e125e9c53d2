"""However a network spells its ReLUs and residual adds, the map is the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS
from heatlens.testing.conformance import difference
from tests.attribution.networks import pictures, seeded

STYLES = ("modules", "functional", "reused", "in-place", "in-place functional")
LAYER = "conv3"


class Spelled(nn.Module):
    """One function of the input, spelled in one of `STYLES`; conv3 is followed by its ReLU."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.style = style
        self.conv1 = nn.Conv2d(3, 8, 3, 2, padding=1)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.conv3 = nn.Conv2d(8, 12, 3, 2, padding=1)
        self.head = nn.Linear(12, 3)
        inplace = style == "in-place"
        self.relu = nn.ReLU(inplace=inplace)
        if style in ("modules", "in-place"):
            self.relu1, self.relu2, self.relu3 = (nn.ReLU(inplace=inplace) for _ in range(3))

    def rectify(self, x, number):
        if self.style == "functional":
            return F.relu(x)
        if self.style == "reused":
            return self.relu(x)
        if self.style == "in-place functional":
            return x.relu_()
        return getattr(self, f"relu{number}")(x)

    def forward(self, x):
        x = self.rectify(self.conv1(x), 1)
        y = self.conv2(x)
        if self.style.startswith("in-place"):
            y += x
        else:
            y = y + x
        x = self.rectify(y, 2)
        x = self.rectify(self.conv3(x), 3)
        return self.head(x.mean((2, 3)))


def spelled(style):
    network = seeded(Spelled("modules"))
    network.conv3.bias.data -= 1.5  # most cells are off
    other = Spelled(style).eval()
    other.load_state_dict(network.state_dict())
    return other


@pytest.mark.parametrize("style", STYLES[1:])
@pytest.mark.parametrize("method", METHODS)
def test_every_spelling_gives_the_same_map(method, style):
    batch = pictures()
    settings = dict(METHODS[method].quick)
    for layer in (LAYER, "conv2") if "layer" in METHODS[method].parameters else (None,):
        if layer:
            settings["layer"] = layer
        expected = attribute(spelled("modules"), batch, method, 1, **settings)
        found = attribute(spelled(style), batch, method, 1, **settings)
        assert expected.abs().max() > 0
        assert difference(found, expected) < 1e-6


def naive_gradcam(network, batch):
    """What a CAM by plain forward hook does: keep the output, ask for its gradient later."""
    kept = []
    handle = network.get_submodule(LAYER).register_forward_hook(lambda m, i, o: kept.append(o))
    score = network(batch)[:, 1].sum()
    handle.remove()
    (slope,) = torch.autograd.grad(score, kept[0])
    A = kept[0].detach()
    return torch.einsum("nk,nkhw->nhw", slope.mean((2, 3)), A).unsqueeze(1)


def test_a_naive_hook_is_misled_by_in_place_operations():
    batch = pictures()
    expected = attribute(spelled("modules"), batch, "gradcam", 1, layer=LAYER)
    assert difference(naive_gradcam(spelled("modules"), batch), expected) < 1e-5
    assert difference(naive_gradcam(spelled("in-place functional"), batch), expected) > 0.5
