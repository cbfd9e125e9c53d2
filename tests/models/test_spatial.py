"""The layer that a CAM is read from, found without being told."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from heatlens import attribute
from heatlens.errors import InvalidArgument, NoSpatialLayer, UnknownName
from heatlens.models.grids import Patch, halvings, plausible
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.spatial import find_spatial_layer
from heatlens.models.targets import ClassIndex
from tests.models.architectures import ARCHITECTURES, SLOW, Architecture


@pytest.fixture(
    scope="module",
    params=[
        *ARCHITECTURES,
        *(pytest.param(architecture, marks=pytest.mark.slow) for architecture in SLOW),
    ],
    ids=lambda architecture: architecture.name.replace(" ", "-"),
)
def case(request):
    architecture: Architecture = request.param
    model = TorchModel(architecture.network())
    batch = torch.randn(2, 3, *architecture.size, generator=torch.Generator().manual_seed(3))
    return architecture, model, batch, model.spatial_layer(batch)


def test_finds_the_layer(case):
    architecture, _, _, found = case
    assert (found.name, found.layout, found.grid, found.prefix) == (
        architecture.layer,
        architecture.layout,
        architecture.grid,
        architecture.prefix,
    )
    assert min(found.stride) >= 8


def test_a_patch_moves_its_own_cell_most(case):
    """Strict on where: the movement's centre follows the patch in each direction by itself."""
    architecture, model, batch, found = case
    if not architecture.padded:
        pytest.skip("its cells do not lie evenly on the picture")
    rows, columns = found.grid
    cells = [(i, j) for i in range(rows) for j in range(columns)]
    if len(cells) > 12:
        cells = [(i, j) for i in sorted({0, rows // 2, rows - 1}) for j in range(0, columns, 2)]
    altered = [batch[:1].clone() for _ in cells]
    generator = torch.Generator().manual_seed(4)
    for picture, (i, j) in zip(altered, cells, strict=True):
        top, bottom = (round(edge * found.stride[0]) for edge in (i, i + 1))
        left, right = (round(edge * found.stride[1]) for edge in (j, j + 1))
        patch = picture[..., top:bottom, left:right]
        patch += torch.randn(patch.shape, generator=generator)
    activation = model.activations(torch.cat([batch[:1], *altered]), [found.name])[found.name]
    grid = found.to_grid(activation)
    moved = (grid[1:] - grid[:1]).square().sum(1).sqrt().flatten(1)
    # Some cells move more easily than others, whatever is changed: compare each with its own mean.
    moved = moved / moved.mean(1, keepdim=True)
    moved = moved / moved.mean(0, keepdim=True)
    own = torch.tensor(cells)
    peaks = moved.argmax(1)
    away = (torch.stack([peaks // columns, peaks % columns], 1) - own).abs().amax(1)
    assert (away == 0).float().mean() >= 0.5, away
    assert (away <= 1).float().mean() >= 0.9, away
    weight = (moved - moved.amin(1, keepdim=True)).square()
    every = torch.tensor([(i, j) for i in range(rows) for j in range(columns)]).float()
    centre = weight @ every / weight.sum(1, keepdim=True)
    together = torch.corrcoef(torch.cat([centre.T, own.T.float()]))[:2, 2:]
    assert together.diagonal().min() > 0.8, together
    assert max(together[0, 1].abs(), together[1, 0].abs()) < 0.4, together


def test_the_score_depends_on_every_cell(case):
    _, model, batch, found = case
    _, gradient = model.layer_gradient(batch, found.name, ClassIndex((1, 2)))
    cells = found.to_grid(gradient).abs().sum(1)
    assert cells.shape == (2, *found.grid)
    assert (cells > 0).float().mean() > 0.9


def test_gradcam_equals_captums(case):
    """Where captum can read the layer; else the formula by plain autograd on the network itself."""
    architecture, model, batch, found = case
    ours = attribute(model, batch, "gradcam", 1)
    layer = model.module.get_submodule(found.name)

    def forward(pictures):
        output = model.module(pictures)
        return getattr(output, "logits", output)

    if architecture.captum:
        captum = pytest.importorskip("captum.attr")
        theirs = captum.LayerGradCam(forward, layer).attribute(batch, target=1).detach()
    else:
        theirs = _gradcam(forward, layer, batch, found)
    assert ours.shape == theirs.shape == (2, 1, *found.grid)
    # Memory is laid out differently, which float32 notices after ninety layers.
    share = 1e-5 if architecture in ARCHITECTURES else 2e-4
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=share * float(theirs.abs().max()))


def _gradcam(forward, layer, batch, found):
    kept = []

    def keep(module, inputs, output):
        kept.append(output)
        return output.clone()

    with layer.register_forward_hook(keep):
        score = forward(batch)[:, 1].sum()
    slope = found.to_grid(torch.autograd.grad(score, kept[0])[0])
    cells = found.to_grid(kept[0].detach())
    return (slope.mean((2, 3), keepdim=True) * cells).sum(1, keepdim=True)


def test_named_layer_gets_its_layout():
    network = ARCHITECTURES[0].network()
    found = find_spatial_layer(network, torch.zeros(1, 3, 96, 128), "layer3.1.conv1")
    assert found == SpatialLayer("layer3.1.conv1", "NCHW", (6, 8), 0, (16.0, 16.0))


def test_named_layer_may_be_finer_or_a_mere_linear_layer():
    vit = next(item for item in ARCHITECTURES if item.name == "timm vit_tiny_patch16_224").network()
    batch = torch.zeros(1, 3, 96, 128)
    assert find_spatial_layer(vit, batch, "blocks.0.attn.qkv").prefix == 1
    assert find_spatial_layer(vit, batch, "patch_embed.proj").grid == (6, 8)


def test_unknown_layer_names_the_nearest():
    with pytest.raises(UnknownName, match="layer4"):
        find_spatial_layer(ARCHITECTURES[0].network(), torch.zeros(1, 3, 96, 128), "layr4")


def test_layer_without_a_grid_says_its_shape():
    with pytest.raises(NoSpatialLayer, match=r"'fc' returns shape \(2, 10\)"):
        find_spatial_layer(ARCHITECTURES[0].network(), torch.zeros(1, 3, 96, 128), "fc")


def test_windows_are_no_grid():
    swin = next(item for item in ARCHITECTURES if item.name == "timm swin_tiny_patch4_window7_224")
    with pytest.raises(NoSpatialLayer, match="its first axis is not the batch"):
        find_spatial_layer(swin.network(), torch.zeros(1, 3, 96, 128), "layers.0.blocks.0.attn.qkv")


def test_layer_that_does_not_run_is_an_error():
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Conv2d(3, 2, 4, 4), nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return self.used(x).mean((2, 3))

    with pytest.raises(InvalidArgument, match="did not run"):
        find_spatial_layer(Idle(), torch.zeros(1, 3, 16, 16), "idle")


def test_no_spatial_layer_lists_what_works():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 16), nn.ReLU(), nn.Linear(16, 4))
    with pytest.raises(NoSpatialLayer, match="has no layer whose cells lie on a grid"):
        find_spatial_layer(network, torch.zeros(1, 3, 8, 8))
    with pytest.raises(NoSpatialLayer, match=r"methods that work without one: .*gradient"):
        attribute(network, torch.randn(1, 3, 8, 8), "gradcam", 0)


def _small(*layers: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)).eval()


@pytest.mark.parametrize("channels", [4, 6])
def test_as_many_channels_as_rows_or_columns(channels):
    """NCHW and NHWC are both plausible: what a change moves decides."""

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, channels, 16, 16)
            self.norm = nn.LayerNorm(channels)
            self.head = nn.Linear(channels, 5)

        def forward(self, x):
            return self.head(self.norm(self.patches(x).permute(0, 2, 3, 1)).mean((1, 2)))

    torch.manual_seed(0)
    network, batch = Last().eval(), torch.zeros(1, 3, 64, 96)
    assert find_spatial_layer(network, batch).layout == "NHWC"
    assert find_spatial_layer(network, batch, "patches").layout == "NCHW"


def test_patch_embedding_without_a_convolution():
    class Unfolding(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.norm = nn.Linear(3 * 256, 24), nn.LayerNorm(24)
            self.token = nn.Parameter(torch.randn(1, 1, 24))
            self.mix = nn.TransformerEncoderLayer(24, 2, 48, batch_first=True)
            self.head = nn.Linear(24, 5)

        def forward(self, x):
            tokens = self.embed(nn.functional.unfold(x, 16, stride=16).transpose(1, 2))
            tokens = self.mix(torch.cat([self.token.expand(len(x), -1, -1), tokens], 1))
            return self.head(self.norm(tokens)[:, 1:].mean(1))

    torch.manual_seed(0)
    found = find_spatial_layer(Unfolding().eval(), torch.zeros(1, 3, 96, 128))
    assert (found.name, found.grid, found.prefix) == ("norm", (6, 8), 1)


def test_small_pictures_take_the_deepest_layer_there_is():
    network = _small(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3))
    found = find_spatial_layer(network, torch.zeros(1, 3, 12, 16))
    assert (found.name, found.grid) == ("3", (4, 6))


def test_relu_in_place_is_taken_after_it_ran():
    network = _small(nn.Conv2d(3, 8, 8, 8), nn.ReLU(inplace=True))
    assert find_spatial_layer(network, torch.zeros(1, 3, 32, 32)).name == "1"


def test_logits_on_a_grid_give_way_to_what_they_are_made_of():
    """A class is one channel of them: the map would be the logit itself, without any weights."""
    network = nn.Sequential(
        nn.Conv2d(3, 8, 8, 8), nn.ReLU(), nn.Conv2d(8, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    assert find_spatial_layer(network, torch.zeros(1, 3, 32, 48)).name == "1"


def test_pooling_to_several_cells_belongs_to_the_head():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 8, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(392, 5)
    ).eval()
    assert find_spatial_layer(network, torch.zeros(1, 3, 64, 64)).name == "1"


def test_head_of_zeros_hides_the_gradient_not_the_layer():
    network = _small(nn.Conv2d(3, 8, 8, 8))
    nn.init.zeros_(network[-1].weight)
    assert find_spatial_layer(network, torch.zeros(1, 3, 32, 48)).name == "0"


def test_network_without_gradients_still_has_a_layer():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Conv2d(3, 8, 8, 8)

        def forward(self, x):
            with torch.no_grad():
                return self.features(x).mean((2, 3))

    assert find_spatial_layer(Cut().eval(), torch.zeros(1, 3, 32, 48)).name == "features"


def test_record_whose_other_entry_is_used_is_not_chosen():
    """The trunk returns its map and the pooled vector; replacing the map there changes nothing."""

    class Trunk(nn.Module):
        def __init__(self):
            super().__init__()
            self.stage = nn.Conv2d(3, 8, 8, 8)

        def forward(self, x):
            cells = self.stage(x)
            return {"last_hidden_state": cells, "pooled": cells.mean((2, 3))}

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk, self.head = Trunk(), nn.Linear(8, 5)

        def forward(self, x):
            return self.head(self.trunk(x)["pooled"])

    assert find_spatial_layer(Whole().eval(), torch.zeros(1, 3, 32, 48)).name == "trunk.stage"


def test_a_segmentation_network():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 8, 8), nn.ReLU(), nn.Conv2d(8, 4, 1), nn.Upsample(scale_factor=8)
    ).eval()
    assert find_spatial_layer(network, torch.zeros(1, 3, 32, 48)).name == "1"


def test_one_row_at_a_time_finds_the_same():
    network = ARCHITECTURES[0].network()
    batch = torch.zeros(1, 3, 96, 128)
    assert find_spatial_layer(network, batch, rows=1) == find_spatial_layer(network, batch)


def test_neither_random_state_nor_network_is_touched():
    network = ARCHITECTURES[0].network().train()
    model = TorchModel(network)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    state = torch.get_rng_state()
    model.spatial_layer(torch.randn(1, 3, 96, 128, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(part.training and not part._forward_hooks for part in network.modules())


def test_wrong_batch_is_an_error():
    with pytest.raises(InvalidArgument, match=r"\(N, C, H, W\)"):
        find_spatial_layer(nn.Flatten(), torch.zeros(1, 8))


def test_plausible_grids():
    assert plausible((7, 7), (224, 224), 1)
    assert plausible((3, 4), (90, 120), 1)
    assert not plausible((4, 3), (96, 128), 1)
    assert not plausible((1, 1), (96, 128), 1)
    assert (3, 4) in halvings((24, 32))


def test_patch_is_not_symmetric_under_transposition():
    patch = Patch.like(torch.zeros(1, 3, 64, 64))
    assert patch.rows.shape == (2, 3, 64, 64)
    assert not torch.equal(patch.mask, patch.mask.T)
    assert torch.equal(patch.rows, Patch.like(torch.ones(1, 3, 64, 64)).rows)
