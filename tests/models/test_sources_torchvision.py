"""`torchvision:NAME`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, WeightsUnavailable
from heatlens.image import Image
from heatlens.models.load import list_models, load_model
from heatlens.models.prepare import prepared


@pytest.mark.parametrize(
    ("name", "size", "resize", "interpolation"),
    [
        ("resnet18", (224, 224), 256, "bilinear"),
        ("mobilenet_v3_small", (224, 224), 256, "bilinear"),
        ("efficientnet_b0", (224, 224), 256, "bicubic"),
        ("shufflenet_v2_x0_5", (224, 224), 256, "bilinear"),
    ],
)
def test_contract_is_that_of_the_weights(name, size, resize, interpolation):
    from torchvision.models import get_model_weights

    contract = load_model(f"torchvision:{name}", weights=False).contract
    weights = get_model_weights(name).DEFAULT
    assert (contract.input_size, contract.resize, contract.interpolation) == (
        size,
        resize,
        interpolation,
    )
    preset = weights.transforms()
    assert contract.mean == tuple(preset.mean)
    assert contract.std == tuple(preset.std)
    assert contract.labels == tuple(weights.meta["categories"])
    assert contract.assumed == ()


@pytest.mark.parametrize("shape", [(300, 400), (500, 333), (224, 224), (90, 120)])
def test_pictures_are_prepared_as_torchvision_does(shape):
    from torchvision.models import get_model_weights

    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    model = load_model("torchvision:squeezenet1_1", weights=False)
    ours = prepared(model, Image(pixels)).batch
    preset = get_model_weights("squeezenet1_1").DEFAULT.transforms()
    torch.testing.assert_close(ours[0], preset(Pillow.fromarray(pixels)), rtol=0, atol=1e-5)


def test_named_weights_have_their_own_contract():
    first = load_model("torchvision:mobilenet_v2.IMAGENET1K_V1", weights=False).contract
    second = load_model("torchvision:mobilenet_v2.IMAGENET1K_V2", weights=False).contract
    assert (first.resize, second.resize) == (256, 232)


def test_weights_in_torchs_cache_are_used(tmp_path, monkeypatch):
    from torchvision.models import get_model_weights

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    source = load_model("torchvision:squeezenet1_1", weights=False, seed=7)
    url = get_model_weights("squeezenet1_1").DEFAULT.url
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(source.module.state_dict(), folder / url.rsplit("/", 1)[1])
    model = load_model("torchvision:squeezenet1_1")
    batch = torch.zeros(1, 3, 64, 64)
    assert torch.equal(model.predict(batch), source.predict(batch))
    assert not model.module.training


def test_without_a_network_the_error_says_which_file_goes_where(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(WeightsUnavailable) as caught:
        load_model("torchvision:resnet18")
    message = str(caught.value)
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in message
    assert str(tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth") in message
    assert "weights=FILE" in message
    assert "weights=False" in message


def test_labels_set_the_number_of_classes():
    model = load_model("torchvision:resnet18", weights=False, labels=["a", "b"])
    assert model.predict(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
    with pytest.raises(InvalidArgument, match=r"names 2 classes, the weights .* have 1000"):
        load_model("torchvision:resnet18", labels=["a", "b"])


def test_segmentation_takes_any_size():
    model = load_model("torchvision:lraspp_mobilenet_v3_large", weights=False)
    assert model.contract.input_size is None
    assert model.contract.resize == 520
    assert model.contract.labels[8] == "cat"
    assert model.predict(torch.zeros(1, 3, 64, 96)).shape == (1, 21, 64, 96)


def test_vision_transformer_is_built_for_another_size():
    model = load_model("torchvision:vit_b_32", weights=False, input_size=64, labels=["a", "b"])
    assert model.contract.input_size == (64, 64)
    assert model.predict(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
    with pytest.raises(InvalidArgument, match="square"):
        load_model("torchvision:vit_b_32", weights=False, input_size=(64, 96))


def test_detection_is_refused_with_a_way_out():
    with pytest.raises(InvalidArgument, match=r"Wrap it in a torch\.nn\.Module"):
        load_model("torchvision:fasterrcnn_resnet50_fpn", weights=False)
    assert not list_models("rcnn", "torchvision")
