"""From names, files and networks to models: what all sources have in common."""

from __future__ import annotations

import argparse
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from heatlens.errors import (
    AssumptionWarning,
    InvalidArgument,
    InvalidType,
    MissingDependency,
    UnknownName,
    UntrustedPickle,
    WeightsUnavailable,
)
from heatlens.models.checkpoint import fill, read_checkpoint
from heatlens.models.load import as_model, list_models, load_model
from heatlens.models.metadata import contract_of, from_transformers
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.source import SOURCES
from heatlens.optional import needed

CNN = "timm:resnet10t"


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return load_model(CNN, weights=False, seed=1).module.state_dict()


def _same(model: TorchModel, weights: dict[str, torch.Tensor]) -> bool:
    state = model.module.state_dict()
    return all(torch.equal(state[name], tensor) for name, tensor in weights.items())


# --- names ------------------------------------------------------------------------------------


def test_every_source_is_there():
    of_torch = {"bundled", "export", "hf", "module", "timm", "torchvision"}
    assert set(SOURCES) == of_torch | {"http", "https", "keras", "onnx", "tensorflow"}


@pytest.mark.parametrize("source", SOURCES)
def test_source_says_what_it_is(source):
    item = SOURCES[source]
    assert item.form.startswith(f"{source}:")
    assert item.summary.endswith(".")
    assert (item.package is None) == (item.extra is None)


def test_unknown_source_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'torchvision'"):
        load_model("torchvison:resnet18")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("torchvision:resnet19", "resnet18"),
        ("timm:vit_tiny_patch16_22", "vit_tiny_patch16_224"),
        ("timm:resnet18.a1_in1", "a1_in1k"),
        ("torchvision:resnet18.IMAGENET1K_V9", "IMAGENET1K_V1"),
        ("bundled:scene-cn", "scene-cnn"),
        ("hf:vitt", "vit"),
    ],
)
def test_unknown_model_names_the_nearest(name, near):
    with pytest.raises(UnknownName, match=near):
        load_model(name, weights=False)


def test_name_without_a_source_says_how_it_is_written():
    with pytest.raises(InvalidArgument, match=r"'torchvision:resnet18'|'timm:resnet18'"):
        load_model("resnet18")
    with pytest.raises(InvalidArgument, match="SOURCE:NAME"):
        load_model("nothing-like-it")
    with pytest.raises(InvalidArgument, match="timm:NAME"):
        load_model("timm:")


def test_what_is_no_model_says_so():
    with pytest.raises(InvalidType, match="int is no model"):
        load_model(3)
    with pytest.raises(InvalidType, match="int is no model"):
        as_model(3)


def test_missing_package_says_how_to_get_it(monkeypatch):
    with pytest.raises(MissingDependency, match=r"pip install 'heatlens\[models\]'"):
        needed("a_package_that_is_not", "the source x:NAME")
    error = MissingDependency("torchvision", "models", "the source", "no operator nms")
    assert "installed but cannot be imported (no operator nms)" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_broken_package_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("raise RuntimeError('no operator')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingDependency, match=r"cannot be imported \(no operator\)"):
        needed("broken_package", "the source x:NAME")


def test_list_models():
    everything = list_models()
    assert "timm:resnet18" in everything
    assert "torchvision:resnet18" in everything
    assert "bundled:scene-cnn" in everything
    assert "hf:ViTForImageClassification" in everything
    assert list_models("resnet18", "torchvision") == ["torchvision:resnet18"]
    assert list_models("timm:vit_tiny_patch16_*") == list_models("vit_tiny_patch16_*", "timm")
    assert list_models("module") == list_models("no such thing") == []
    with pytest.raises(UnknownName):
        list_models(source="tim")


# --- seeds ------------------------------------------------------------------------------------


def test_seeded_weights_and_untouched_random_state():
    state = torch.get_rng_state()
    first, again, other = (load_model(CNN, weights=False, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    assert _same(first, again.module.state_dict())
    assert not _same(first, other.module.state_dict())


# --- checkpoints ------------------------------------------------------------------------------


def _nested(weights, how):
    return {
        "plain": weights,
        "state_dict": {"state_dict": weights, "epoch": 3},
        "model": {"model": weights, "optimizer": {"lr": 0.1}},
        "model in model": {"model": {"state_dict": weights}},
        "data parallel": {f"module.{name}": tensor for name, tensor in weights.items()},
        "lightning": {
            "state_dict": {
                **{f"model.{name}": tensor for name, tensor in weights.items()},
                "loss.weight": torch.ones(3),
            },
            "pytorch-lightning_version": "2.5",
            "hyper_parameters": {"lr": 0.1},
            "callbacks": {},
        },
        "compiled lightning": {
            "state_dict": {f"net._orig_mod.{name}": item for name, item in weights.items()}
        },
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "plain",
        "state_dict",
        "model",
        "model in model",
        "data parallel",
        "lightning",
        "compiled lightning",
    ],
)
def test_checkpoint_loads(tmp_path, weights, how):
    path = tmp_path / "weights.ckpt"
    torch.save(_nested(weights, how), path)
    assert _same(load_model(CNN, weights=path), weights)


def test_safetensors_loads(tmp_path, weights):
    save_file(weights, tmp_path / "weights.safetensors")
    assert _same(load_model(CNN, weights=str(tmp_path / "weights.safetensors")), weights)


def test_labels_build_the_head_for_a_checkpoint(tmp_path):
    labels = ["cat", "dog", "stork"]
    tuned = load_model(CNN, weights=False, labels=labels, seed=5)
    assert tuned.predict(torch.zeros(1, 3, 64, 64)).shape == (1, 3)
    save_file(tuned.module.state_dict(), tmp_path / "tuned.safetensors")
    loaded = load_model(CNN, weights=tmp_path / "tuned.safetensors", labels=labels)
    assert _same(loaded, tuned.module.state_dict())
    assert loaded.contract.labels == tuple(labels)
    with pytest.raises(InvalidArgument, match=r"fc.weight is 3 x 512, not 1000 x 512.*labels="):
        load_model(CNN, weights=tmp_path / "tuned.safetensors")


def test_missing_and_left_over_weights_are_listed(tmp_path, weights):
    other = {name: tensor for name, tensor in weights.items() if "layer4" not in name}
    save_file({**other, "head.extra": torch.ones(2)}, tmp_path / "w.safetensors")
    with pytest.raises(
        InvalidArgument, match=r"weights are missing \(layer4.*and \d+ more"
    ) as caught:
        load_model(CNN, weights=tmp_path / "w.safetensors")
    assert "1 do not belong to it (head.extra)" in str(caught.value)


def test_auxiliary_heads_and_counters_may_differ():
    network = nn.BatchNorm1d(2)
    state = network.state_dict()
    del state["num_batches_tracked"]
    fill(network, {**state, "aux_classifier.weight": torch.ones(1)}, "a file")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"PK\x03\x04 cut"])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_damaged_file_is_an_error(tmp_path, content, suffix):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(InvalidArgument, match="bad"):
        read_checkpoint(path)


def test_absent_file_and_folder(tmp_path):
    with pytest.raises(WeightsUnavailable, match="does not exist"):
        load_model(CNN, weights=tmp_path / "none.pt")
    with pytest.raises(WeightsUnavailable, match="is a folder"):
        load_model(CNN, weights=tmp_path)


def test_checkpoint_without_weights_names_its_keys(tmp_path):
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "no.pt")
    with pytest.raises(InvalidArgument, match="its keys are epoch, lr"):
        read_checkpoint(tmp_path / "no.pt")


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("legacy", [False, True])
def test_malicious_pickle_is_not_executed(tmp_path, weights, legacy):
    trace, path = tmp_path / "trace", tmp_path / "evil.ckpt"
    content = {"state_dict": weights, "extra": _Bomb(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UntrustedPickle, match="trust_pickle=True") as caught:
        load_model(CNN, weights=path)
    assert "safetensors.torch.save_file" in str(caught.value)
    assert not trace.exists()
    assert _same(load_model(CNN, weights=path, trust_pickle=True), weights)
    assert trace.exists()


def test_plain_pickle_is_not_executed(tmp_path):
    trace, path = tmp_path / "trace", tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps(_Bomb(trace)))
    with pytest.raises((UntrustedPickle, InvalidArgument)):
        read_checkpoint(path)
    assert not trace.exists()


def test_lightning_checkpoint_with_pickled_parameters_says_how_to_convert(tmp_path, weights):
    path = tmp_path / "epoch.ckpt"
    torch.save({"state_dict": weights, "hyper_parameters": argparse.Namespace(lr=0.1)}, path)
    with pytest.raises(UntrustedPickle, match=r"argparse.Namespace.*Convert it"):
        load_model(CNN, weights=path)
    assert _same(load_model(CNN, weights=path, trust_pickle=True), weights)


def test_pickled_module_gives_its_weights_where_trusted(tmp_path, weights):
    network = load_model(CNN, weights=False, seed=1).module
    torch.save(network, tmp_path / "whole.pt")
    with pytest.raises(UntrustedPickle):
        load_model(CNN, weights=tmp_path / "whole.pt")
    assert _same(load_model(CNN, weights=tmp_path / "whole.pt", trust_pickle=True), weights)


# --- networks that are there already ----------------------------------------------------------


def test_bare_network_says_once_what_is_assumed():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.warns(AssumptionWarning, match=r"mean 0, std 1.*any size.*input_size=") as caught:
        model = load_model(network)
    assert len(caught) == 1
    assert isinstance(AssumptionWarning("x"), UserWarning)
    assert model.module is network
    assert model.contract.mean == (0.0,)
    assert len(model.contract.assumed) == 2


def test_nothing_is_assumed_when_all_is_given():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(
            network,
            input_size=(48, 64),
            mean=0.5,
            std=(0.2, 0.3, 0.4),
            value_range=(0, 255),
            labels=["cat", "dog"],
            channel_order="BGR",
            name="mine",
        )
        as_model(network)
    contract = model.contract
    assert (contract.input_size, contract.mean, contract.std) == (
        (48, 64),
        (0.5, 0.5, 0.5),
        (0.2, 0.3, 0.4),
    )
    assert (contract.value_range, contract.labels) == ((0.0, 255.0), ("cat", "dog"))
    assert (contract.channel_order, contract.assumed, model.name) == ("BGR", (), "mine")


def test_as_model_warns_when_asked():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten())
    with pytest.warns(AssumptionWarning):
        as_model(network, warn=True)


def test_timm_network_tells_its_contract():
    import timm

    network = timm.create_model("vit_tiny_patch16_224", depth=1, img_size=(96, 128))
    contract = contract_of(network)
    assert contract.input_size == (96, 128)
    assert contract.mean == (0.5, 0.5, 0.5)
    assert contract.assumed == ()


def test_data_parallel_is_unwrapped():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten())
    model = as_model(nn.DataParallel(network))
    assert model.module is network
    assert model.contract.channels == 1


def test_loaded_model_can_be_told_more():
    model = load_model("bundled:scene-cnn", weights=False)
    renamed = load_model(model, labels=list("abcdefghij"), name="letters")
    assert load_model(model) is model
    assert as_model(model) is model
    assert renamed.contract.labels[0] == "a"
    assert (model.contract.labels[0], renamed.name) == ("digit 0", "letters")
    assert renamed.module is model.module


def test_a_network_of_the_users_is_never_changed():
    network = nn.Conv2d(3, 2, 3)
    with pytest.raises(InvalidArgument, match="has its weights already"):
        load_model(network, weights=False)
    with pytest.raises(InvalidArgument, match=r"move it with network.to"):
        load_model(network, device="meta")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"input_size": 0}, "must be positive"),
        ({"mean": (0.1, 0.2)}, "mean has 2 and std 3"),
        ({"std": 0.0}, "std must be positive"),
        ({"value_range": (1.0, 0.0)}, "must rise"),
        ({"mean": (123.675, 116.28, 103.53), "std": 58.4}, r"in 0\.\.1; .*value_range=\(0, 255\)"),
        ({"channel_order": "GBR"}, "RGB or BGR"),
        ({"labels": "cat"}, "one string"),
    ],
)
def test_words_that_make_no_sense(words, message):
    with pytest.raises((InvalidArgument, InvalidType), match=message):
        load_model(nn.Conv2d(3, 2, 3), **words)


def test_statistics_of_levels_come_with_their_range():
    words = {"mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375)}
    model = load_model(nn.Conv2d(3, 2, 3), input_size=8, value_range=(0, 255), **words)
    assert model.contract.mean == words["mean"]
    assert load_model(model, mean=100.0).contract.value_range == (0.0, 255.0)


def test_what_is_assumed_fits_the_range_that_was_given():
    with pytest.warns(AssumptionWarning, match=r"pixels in -1\.\.1 go in as they are"):
        model = load_model(nn.Conv2d(3, 2, 3), value_range=(-1, 1))
    assert not any("0..1" in line for line in model.contract.assumed)


def test_name_is_loaded_by_as_model():
    assert as_model("bundled:scene-vit").name == "bundled:scene-vit"


# --- processors of transformers, by their settings --------------------------------------------


class _Config:
    num_channels = 3
    id2label = {0: "LABEL_0", 1: "LABEL_1"}  # noqa: RUF012
    model_type = "vit"
    image_size = 96


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"size": {"height": 224, "width": 224}, "resample": 3, "image_mean": [0.5] * 3},
            {"input_size": (224, 224), "fit": "squash", "interpolation": "bicubic"},
        ),
        (
            {
                "size": {"shortest_edge": 256},
                "do_center_crop": True,
                "crop_size": {"height": 224, "width": 224},
                "resample": 3,
            },
            {"input_size": (224, 224), "fit": "crop", "resize": 256},
        ),
        (
            {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
            {"input_size": (224, 224), "fit": "crop", "resize": 256},
        ),
        (
            {"size": {"shortest_edge": 384}, "crop_pct": 1.0},
            {"input_size": (384, 384), "fit": "squash"},
        ),
        ({"size": 128}, {"input_size": (128, 128), "fit": "squash", "interpolation": "bilinear"}),
        ({"do_flip_channel_order": True, "do_normalize": False}, {"channel_order": "BGR"}),
        ({"do_rescale": False}, {"value_range": (0.0, 255.0)}),
        ({"rescale_factor": 1 / 127.5, "rescale_offset": True}, {"value_range": (-1.0, 1.0)}),
    ],
)
def test_processor_settings(settings, expected):
    contract = from_transformers(_Config, settings)
    got = {key: getattr(contract, key) for key in expected}
    if "value_range" in got:
        got["value_range"] = tuple(round(value, 9) for value in got["value_range"])
    assert got == expected
    assert contract.labels == ()
    assert contract.assumed == ()


def test_configuration_without_a_processor_is_an_assumption():
    contract = from_transformers(_Config, {})
    assert contract.input_size == (96, 96)
    assert "0.485" in contract.assumed[0]
