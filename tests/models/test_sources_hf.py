"""`hf:NAME`."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, MissingDependency, UnknownName, WeightsUnavailable
from heatlens.image import Image
from heatlens.models.load import as_model, list_models, load_model
from heatlens.models.prepare import prepared
from heatlens.models.transformers.kinds import named_class

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")

LABELS = {0: "cat", 1: "dog", 2: "white stork"}
SETTINGS = {
    "image_processor_type": "ViTImageProcessor",
    "size": {"height": 64, "width": 64},
    "resample": 2,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
}


def _vit():
    torch.manual_seed(0)
    return transformers.ViTForImageClassification(
        transformers.ViTConfig(
            image_size=64,
            patch_size=16,
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            id2label=LABELS,
            label2id={label: index for index, label in LABELS.items()},
        )
    ).eval()


@pytest.fixture
def folder(tmp_path):
    network = _vit()
    network.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(SETTINGS))
    return tmp_path


def test_folder_loads_with_labels_and_preprocessing(folder):
    model = load_model(f"hf:{folder}")
    batch = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model.predict(batch), _vit()(batch).logits)
    contract = model.contract
    assert contract.labels == ("cat", "dog", "white stork")
    assert (contract.input_size, contract.fit) == ((64, 64), "squash")
    assert (contract.mean, contract.std) == ((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    assert contract.assumed == ()


def test_pictures_are_prepared_as_transformers_does(folder):
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    processor = ViTImageProcessorPil.from_pretrained(folder)
    theirs = processor(Pillow.fromarray(pixels), return_tensors="pt")["pixel_values"]
    ours = prepared(load_model(f"hf:{folder}"), Image(pixels)).batch
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_other_picture_sizes_interpolate_the_positions(folder):
    model = load_model(f"hf:{folder}")
    batch = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        theirs = _vit()(batch, interpolate_pos_encoding=True).logits
    torch.testing.assert_close(model.predict(batch), theirs)
    assert model.spatial_layer(batch).grid == (4, 6)


def test_random_weights_keep_the_configuration(folder):
    state = torch.get_rng_state()
    model = load_model(f"hf:{folder}", weights=False, seed=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.contract.labels == ("cat", "dog", "white stork")
    again = load_model(f"hf:{folder}", weights=False, seed=4)
    batch = torch.zeros(1, 3, 64, 64)
    assert torch.equal(model.predict(batch), again.predict(batch))


def test_checkpoint_file_for_a_folders_architecture(folder):
    torch.save(_vit().state_dict(), folder / "tuned.pt")
    model = load_model(f"hf:{folder}", weights=folder / "tuned.pt")
    with torch.no_grad():
        torch.testing.assert_close(
            model.predict(torch.zeros(1, 3, 64, 64)), _vit()(torch.zeros(1, 3, 64, 64)).logits
        )


def test_folder_of_something_else_is_an_error(tmp_path):
    transformers.BertConfig(architectures=["BertForMaskedLM"]).save_pretrained(tmp_path)
    with pytest.raises(InvalidArgument, match="BertForMaskedLM, which is no image classifier"):
        load_model(f"hf:{tmp_path}")


def test_folder_without_weights_is_an_error(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsUnavailable, match=r"model\.safetensors"):
        load_model(f"hf:{folder}")
    with pytest.raises(WeightsUnavailable, match="there is no folder"):
        load_model("hf:./no/such/folder")


@pytest.mark.parametrize("name", ["hf:ResNetForImageClassification", "hf:resnet"])
def test_architecture_by_name(name):
    model = load_model(name, weights=False, labels=["a", "b"])
    assert model.contract.labels == ("a", "b")
    assert model.predict(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
    with pytest.raises(WeightsUnavailable, match="an architecture, not a checkpoint"):
        load_model(name)


def test_semantic_segmentation(tmp_path):
    config = transformers.SegformerConfig(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], decoder_hidden_size=16, num_labels=4
    )
    transformers.SegformerForSemanticSegmentation(config).save_pretrained(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    assert model.predict(torch.zeros(1, 3, 64, 96)).shape == (1, 4, 16, 24)
    assert "hf:SegformerForSemanticSegmentation" in list_models(source="hf")


def test_hub_checkpoint_without_a_network_says_what_to_do():
    with pytest.raises(WeightsUnavailable) as caught:
        load_model("hf:google/vit-base-patch16-224")
    message = str(caught.value)
    assert "HF_HUB_OFFLINE is set" in message
    assert "huggingface.co/google/vit-base-patch16-224" in message
    assert "hf:FOLDER" in message
    with pytest.raises(UnknownName):
        load_model("hf:no-such-architecture")


def test_bare_network_tells_its_labels_and_processor(folder):
    network = transformers.ViTForImageClassification.from_pretrained(folder)
    contract = as_model(network).contract
    assert contract.labels == ("cat", "dog", "white stork")
    assert contract.mean == (0.5, 0.4, 0.3)
    assert as_model(_vit()).contract.assumed


def test_broken_neighbour_is_named(monkeypatch):
    class Broken:
        def __getattr__(self, name):
            raise ModuleNotFoundError("Could not import module") from RuntimeError("no nms")

    with pytest.raises(MissingDependency, match=r"cannot be imported \(no nms\)"):
        named_class(Broken(), "ViTForImageClassification")
