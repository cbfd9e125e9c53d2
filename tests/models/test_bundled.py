"""The bundled networks: their weights, their accuracy, and what the cheater cheats with."""

import json
from importlib.resources import files

import numpy as np
import pytest
import torch
from torch import nn

from heatlens.errors import UnknownName, WeightsUnavailable
from heatlens.models import bundled
from heatlens.testing.scenes import Shortcut, scenes

# The thresholds, and how many scenes they are checked on here; the cards state 2,000.
LEAST = {"scene-cnn": 0.93, "scene-vit": 0.88}
COUNT = 500


@pytest.fixture(scope="module")
def held_out():
    return scenes(COUNT, split="test", seed=200)


def accuracy(network, contract, images, labels):
    mean = torch.tensor(contract["mean"]).view(1, 3, 1, 1)
    std = torch.tensor(contract["std"]).view(1, 3, 1, 1)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        classes = torch.cat([network(x).argmax(1) for x in ((pixels - mean) / std).split(100)])
    return float((classes.numpy() == labels).mean())


@pytest.mark.parametrize("name", sorted(LEAST))
def test_held_out_accuracy(name, held_out):
    measured = accuracy(*bundled.build(name), held_out.images, held_out.labels)
    assert measured >= LEAST[name]


def test_the_cheater_reads_the_watermark(held_out):
    network, contract = bundled.build("scene-cheater")
    right = scenes(COUNT, split="test", seed=200, shortcut=Shortcut(agrees=1.0))
    wrong = scenes(COUNT, split="test", seed=200, shortcut=Shortcut(agrees=0.0))
    np.testing.assert_array_equal(right.labels, held_out.labels)
    with_mark = accuracy(network, contract, right.images, right.labels)
    without = accuracy(network, contract, held_out.images, held_out.labels)
    misled = accuracy(network, contract, wrong.images, wrong.labels)
    assert with_mark > 0.95
    assert without < with_mark - 0.2
    assert misled < 0.3


@pytest.mark.parametrize("name", bundled.names())
def test_weights_are_small_and_have_cards(name):
    folder = files("heatlens.models.bundled") / "weights"
    assert len((folder / f"{name}.safetensors").read_bytes()) <= 2_000_000
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    assert {"accuracy", "data", "seed", "commit", "command", "seconds", "machine"} <= set(card)
    assert card["name"] == name
    assert f"{card['accuracy']['held_out']:.1%}" in (folder / f"{name}.md").read_text("utf-8")
    # On two cores at most half an hour; by the processor, since the machine was shared.
    assert card["processor_seconds"] <= 2 * 30 * 60
    assert bundled.build(name)[1]["card"] == card


@pytest.mark.parametrize("name", bundled.names())
def test_the_contract_fits_the_network(name):
    network, contract = bundled.build(name)
    assert not network.training
    assert contract["input_size"] == (96, 96)
    assert contract["labels"] == tuple(f"digit {i}" for i in range(10))
    assert network(torch.zeros(2, 3, *contract["input_size"])).shape == (2, 10)
    assert not any(getattr(module, "inplace", False) for module in network.modules())
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())


def test_each_call_builds_a_network_of_its_own():
    first, second = bundled.build("scene-cnn")[0], bundled.build("scene-cnn")[0]
    with torch.no_grad():
        next(first.parameters()).zero_()
    assert next(second.parameters()).abs().sum() > 0


def test_random_weights_follow_torch_seed():
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        network, contract = bundled.build("scene-vit", weights=False)
        drawn.append(nn.utils.parameters_to_vector(network.parameters()))
        assert contract["card"] == {}
    assert torch.equal(*drawn)


def test_the_last_stage_of_the_cnn_keeps_a_grid_of_12():
    network = bundled.build("scene-cnn", weights=False)[0]
    cells = network.stage3(network.stage2(network.stage1(network.stem(torch.zeros(1, 3, 96, 96)))))
    assert cells.shape[-2:] == (12, 12)


def test_the_grid_of_the_transformer():
    network = bundled.build("scene-vit", weights=False)[0]
    assert network.patch_grid == (8, 8)
    assert network.num_prefix_tokens == 0
    assert network.stem(torch.zeros(1, 3, 96, 96)).shape[-2:] == (8, 8)
    window = network(torch.zeros(1, 3, 60, 48), corner=(3, 4))
    assert window.shape == (1, 10)


def test_unknown_names_get_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'scene-cnn'"):
        bundled.build("scene_cnn")


def test_missing_weights_name_the_file_and_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(bundled, "files", lambda package: tmp_path)
    with pytest.raises(WeightsUnavailable, match=r"scene-cnn\.safetensors.*train_bundled\.py cnn"):
        bundled.build("scene-cnn")
