"""`keras:NAME`, files that Keras saved, and what they tell of their input.

Run by test_keras.py in one process for each backend.
"""

import importlib
import random
import zipfile

import numpy as np
import pytest
import torch

import heatlens
from heatlens.errors import (
    AssumptionWarning,
    InvalidArgument,
    UnknownName,
    UntrustedPickle,
    WeightsUnavailable,
)
from heatlens.models.keras.applications import names, preprocessing
from heatlens.models.keras.contract import contract_of
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.load import as_model, list_models, load_model
from heatlens.models.source import SOURCES
from tests.models.keras_process.keras_networks import (
    backend,
    convolutional,
    numpy,
    pixels,
    relative,
)


def test_names():
    found = list_models(source="keras")
    assert "keras:ResNet50" in found
    assert len(found) > 30
    import keras

    assert all(callable(getattr(keras.applications, name)) for name in names())
    with pytest.raises(UnknownName, match="ResNet50"):
        load_model("keras:resnet50", weights=False)


@pytest.mark.parametrize(
    ("name", "order"),
    [("resnet", "BGR"), ("mobilenet_v2", "RGB"), ("densenet", "RGB"), ("efficientnet", "RGB"),
     ("convnext", "RGB"), ("vgg16", "BGR"), ("nasnet", "RGB")],
)  # fmt: skip
def test_preprocessing_is_what_keras_does(name, order):
    import keras

    module = importlib.import_module(f"keras.applications.{name}")
    found = preprocessing(keras, module)
    assert found["channel_order"] == order
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 9, 7, 3)).astype(np.float32)
    expected = numpy(module.preprocess_input(pictures.copy(), data_format="channels_last"))
    contract = heatlens.models.contract.Contract(**found)
    ours = contract.normalise(torch.from_numpy(pictures / 255).permute(0, 3, 1, 2))
    np.testing.assert_allclose(ours.permute(0, 2, 3, 1), expected, atol=2e-3, rtol=1e-4)


def test_an_application_with_random_weights():
    state = random.getstate()
    model = load_model("keras:MobileNetV2", weights=False, input_size=32, seed=3)
    assert random.getstate() == state
    contract = model.contract
    assert (contract.input_size, contract.layout) == ((32, 32), "NHWC")
    assert (contract.mean, contract.std) == ((127.5,) * 3, (127.5,) * 3)
    assert contract.value_range == (0.0, 255.0)
    assert contract.labels[127] == "white stork"
    batch = torch.from_numpy(pixels(1, 3, 32, 32))
    again = load_model("keras:MobileNetV2", weights=False, input_size=32, seed=3)
    torch.testing.assert_close(model.predict(batch), again.predict(batch))
    other = load_model("keras:MobileNetV2", weights=False, input_size=32, seed=4)
    drawn = [item.origin.get_weights()[0] for item in (model, again, other)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    named = load_model("keras:MobileNetV2", weights=False, input_size=32, labels=["cat", "dog"])
    assert named.predict(batch).shape == (1, 2)


def test_weights_that_cannot_be_had(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def unreachable(url, what, place):
        reason = OSError("no route")
        raise WeightsUnavailable(f"{what} {place}") from reason

    monkeypatch.setattr("heatlens.models.keras.applications.require_reachable", unreachable)
    before = vars(importlib.import_module("keras.src.applications.resnet"))["file_utils"]
    cases = [
        ("ResNet50", "resnet50_weights_tf_dim_ordering_tf_kernels.h5"),
        ("ResNet50V2", "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5"),
    ]
    if backend() != "torch":  # on which Keras has none
        cases.append(("NASNetMobile", "nasnet_mobile.h5"))
    for name, file in cases:
        with pytest.raises(
            WeightsUnavailable, match=r"(?s)no route.*https://.*put it at"
        ) as caught:
            load_model(f"keras:{name}")
        assert str(tmp_path) in str(caught.value)
        assert file in str(caught.value)
        assert "weights=False" in str(caught.value)
    assert vars(importlib.import_module("keras.src.applications.resnet"))["file_utils"] is before


def test_a_size_that_the_weights_were_not_trained_for():
    with pytest.raises(InvalidArgument, match="cannot be built so"):
        load_model("keras:ResNet50", input_size=64)
    with pytest.raises(InvalidArgument, match=r"takes no checkpoint|checkpoint"):
        load_model("keras:ResNet50", weights=__file__)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.filterwarnings("ignore")
def test_saved_models(tmp_path, suffix):
    network, path = convolutional(), tmp_path / f"net{suffix}"
    network.save(path)
    batch = torch.from_numpy(pixels(2, 32, 32, 3)).permute(0, 3, 1, 2)
    for source in (str(path), f"keras:{path}", path):
        model = load_model(source)
        assert model.name == f"keras:net{suffix}"
        assert relative(model.predict(batch), as_model(network).predict(batch)) < 1e-5
    with pytest.raises(InvalidArgument, match="carries its weights"):
        load_model(path, weights=False)


@pytest.mark.filterwarnings("ignore")
def test_files_that_are_no_models(tmp_path):
    with pytest.raises(WeightsUnavailable, match="there is no file"):
        load_model(tmp_path / "none.keras")
    for suffix, said in ((".keras", "damaged or cut short"), (".h5", "no model that Keras reads")):
        (path := tmp_path / f"broken{suffix}").write_bytes(b"PK\x03\x04 no archive")
        with pytest.raises(InvalidArgument, match=said):
            load_model(path)
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(InvalidArgument, match="no model that Keras reads"):
        load_model(tmp_path / "empty.keras")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_a_file_is_not_run(tmp_path, suffix):
    import keras

    network = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda rows: 2 * rows)])
    network.save(tmp_path / f"code{suffix}")
    with pytest.raises(UntrustedPickle, match="trust_pickle=True"):
        load_model(tmp_path / f"code{suffix}")
    model = load_model(tmp_path / f"code{suffix}", trust_pickle=True)
    assert model.predict(torch.ones(1, 1, 4)).tolist() == [[2.0] * 4]


@pytest.mark.filterwarnings("ignore")
def test_a_class_that_keras_does_not_know(tmp_path):
    import keras

    class Mine(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    keras.Sequential([keras.Input((4,)), Mine()]).save(tmp_path / "own.keras")
    with pytest.raises(InvalidArgument, match="Import the module"):
        load_model(tmp_path / "own.keras")


def test_a_bare_network_says_what_is_assumed():
    import keras

    with pytest.warns(AssumptionWarning, match=r"pixels in 0\.\.1 go in as they are"):
        load_model(convolutional())
    inputs = keras.Input((None, None, 1))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(scaled))
    contract = contract_of(KerasNetwork(network))
    assert contract.value_range == (0.0, 255.0)
    assert contract.channels == 1
    assert contract.input_size is None
    assert contract.assumed == (
        "pixels in 0..255 go in as they are (mean 0, std 1)", "pictures of any size go in",
    )  # fmt: skip


def test_what_the_source_says_of_this_machine():
    source = SOURCES["keras"]
    assert source.installed
    assert source.state() == f"KERAS_BACKEND={backend()}"
