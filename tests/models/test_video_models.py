"""Classifiers of films, recurrent networks over frames, volumes."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.models.load import load_model
from heatlens.models.pytorch.model import TorchModel

transformers = pytest.importorskip("transformers")

LABELS = {"id2label": {0: "run", 1: "fall"}, "label2id": {"run": 0, "fall": 1}}
SIZE = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "num_frames": 4,
    **LABELS,
}
SETTINGS = {
    "size": {"shortest_edge": 32},
    "do_center_crop": True,
    "crop_size": {"height": 32, "width": 32},
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
}


def _videomae():
    config = transformers.VideoMAEConfig(**SIZE, patch_size=8, tubelet_size=2)
    return transformers.VideoMAEForVideoClassification(config)


def _timesformer():
    config = transformers.TimesformerConfig(**SIZE, patch_size=8)
    return transformers.TimesformerForVideoClassification(config)


def _vivit():
    config = transformers.VivitConfig(**SIZE, tubelet_size=[2, 8, 8])
    return transformers.VivitForVideoClassification(config)


@pytest.fixture(params=[_videomae, _timesformer, _vivit])
def saved(request, tmp_path):
    torch.manual_seed(0)
    network = request.param().eval()
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.data.normal_(0, 0.2)
    network.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(SETTINGS))
    return network, tmp_path


@pytest.fixture
def films():
    return torch.randn(2, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_films_of_transformers(saved, films):
    network, folder = saved
    model = load_model(f"hf:{folder}")
    contract = model.contract
    assert (contract.layout, contract.input_size) == ("NTCHW", (4, 32, 32))
    assert (contract.labels, contract.mean) == (("run", "fall"), (0.5, 0.4, 0.3))
    with torch.no_grad():
        theirs = network(films).logits
    torch.testing.assert_close(model.predict(films.transpose(1, 2)), theirs, rtol=1e-4, atol=1e-5)
    found = attribute(model, films, "gradient", "fall")
    assert found.shape == films.shape
    leaf = films.clone().requires_grad_()
    network(leaf).logits[:, 1].sum().backward()
    torch.testing.assert_close(found, leaf.grad, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("saved", [_videomae, _vivit], indirect=True)
def test_cam_on_tubes(saved, films):
    _, folder = saved
    model = load_model(f"hf:{folder}")
    assert model.spatial_layer(films[:1].transpose(1, 2)).grid == (2, 4, 4)
    # One value for each tube, in the film's own order of axes.
    assert attribute(model, films, "gradcam", 0).shape == (2, 2, 1, 4, 4)


def test_vivit_range(tmp_path):
    _vivit().save_pretrained(tmp_path)
    settings = {**SETTINGS, "offset": True, "rescale_factor": 1 / 127.5}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    assert load_model(f"hf:{tmp_path}").contract.value_range == (-1.0, 1.0)


def test_architecture_by_name():
    model = load_model("hf:videomae", weights=False, labels=["a", "b"], input_size=(2, 32, 32),
                       layout="NTCHW")  # fmt: skip
    assert model.contract.input_size == (2, 32, 32)
    assert model.predict(torch.zeros(1, 3, 2, 32, 32)).shape == (1, 2)


class Frames(nn.Module):
    """A picture's network on each frame, a recurrent one across them: (N, T, C, H, W)."""

    def __init__(self, recurrent):
        super().__init__()
        self.see = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.recurrent = recurrent(6, 5, batch_first=True, num_layers=2, dropout=0.5)
        self.head = nn.Linear(5, 3)

    def forward(self, films):
        rows, frames = films.shape[:2]
        seen = self.see(films.flatten(0, 1)).flatten(1).unflatten(0, (rows, frames))
        return self.head(self.recurrent(seen)[0][:, -1])


@pytest.mark.parametrize("recurrent", [nn.GRU, nn.LSTM, nn.RNN])
@pytest.mark.parametrize("training", [False, True])
def test_recurrent_networks_keep_their_mode(recurrent, training):
    torch.manual_seed(0)
    network = Frames(recurrent).train(training)
    films = torch.randn(2, 5, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    model = load_model(network, layout="NTCHW")
    found = attribute(model, films, "gradient", 1)
    assert network.training is training
    assert network.recurrent.dropout == 0.5
    leaf = films.clone().requires_grad_()
    network.eval()(leaf)[:, 1].sum().backward()
    torch.testing.assert_close(found, leaf.grad)
    assert found.abs().sum((2, 3, 4)).gt(0).all()


def _volume_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv3d(1, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool3d(2),
        nn.Conv3d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )


@pytest.fixture
def volumes():
    return torch.randn(2, 1, 8, 12, 16, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("method", "parameters", "shape"),
    [
        ("gradient", {}, (8, 12, 16)),
        ("input-x-gradient", {}, (8, 12, 16)),
        ("integrated-gradients", {"steps": 4}, (8, 12, 16)),
        ("smoothgrad", {"samples": 2}, (8, 12, 16)),
        ("occlusion", {"window": (4, 4, 4), "stride": (2, 4, 4)}, (8, 12, 16)),
        ("gradcam", {}, (4, 6, 8)),
        ("layercam", {}, (4, 6, 8)),
        ("eigencam", {}, (4, 6, 8)),
    ],
)
def test_volumes(method, parameters, shape, volumes):
    model = load_model(_volume_network(), layout="NCDHW", mean=0.0, std=1.0)
    found = attribute(model, volumes, method, 0, **parameters)
    assert found.shape == (2, 1, *shape)
    alone = attribute(model, volumes[1:], method, 0, **parameters)
    torch.testing.assert_close(found[1:], alone, rtol=1e-4, atol=1e-6)


def test_gradcam_of_a_volume_is_its_formula(volumes):
    network = _volume_network()
    model = TorchModel(network, load_model(network, layout="NCDHW").contract)
    found = attribute(model, volumes, "gradcam", 0, relu=False)
    activation = network[:5](volumes).detach().requires_grad_()
    (slope,) = torch.autograd.grad(network[5:](activation)[:, 0].sum(), activation)
    expected = (slope.mean((2, 3, 4), keepdim=True) * activation).sum(1, keepdim=True)
    torch.testing.assert_close(found, expected.detach())
