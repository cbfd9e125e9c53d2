"""Every method on films, volumes, spectrograms and samples, in any layout."""

import numpy as np
import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.attribution.explain import explain
from heatlens.attribution.method import METHODS
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.models.load import load_model
from heatlens.models.prepare import prepared
from heatlens.testing.conformance import difference
from tests.attribution.networks import seeded

GRIDS = {"NCT": (24,), "NCFT": (16, 24), "NCTHW": (6, 16, 16), "NCDHW": (8, 16, 16)}
OWN = {"NCT": "NTC", "NCFT": "NTFC", "NCTHW": "NTCHW", "NCDHW": "NDHWC"}


def network(axes):
    convolution = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[axes]
    pooling = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}[axes]
    return seeded(
        nn.Sequential(
            convolution(2, 6, 3, stride=2, padding=1),
            nn.ReLU(),
            convolution(6, 8, 3, padding=1),
            nn.Tanh(),
            pooling(1),
            nn.Flatten(),
            nn.Linear(8, 3),
        )
    )


class Reordered(nn.Module):
    """The same network with its axes in another order."""

    def __init__(self, inner, own, canonical):
        super().__init__()
        self.inner = inner
        self.order = [own.index(letter) for letter in canonical]

    def forward(self, x):
        return self.inner(x.permute(self.order))


def batch_of(layout, rows=2):
    return torch.randn(rows, 2, *GRIDS[layout], generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("layout", GRIDS)
@pytest.mark.parametrize("method", METHODS)
def test_a_layout_of_its_own_changes_nothing(method, layout):
    net = network(len(GRIDS[layout]))
    batch = batch_of(layout)
    settings = dict(METHODS[method].quick)
    plain = attribute(load_model(net, layout=layout), batch, method, target=1, **settings)
    assert plain.ndim == batch.ndim
    assert len(plain) == 2
    if METHODS[method].level == "pixel":
        assert plain.shape[2:] == batch.shape[2:]
    own = OWN[layout]
    model = load_model(Reordered(net, own, layout), layout=own)
    turned = batch.permute([layout.index(letter) for letter in own]).contiguous()
    maps = attribute(model, turned, method, target=1, **settings)
    back = maps.permute([own.index(letter) for letter in layout])
    assert difference(back, plain) < 1e-4


def test_numpy_in_numpy_out():
    model = load_model(network(2), layout="NCHW")
    batch = batch_of("NCFT")
    out = attribute(model, batch.numpy(), "gradient", target=0)
    assert isinstance(out, np.ndarray)
    np.testing.assert_array_equal(out, attribute(model, batch, "gradient", target=0).numpy())


def test_a_film_on_its_own_frames():
    model = load_model(network(3), layout="NCTHW", input_size=(4, 16, 16), mean=0.0, std=1.0)
    model = load_model(model, mean=(0.0, 0.0), std=(1.0, 1.0))
    film = Image(np.random.default_rng(0).integers(0, 255, (9, 20, 30, 2)).astype(np.uint8), "TYXC")
    heat = explain(model, film, "input-x-gradient", 0, fit="squash")
    assert heat.axes == "TYX"
    assert heat.values.shape == (9, 20, 30)
    seen = heat.valid.any((1, 2))
    assert seen.tolist() == [False, True, False, True, False, True, False, True, False]
    assert heat.over("T").values.shape == (9,)
    assert any("4 of the film's 9 frames" in note for note in heat.provenance.notes)


def test_a_volume_on_its_own_slices():
    model = load_model(
        network(3), layout="NCDHW", input_size=(8, 16, 16), mean=(0.0, 0.0), std=(1.0, 1.0)
    )
    volume = Image(np.random.default_rng(0).random((5, 20, 30, 2), np.float32), "ZYXC", (0, 1))
    heat = explain(model, volume, "gradcam", 0)
    assert heat.axes == "ZYX"
    assert heat.values.shape == (5, 20, 30)
    assert heat.valid is None


def test_the_wrong_kind_of_input_is_named():
    flat = load_model(network(2), input_size=(16, 24))
    with pytest.raises(InvalidArgument, match="not a film"):
        prepared(flat, Image(np.zeros((3, 8, 8, 2), np.uint8), "TYXC"))  # explain goes by frames
    deep = load_model(network(3), layout="NCDHW")
    with pytest.raises(InvalidArgument, match="not a picture"):
        explain(deep, np.zeros((8, 8, 3), np.uint8), "gradient", 0)
    with pytest.raises(InvalidArgument, match=r"expected \(N, C, D, H, W\)"):
        attribute(deep, torch.zeros(1, 2, 8, 8), "gradient", target=0)
    with pytest.raises(InvalidArgument, match="one letter an axis"):
        load_model(network(2), layout="NCXY")


class Spectral(nn.Module):
    """Takes (N, T, F) and keeps that order inside, as audio networks do."""

    def __init__(self, channels):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=4, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, channels, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Linear(channels, 3)

    def forward(self, x):
        return self.head(self.features(x.unsqueeze(1)).mean((2, 3)))


@pytest.mark.parametrize("channels", [4, 8, 64])
@pytest.mark.parametrize(("moments", "bands"), [(64, 64), (128, 32), (32, 128)])
def test_a_cam_lies_where_the_event_is_whatever_the_order_inside(channels, moments, bands):
    net = Spectral(channels).eval()
    with torch.no_grad():
        for weights in net.parameters():
            weights.copy_(weights.abs() if weights.ndim > 1 else torch.zeros_like(weights))
    model = load_model(net, layout="NTF", input_size=(bands, moments), mean=0.0, std=1.0)
    batch = torch.zeros(1, moments, bands)
    batch[:, : moments // 8, -bands // 8 :] = 1.0  # early, and at high frequencies
    cells = attribute(model, batch, "gradcam", target=0)
    assert cells.shape == (1, moments // 8, bands // 8)
    moment, band = divmod(int(cells[0].argmax()), cells.shape[2])
    assert moment < max(1, moments // 64)
    assert band >= bands // 8 - max(1, bands // 64)
