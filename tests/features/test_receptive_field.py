"""Receptive fields: the closed form of chains, known networks, refusals, measured fields."""

import math
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from benchmarks import jax_twins
from heatlens.errors import InvalidArgument, UnknownName, UnsupportedMethod
from heatlens.features.activations import receptive_field
from heatlens.features.activations.measured_field import box_holding
from heatlens.models.load import as_model, load_model
from heatlens.models.pytorch.model import TorchModel
from heatlens.testing.scenes import scene
from tests.attribution.networks import ResidualNet, seeded


@pytest.fixture(scope="module")
def cnn():
    return hl.load_model("bundled:scene-cnn")


def chain(seed):
    """A random chain of convolutions and poolings, and what it is made of."""
    draw = np.random.default_rng(seed)
    layers, facts, channels = [], [], 3
    for _ in range(draw.integers(2, 6)):
        kind = draw.choice(["conv", "max", "average"], p=[0.6, 0.2, 0.2])
        kernel, stride = int(draw.integers(1, 6)), int(draw.integers(1, 3))
        dilation = int(draw.integers(1, 3)) if kind == "conv" else 1
        padding = int(draw.integers(0, kernel // 2 + 1))
        if kind == "conv":
            layers += [nn.Conv2d(channels, 4, kernel, stride, padding, dilation), nn.ReLU()]
            channels = 4
        elif kind == "max":
            layers.append(nn.MaxPool2d(kernel, stride, padding))
        else:
            layers.append(nn.AvgPool2d(kernel, stride, padding))
        facts.append((kernel, stride, padding, dilation))
    return nn.Sequential(*layers).eval(), facts


def interval(facts, size, cell):
    """Rows that reach a cell: the window of each layer pulled back, cut at each layer's borders."""
    sizes = [size]
    for kernel, stride, padding, dilation in facts:
        sizes.append((sizes[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    low = high = cell
    for (kernel, stride, padding, dilation), length in zip(facts[::-1], sizes[-2::-1], strict=True):
        low = low * stride - padding
        high = high * stride - padding + dilation * (kernel - 1)
        # The first and the last place of the window that are not padding.
        low += dilation * math.ceil(max(0, -low) / dilation)
        high -= dilation * math.ceil(max(0, high - length + 1) / dilation)
    return low, high + 1


@pytest.mark.parametrize("seed", range(8))
def test_chains_equal_the_closed_form_at_every_place(seed):
    network, facts = chain(seed)
    height, width = 61, 74
    model = as_model(network)
    last = str(len(network) - 1)
    rows, columns = network(torch.zeros(1, 3, height, width)).shape[2:]
    for cell in {(0, 0), (rows // 2, columns // 2), (rows - 1, columns // 3)}:
        field = receptive_field(model, last, cell, size=(height, width), measure=False)
        top, bottom = interval(facts, height, cell[0])
        left, right = interval(facts, width, cell[1])
        assert field.box == (top, left, bottom, right)
    jumps = np.cumprod([1, *(stride for _, stride, _, _ in facts[:-1])])
    whole = 1 + sum(
        (kernel - 1) * dilation * jump
        for (kernel, _, _, dilation), jump in zip(facts, jumps, strict=True)
    )
    assert max(field.extent) <= whole


def test_an_unclipped_field_has_the_size_of_the_formula():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 5, dilation=2)
    ).eval()
    field = receptive_field(network, "3", size=80, measure=False)
    assert field.extent == (1 + 2 * 1 + 1 * 2 + 8 * 4,) * 2
    assert not field.clipped


@pytest.mark.parametrize(
    ("layer", "extent"), [("stem", 7), ("stage1", 23), ("stage2", 79), ("stage3", 96)]
)
def test_the_bundled_network(cnn, layer, extent):
    field = receptive_field(cnn, layer, measure=False)
    assert field.extent == (extent, extent)
    assert field.exact
    assert field.clipped == (layer == "stage3")


@pytest.mark.parametrize(("layer", "extent"), [("maxpool", 11), ("layer1", 43), ("layer2", 99)])
def test_resnet_18(layer, extent):
    from torchvision.models import resnet18

    torch.manual_seed(0)
    model = as_model(resnet18(weights=None).eval())
    field = receptive_field(model, layer, size=160 if extent > 50 else 96, measure=False)
    assert field.extent == (extent, extent)
    assert field.exact


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "size", "extent"),
    [
        ("resnet18", "layer4", 448, 435),
        ("resnet18", "layer3", 256, 211),
        ("vgg11", "features", 192, 150),
    ],
)
def test_deep_layers_of_known_networks(name, layer, size, extent):
    from torchvision import models

    torch.manual_seed(0)
    network = getattr(models, name)(weights=None).eval()
    if name == "vgg11":
        network = nn.Sequential(network.features)
        layer = "0"
    field = receptive_field(as_model(network), layer, size=size, measure=False)
    assert field.extent == (extent, extent)
    assert not field.clipped


class Branches(nn.Module):
    """Two channels, of which one looks at 3 pixels and the other at 9."""

    def __init__(self):
        super().__init__()
        self.near, self.far = nn.Conv2d(3, 1, 3, padding=1), nn.Conv2d(3, 1, 9, padding=4)
        self.both = nn.Identity()

    def forward(self, x):
        return self.both(torch.cat([self.near(x), self.far(x)], 1))


def test_channels_of_branches_have_fields_of_their_own():
    model = as_model(Branches().eval())
    extents = [
        receptive_field(model, "both", channel=k, size=32, measure=False).extent
        for k in (0, 1, None)
    ]
    assert extents == [(3, 3), (9, 9), (9, 9)]


def test_pooling_attention_and_heads_see_everything(cnn):
    vit = hl.load_model("bundled:scene-vit")
    for model, layer in ((cnn, "pool"), (cnn, "head"), (vit, "blocks.0"), (vit, "head")):
        field = receptive_field(model, layer, measure=False)
        assert (field.box, field.exact) == ((0, 0, 96, 96), True)
    assert receptive_field(vit, "stem", measure=False).extent == (55, 55)


class Causal(nn.Module):
    """Attention of patches of 4 to themselves and those before, row by row."""

    def __init__(self):
        super().__init__()
        self.patches, self.seen = nn.Conv2d(3, 8, 4, stride=4), nn.Identity()

    def forward(self, x):
        grid = self.patches(x)
        tokens = grid.flatten(2).transpose(1, 2)[:, None]
        mixed = nn.functional.scaled_dot_product_attention(tokens, tokens, tokens, is_causal=True)
        return self.seen(mixed[:, 0].transpose(1, 2).reshape(grid.shape))


def test_behind_a_mask_the_box_is_told_as_an_upper_bound():
    model = load_model(Causal().eval(), input_size=16, mean=0.0, std=1.0)
    first, last = (receptive_field(model, "seen", cell, channel=2) for cell in ((0, 0), (3, 3)))
    assert (first.exact, first.effective_box(1.0)) == (False, (0, 0, 4, 4))
    assert (last.exact, last.box) == (True, (0, 0, 16, 16))
    words = " ".join(text.get_text() for text in first.draw().texts)
    assert "at most 16 x 16 pixels" in " ".join(words.split())
    assert "at most" not in " ".join(text.get_text() for text in last.draw().texts)


def test_border_windows_of_swin_are_an_upper_bound():
    from torchvision.models import swin_t

    torch.manual_seed(0)
    model = load_model(swin_t(weights=None).eval(), input_size=112, mean=0.0, std=1.0)
    field = receptive_field(model, "features.1", (0, 0))
    assert (field.box, field.exact) == ((0, 0, 112, 112), False)
    assert field.effective_box(1.0) == (0, 0, 28, 28)
    assert receptive_field(model, "features.1", (14, 14), measure=False).exact


def test_zero_weights_belong_to_the_architecture():
    network = nn.Sequential(nn.Conv2d(3, 2, 5))
    nn.init.zeros_(network[0].weight)
    field = receptive_field(network, "0", size=16)
    assert field.extent == (5, 5)
    assert not field.exact
    assert not field.gradient.any()
    assert field.effective_box() is None
    words = " ".join(text.get_text() for text in field.draw().texts)
    assert "silent" in words


@pytest.mark.filterwarnings("ignore")
def test_a_flax_network_has_the_field_of_its_torch_twin():
    network = seeded(ResidualNet()).eval()
    twin = load_model(jax_twins.linen_twin(network), layout="NHWC")
    ours = receptive_field(as_model(network), "conv4", (1, 1), size=32)
    theirs = receptive_field(twin, "conv4", (1, 1), size=32)
    assert ours.box is not None
    assert theirs.box == ours.box
    np.testing.assert_allclose(theirs.gradient, ours.gradient, rtol=1e-3, atol=1e-5)


class Swallowing(nn.Module):
    """An operation before its layer turns NaN into numbers: all of them, or where it can."""

    def __init__(self, wholly):
        super().__init__()
        self.wholly, self.conv, self.seen = wholly, nn.Conv2d(3, 2, 3, padding=1), nn.Identity()

    def forward(self, x):
        x = self.conv(x)
        x = torch.nan_to_num(x) if self.wholly else torch.fmax(x, x.roll(6, 3))
        return self.seen(x)


@pytest.mark.parametrize("wholly", [True, False])
def test_where_nan_is_swallowed_only_the_measured_field_is_given(wholly):
    model = as_model(Swallowing(wholly).eval())
    field = receptive_field(model, "seen", (8, 8), size=16)
    assert field.box is None
    assert field.extent is None
    assert "turns NaN into numbers" in field.reason
    assert field.gradient.any()
    assert "NaN" in " ".join(text.get_text() for text in field.draw().texts)
    if wholly:
        with pytest.raises(UnsupportedMethod, match="turns NaN into numbers"):
            receptive_field(model, "seen", (8, 8), size=16, measure=False)


def test_without_gradients_the_box_is_all_there_is():
    able = frozenset({"predict", "activations"})
    network = nn.Sequential(nn.Conv2d(3, 2, 5)).eval()
    field = receptive_field(TorchModel(network, capabilities=able), "0", (2, 3), size=16)
    assert field.box == (2, 3, 7, 8)
    assert not field.exact
    assert field.gradient is None
    assert "gives no gradients" in field.reason
    with pytest.raises(UnsupportedMethod, match="not measured"):
        field.heatmap()
    assert len(field.draw().axes[0].patches) == 2


def test_the_measured_field_of_a_linear_layer_is_its_weights():
    network = nn.Sequential(nn.Conv2d(3, 2, 5, bias=False))
    field = receptive_field(network, "0", (4, 6), channel=1, size=20)
    expected = np.zeros((20, 20))
    expected[4:9, 6:11] = network[0].weight[1].detach().abs().sum(0)
    np.testing.assert_allclose(field.gradient, expected, rtol=1e-5)


def test_a_chain_of_equal_windows_is_a_bell_of_known_width():
    """Luo et al., section 2.2: n windows of k equal weights have variance n (k^2 - 1) / 12."""
    n, k = 8, 3
    layers = []
    for _ in range(n):
        layers.append(nn.Conv2d(1, 1, k, padding=1, bias=False))
        nn.init.constant_(layers[-1].weight, 1 / k**2)
    model = load_model(nn.Sequential(*layers), input_size=41, mean=(0.0,), std=(1.0,))
    field = receptive_field(model, str(n - 1), (20, 20))
    along = field.gradient.sum(0) / field.gradient.sum()
    places = np.arange(41)
    assert along @ places == pytest.approx(20)
    assert along @ (places - 20) ** 2 == pytest.approx(n * (k**2 - 1) / 12, rel=1e-4)
    assert field.extent == (2 * n + 1,) * 2
    top, left, bottom, right = field.effective_box()
    assert (top, left) == (41 - bottom, 41 - right)
    assert bottom - top < 2 * n + 1


def test_pictures_are_averaged(cnn):
    photos = [scene(k, split="test").image for k in range(3)]
    single = [receptive_field(cnn, "stage2", (5, 5), image=photo) for photo in photos]
    together = receptive_field(cnn, "stage2", (5, 5), image=photos)
    mean = np.mean([field.gradient for field in single], 0)
    np.testing.assert_allclose(together.gradient, mean, rtol=1e-4, atol=1e-6)
    assert (together.pictures, single[0].pictures) == (3, 1)


def test_the_same_seed_gives_the_same_field(cnn):
    first, second, other = (receptive_field(cnn, "stage1", seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.gradient, second.gradient)
    assert not np.array_equal(first.gradient, other.gradient)


@pytest.mark.parametrize("seed", range(4))
def test_the_box_holds_its_share_and_a_smaller_one_does_not(seed):
    draw = np.random.default_rng(seed)
    density = draw.random((9, 14)) ** 6
    density[draw.random((9, 14)) < 0.4] = 0
    for share in (0.3, 0.9, 1.0):
        top, left, bottom, right = box_holding(density, share)
        inside = density[top:bottom, left:right].sum()
        assert inside >= share * density.sum() * (1 - 1e-9)
        inner = density[top + 1 : bottom - 1, left + 1 : right - 1].sum()
        assert inner < share * density.sum()
    spot = np.zeros((5, 7))
    spot[3, 2] = 1
    assert box_holding(spot) == (3, 2, 4, 3)
    with pytest.raises(InvalidArgument, match="sum above 0"):
        box_holding(np.zeros((3, 3)))


def test_it_is_drawn_on_the_photo(cnn):
    photo = hl.read_image(np.random.default_rng(0).integers(0, 255, (192, 300, 3), np.uint8))
    field = receptive_field(cnn, "stage1", (2, 3), image=photo)
    top, left, bottom, right = field.box
    # Twice as large, and a crop of 54 columns on either side.
    assert field.on_picture(field.box) == (2 * top, 2 * left + 54, 2 * bottom, 2 * right + 54)
    heat = field.heatmap()
    assert heat.size == photo.size
    assert heat.values[2 * top : 2 * bottom, 2 * left + 54 : 2 * right + 54].sum() == pytest.approx(
        heat.values.sum(), rel=0.05
    )
    figure = field.draw()
    assert [axes.get_label() for axes in figure.axes] == ["picture", "colour bar"]
    assert len(figure.axes[0].patches) == 4
    words = " ".join(text.get_text() for text in figure.texts)
    assert "receptive field of stage1, cell (2, 3)" in words
    assert "23 x 23 pixels" in words or "cut at the border" in words


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"layer": "stage9"}, UnknownName, "did you mean"),
        ({"cell": (24, 0)}, InvalidArgument, "24 x 24 cells"),
        ({"cell": (1, 2, 3)}, InvalidArgument, "24 x 24 cells"),
        ({"channel": 99}, InvalidArgument, "no channel 99"),
        ({"image": np.zeros((9, 9, 3), np.uint8), "size": 4}, InvalidArgument, "its own size"),
        ({"image": []}, InvalidArgument, "no picture"),
        ({"size": 0}, InvalidArgument, "at least 1 pixel"),
        ({"image": np.zeros((40, 160, 3), np.uint8), "fit": "tile"}, InvalidArgument, "windows"),
        ({"layer": "head", "cell": (0, 0)}, InvalidArgument, "leave cell out"),
    ],
    ids=["layer", "cell", "axes", "channel", "both", "none", "size", "tile", "head"],
)
def test_bad_requests_are_told(cnn, parameters, error, words):
    with pytest.raises(error, match=words):
        receptive_field(cnn, **{"layer": "stage1", **parameters})


def test_noise_needs_a_size():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InvalidArgument, match="any size: give image=, or size="):
            receptive_field(nn.Sequential(nn.Conv2d(3, 2, 3)), "0")
