"""`timm:NAME`."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, WeightsUnavailable
from heatlens.image import Image
from heatlens.models.hub import require_reachable
from heatlens.models.load import load_model
from heatlens.models.prepare import prepared

timm = pytest.importorskip("timm")


@pytest.mark.parametrize(
    ("name", "size", "fit", "resize"),
    [
        ("resnet10t", (176, 176), "crop", 201),
        ("resnet18.a1_in1k", (224, 224), "crop", 235),
        ("test_vit.r160_in1k", (160, 160), "crop", 168),
        ("vit_medium_patch16_reg1_gap_256", (256, 256), "crop", 269),
    ],
)
def test_contract_is_timms(name, size, fit, resize):
    model = load_model(f"timm:{name}", weights=False)
    config = timm.data.resolve_model_data_config(model.module)
    contract = model.contract
    assert (contract.input_size, contract.fit, contract.resize) == (size, fit, resize)
    assert contract.input_size == config["input_size"][1:]
    assert contract.mean == tuple(config["mean"])
    assert contract.std == tuple(config["std"])
    assert contract.interpolation == config["interpolation"]
    assert contract.assumed == ()


@pytest.mark.parametrize("shape", [(300, 400), (500, 333), (90, 120)])
def test_pictures_are_prepared_as_timm_does(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    model = load_model("timm:resnet10t", weights=False)
    transform = timm.data.create_transform(
        **timm.data.resolve_model_data_config(model.module), is_training=False
    )
    theirs = transform(Pillow.fromarray(pixels))
    torch.testing.assert_close(prepared(model, Image(pixels)).batch[0], theirs, rtol=0, atol=1e-5)


def test_labels_are_imagenets():
    labels = load_model("timm:resnet10t", weights=False).contract.labels
    assert len(labels) == 1000
    assert labels[0].startswith("tench")
    assert load_model("timm:resnet10t", weights=False, labels=["a"]).contract.labels == ("a",)


def test_fixed_size_is_built_for_the_size_asked_for():
    model = load_model("timm:vit_tiny_patch16_224", weights=False, input_size=(96, 128))
    assert model.contract.input_size == (96, 128)
    assert model.predict(torch.zeros(1, 3, 96, 128)).shape == (1, 1000)
    assert model.spatial_layer(torch.zeros(1, 3, 96, 128)).grid == (6, 8)


def test_any_size_keeps_its_share_of_the_crop():
    model = load_model("timm:resnet18", weights=False, input_size=448)
    assert (model.contract.input_size, model.contract.resize) == ((448, 448), 470)


def test_folder_with_weights_loads(tmp_path):
    source = load_model("timm:resnet10t", weights=False, seed=3).module
    timm.models.save_for_hf(source, tmp_path, safe_serialization=True)
    model = load_model(f"timm:local-dir:{tmp_path}")
    batch = torch.zeros(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model.predict(batch), source(batch))
    assert model.contract.input_size == (176, 176)


def test_without_a_network_the_error_says_which_file():
    with pytest.raises(WeightsUnavailable) as caught:
        load_model("timm:resnet10t")
    message = str(caught.value)
    assert "timm/resnet10t.c3_in1k/resolve/main/model.safetensors" in message
    assert "HF_HUB_OFFLINE is set" in message
    assert "weights=FILE" in message


def test_architecture_without_weights_names_those_that_have():
    with pytest.raises(WeightsUnavailable, match=r"timm has no weights for resnet18d_no|weights"):
        load_model("timm:vit_base_patch16_plus_240")


def test_labels_must_be_as_many_as_the_weights_classes():
    with pytest.raises(InvalidArgument, match=r"names 2 classes, the weights .* have 1000"):
        load_model("timm:resnet10t", labels=["a", "b"])


@pytest.fixture
def server():
    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(200 if self.path == "/there" else 404)
            self.end_headers()

        def log_message(self, *words):
            pass

    running = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def test_a_server_that_answers_is_reachable(server, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    require_reachable(f"{server}/there", "x", "Put it there")
    require_reachable(f"{server}/not-there", "x", "Put it there")
    with pytest.raises(WeightsUnavailable, match=r"refused.*Put it there"):
        require_reachable("http://127.0.0.1:9/x", "x", "Put it there")
