"""Activations of every kind of layer, of every framework: what the network itself says."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from benchmarks import jax_twins
from heatlens.errors import (
    InvalidArgument,
    InvalidType,
    NoSpatialLayer,
    UnknownName,
    UnsupportedMethod,
)
from heatlens.features.activations import LayerActivations, layer_activations
from heatlens.models.load import load_model
from heatlens.models.prepare import prepared
from heatlens.testing.scenes import scene
from tests.attribution.networks import ResidualNet, pictures, seeded
from tests.models.architectures import _small_vit, noisy


@pytest.fixture(scope="module")
def image():
    return hl.read_image(scene(14, split="test").image, name="scene 14")


@pytest.fixture(scope="module")
def cnn():
    return hl.load_model("bundled:scene-cnn")


def of_torch(model, image, layer):
    """The output of a layer by a plain hook of torch's own."""
    seen = []
    module = dict(model.module.named_modules())[layer]
    handle = module.register_forward_hook(lambda m, i, output: seen.append(output.clone()))
    try:
        with torch.no_grad():
            model.module.eval()(prepared(model, image).batch)
    finally:
        handle.remove()
    return seen[-1][0]


@pytest.mark.parametrize(
    ("source", "layer", "shape", "tokens"),
    [
        ("bundled:scene-cnn", "stem.0.0", (16, 48, 48), False),
        ("bundled:scene-cnn", "stem.0.2", (16, 48, 48), False),
        ("bundled:scene-cnn", "stage2", (64, 12, 12), False),
        ("bundled:scene-cnn", "pool", (96,), False),
        ("bundled:scene-cnn", "head", (10,), False),
        ("bundled:scene-vit", "stem", (96, 8, 8), False),
        ("bundled:scene-vit", "blocks.0", (96, 8, 8), True),
        ("bundled:scene-vit", "blocks.1.attention", (96, 8, 8), True),
        ("bundled:scene-vit", "blocks.2.mlp", (96, 8, 8), True),
        ("bundled:scene-vit", "blocks.2.mlp.1", (192, 8, 8), True),
        ("bundled:scene-vit", "blocks.3.norm1", (96, 8, 8), True),
        ("bundled:scene-vit", "head", (10,), False),
    ],
)
def test_every_kind_of_layer_is_what_the_network_says(image, source, layer, shape, tokens):
    model = hl.load_model(source)
    seen = layer_activations(model, image, layer)
    assert isinstance(seen, LayerActivations)
    assert tuple(seen.values.shape) == shape
    assert (seen.channels, seen.grid) == (shape[0], shape[1:])
    raw = of_torch(model, image, layer)
    expected = raw.T.reshape(shape) if tokens else raw.reshape(shape)
    torch.testing.assert_close(seen.values, expected)
    assert seen.passes == 1


@pytest.mark.filterwarnings("ignore")
def test_maximum_pooling_of_a_seeded_resnet():
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model = load_model(resnet18(weights=None), input_size=64)
    seen = layer_activations(model, np.zeros((64, 64, 3), np.uint8), "maxpool")
    assert tuple(seen.values.shape) == (64, 16, 16)
    assert not seen.signed


@pytest.mark.filterwarnings("ignore")
def test_prefix_tokens_are_told_and_left_out_of_the_grid():
    model = load_model(noisy(_small_vit()), input_size=96)
    photo = hl.read_image(scene(3).image)
    layer = "encoder.layers.encoder_layer_1"
    seen = layer_activations(model, photo, layer)
    raw = of_torch(model, photo, layer)
    assert seen.grid == (6, 6)
    torch.testing.assert_close(seen.prefix, raw[:1], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(seen.values.flatten(1), raw[1:].T.contiguous(), rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_flax_network_is_read_like_any_other():
    photo = pictures()[0].permute(1, 2, 0).numpy().astype(np.float32)
    model = load_model(jax_twins.linen_twin(seeded(ResidualNet())), layout="NHWC")
    batch = prepared(model, hl.read_image(photo)).batch
    name = model.spatial_layer(batch).name
    seen = layer_activations(model, photo, name)
    torch.testing.assert_close(
        seen.values, model.activations(batch, [name])[name][0].permute(2, 0, 1)
    )
    assert seen.channel(0).size == photo.shape[:2]


def test_a_callable_shows_no_layers():
    model = load_model(lambda batch: batch.mean((2, 3)), layout="NCHW", input_size=8, std=1.0)
    with pytest.raises(UnsupportedMethod, match="activations"):
        layer_activations(model, np.zeros((8, 8, 3), np.uint8), "stage")


def test_maps_lie_on_the_photo_as_explain_lays_them(cnn):
    photo = hl.read_image(np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8))
    seen = layer_activations(cnn, photo, "stage3")
    where = prepared(cnn, photo).placements[0]
    for heat, cells in (
        (seen.channel(7), seen.values[7]),
        (seen.mean(), seen.values.mean(0)),
        (seen.maximum(), seen.values.amax(0)),
    ):
        np.testing.assert_array_equal(heat.values, where.back(cells.numpy()))
        np.testing.assert_array_equal(heat.valid, where.valid())
    # One channel is what Grad-CAM gives where the head reads that channel alone.
    channel = nn.Conv2d(96, 1, 1, bias=False)
    nn.init.zeros_(channel.weight)
    channel.weight.data[0, 7] = 1
    reader = nn.Sequential(cnn.module.stem, cnn.module.stage1, cnn.module.stage2, cnn.module.stage3)
    alone = nn.Sequential(reader, channel, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    model = load_model(alone, input_size=96, mean=cnn.contract.mean, std=cnn.contract.std)
    cam = hl.explain(model, photo, "gradcam", target=0, layer="0", checks=False)
    scale = seen.channel(7).values.max() / cam.values.max()
    np.testing.assert_allclose(cam.values * scale, seen.channel(7).values, rtol=1e-4, atol=1e-5)


def test_film_of_a_volume_network():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv3d(3, 4, 3, stride=2, padding=1), nn.ReLU())
    model = load_model(network, layout="NCTHW", input_size=(6, 16, 16), mean=0.0, std=1.0)
    frames = np.random.default_rng(1).integers(0, 255, (6, 20, 20, 3), np.uint8)
    seen = layer_activations(model, hl.read_image(frames, axes="TYXC"), "1")
    assert seen.grid == (3, 8, 8)
    heat = seen.channel(0)
    assert (heat.axes, heat.values.shape) == ("TYX", (6, 20, 20))


def test_top_channels_are_ranked_with_ties_by_number():
    network = nn.Conv2d(1, 5, 1, bias=False)
    network.weight.data = torch.tensor([1.0, 3.0, -2.0, 3.0, 0.0]).view(5, 1, 1, 1)
    model = load_model(nn.Sequential(network), input_size=4, mean=(0.0,), std=(1.0,))
    picture = np.zeros((4, 4), np.uint8)
    picture[0, 0] = 255
    seen = layer_activations(model, picture, "0")
    assert seen.top(3) == [(1, 3.0), (3, 3.0), (0, 1.0)]
    assert [k for k, _ in seen.top(9)] == [1, 3, 0, 2, 4]
    assert seen.top(1, by="mean") == [(1, pytest.approx(3 / 16))]
    assert seen.signed


def test_provenance_says_what_the_map_is(cnn, image):
    made = layer_activations(cnn, image, "stage3").channel(95).provenance
    assert made.method == "activation"
    assert made.target == "stage3:95"
    assert made.parameters == {"layer": "stage3", "channel": 95}
    assert (made.model, made.image, made.forward_passes) == ("bundled:scene-cnn", "scene 14", 1)
    assert made.info["grid"] == (12, 12)


def test_unknown_names_and_numbers_are_told(cnn, image):
    with pytest.raises(
        UnknownName, match=r"did you mean 'stage3'[\s\S]*head  \(Linear 10\)"
    ) as told:
        layer_activations(cnn, image, "stage4")
    again = pickle.loads(pickle.dumps(told.value))
    assert (str(again), again.suggestions) == (str(told.value), told.value.suggestions)
    seen = layer_activations(cnn, image, "stage3")
    with pytest.raises(InvalidArgument, match="no channel 96: it has 96, 0 to 95"):
        seen.channel(96)
    with pytest.raises(InvalidType, match="whole number"):
        seen.channel(1.5)
    with pytest.raises(InvalidArgument, match="at least one"):
        seen.top(0)
    with pytest.raises(UnknownName, match="ranking 'median'"):
        seen.top(3, by="median")


def test_a_layer_without_a_grid_has_no_map(cnn, image):
    seen = layer_activations(cnn, image, "head")
    assert seen.top(1)[0] == (2, pytest.approx(hl.predict(cnn, image, 1)[0].score))
    for ask in (seen.mean, seen.maximum, lambda: seen.channel(2)):
        with pytest.raises(NoSpatialLayer, match="no place in the picture"):
            ask()


class Odd(nn.Module):
    """Its layer has more axes than channels and a grid."""

    def __init__(self):
        super().__init__()
        self.mixed = nn.Identity()

    def forward(self, x):
        return self.mixed(x.reshape(len(x), 3, 2, 8, 4)).flatten(1)


def test_a_layer_that_is_no_grid_is_refused():
    model = load_model(Odd(), input_size=8, mean=0.0, std=1.0)
    with pytest.raises(NoSpatialLayer, match="Nor is it one number per channel"):
        layer_activations(model, np.zeros((8, 8, 3), np.uint8), "mixed")


def test_nan_and_windows_are_refused(cnn):
    broken = nn.Sequential(nn.Conv2d(3, 2, 1))
    broken[0].bias.data[1] = torch.nan
    model = load_model(broken, input_size=4, mean=0.0, std=1.0)
    with pytest.raises(InvalidArgument, match="16 of 32 activations of layer '0' are NaN"):
        layer_activations(model, np.zeros((4, 4, 3), np.uint8), "0")
    with pytest.raises(InvalidArgument, match="windows"):
        layer_activations(cnn, np.zeros((40, 160, 3), np.uint8), "stage1", fit="tile")
