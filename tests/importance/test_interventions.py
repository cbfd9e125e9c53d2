"""Interventions: each changes what it names, reaches the value asked for, and nothing else."""

import numpy as np
import pytest
import torch
from skimage import color, data, filters
from torch import nn

from heatlens.errors import InvalidArgument, UnknownName, UnsupportedMethod
from heatlens.importance.features_named import interventions_for
from heatlens.importance.interventions import (
    KINDS,
    Brightness,
    Channel,
    Colour,
    ConceptDirection,
    Contrast,
    Layer,
    Region,
    Segment,
    Texture,
    channels,
    regions,
)
from heatlens.importance.interventions.luma import chroma, luma, recoloured
from heatlens.importance.network import NetworkSubject
from heatlens.models.load import load_model

PROPERTIES = {one.name: one for one in (Brightness(), Contrast(), Colour(), Texture())}


@pytest.fixture(scope="module")
def pictures():
    """Two photographs with another odd size and some headroom, (2, 3, 47, 61) in 0..1."""
    parts = [data.astronaut()[40:134:2, 100:222:2], data.coffee()[100:194:2, 200:322:2]]
    pixels = torch.from_numpy(np.stack(parts)).permute(0, 3, 1, 2).float() / 255
    return 0.25 + 0.5 * pixels


@pytest.mark.parametrize("name", PROPERTIES)
def test_numbers_reach_what_is_asked(name, pictures):
    one = PROPERTIES[name]
    own = one.measure(pictures)
    # What is left of a blurred picture's finest band is no more than a third of it.
    for factor in (0.34 if name == "texture" else 0.0, 0.6, 1.0, 1.15):
        changed = one.set_to(pictures, factor * own)
        assert changed.min() >= 0
        assert changed.max() <= 1
        torch.testing.assert_close(one.measure(changed), factor * own, atol=2e-3, rtol=0.02)
    torch.testing.assert_close(one.set_to(pictures, own), pictures, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", PROPERTIES)
def test_permuting_takes_the_number_and_leaves_the_row_alone(name, pictures):
    one = PROPERTIES[name]
    before = pictures.clone()
    rows = torch.arange(2)
    torch.testing.assert_close(one.permute(pictures, pictures, rows), pictures, atol=1e-5, rtol=0)
    other = one.permute(pictures, pictures.flip(0), rows)
    torch.testing.assert_close(
        one.measure(other), one.measure(pictures).flip(0), atol=4e-3, rtol=0.05
    )
    assert torch.equal(before, pictures)


def test_measures_equal_scikit_image(pictures):
    first = pictures[0].permute(1, 2, 0).double().numpy()
    codes = color.rgb2ycbcr(first)  # 16..235 and 16..240 in 8 bits
    grey, blue, red = (codes[..., 0] - 16) / 219, *((codes[..., k] - 128) / 224 for k in (1, 2))
    for one, expected in (
        (Brightness(), grey.mean()),
        (Contrast(), grey.std()),
        (Colour(), np.hypot(blue, red).mean()),
        (
            Texture(),
            np.sqrt(
                np.square(grey - filters.gaussian(grey, 47 / 48, mode="nearest", truncate=3)).mean()
            ),
        ),
    ):
        assert one.measure(pictures)[0].item() == pytest.approx(expected, rel=2e-3), one.name


def test_properties_leave_each_other_alone(pictures):
    greyed = Colour().set_to(pictures, torch.zeros(2))
    torch.testing.assert_close(luma(greyed), luma(pictures), atol=1e-5, rtol=0)
    stretched = Contrast().set_to(pictures, 0.8 * Contrast().measure(pictures))
    torch.testing.assert_close(chroma(stretched), chroma(pictures), atol=1e-5, rtol=0)
    assert Brightness().measure(stretched).tolist() == pytest.approx(
        Brightness().measure(pictures).tolist(), abs=1e-5
    )


def test_colour_takes_mean_and_spread_of_both_planes(pictures):
    moved = Colour().permute(pictures, pictures.flip(0), torch.arange(2))
    torch.testing.assert_close(
        Colour().state(moved), Colour().state(pictures).flip(0), atol=5e-3, rtol=0.05
    )


def test_flat_and_extreme_pictures():
    flat = torch.full((2, 3, 8, 8), 0.5)
    rows = torch.arange(2)
    for one in PROPERTIES.values():
        for value in (0.0, 0.1, 5.0):
            changed = one.set_to(flat, torch.full((2,), value))
            assert torch.isfinite(changed).all(), one.name
            assert ((changed >= 0) & (changed <= 1)).all()
        assert torch.isfinite(one.permute(flat, torch.rand(2, 3, 8, 8), rows)).all()
    black = torch.zeros(1, 3, 5, 5)
    assert Brightness().set_to(black, torch.ones(1)).unique().tolist() == [1.0]
    assert Brightness().set_to(black, torch.tensor([0.25])).mean().item() == pytest.approx(0.25)


def test_brightness_holds_where_pixels_reach_white():
    pixels = torch.cat([torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.9)], dim=3)
    changed = Brightness().set_to(pixels, torch.tensor([0.7]))
    assert Brightness().measure(changed).item() == pytest.approx(0.7, abs=1e-4)


def test_chroma_and_back(pictures):
    torch.testing.assert_close(recoloured(pictures, chroma(pictures)), pictures, atol=1e-5, rtol=0)
    with pytest.raises(UnsupportedMethod, match="1 channel"):
        chroma(pictures[:, :1])


@pytest.mark.parametrize("division", [3, (2, 5), "superpixels-9"])
def test_regions_make_up_the_picture(division, pictures):
    rows = torch.arange(2)
    parts = regions(division)
    covered = sum(one.inside(pictures, rows).expand(2, 47, 61).int() for one in parts)
    assert covered.unique().tolist() == [1]
    changed = pictures
    for one in parts:
        changed = one.facing(pictures).permute(changed, pictures.flip(0), rows)
    assert torch.equal(changed, pictures.flip(0))
    assert len({one.name for one in parts}) == len(parts)


@pytest.mark.parametrize("baseline", ["blur", "black", "mean", "grey"])
def test_places_are_replaced_inside_only(baseline, pictures):
    masks = torch.zeros(2, 47, 61, dtype=torch.bool)
    masks[0, :10, :10] = True  # the second picture has none
    one = Segment("mark", masks.numpy(), baseline)
    changed = one.ablate(pictures, torch.tensor([0, 1]))
    off = (changed != pictures).any(1)
    assert not off[1].any()
    assert not (off[0] & ~masks[0]).any()
    assert off[0].float().sum() > 50
    # Masks belong to pictures, whatever the order they come in.
    swapped = one.ablate(pictures.flip(0), torch.tensor([1, 0]))
    assert torch.equal(swapped.flip(0), changed)


def test_masks_have_to_fit(pictures):
    with pytest.raises(InvalidArgument, match="bring the masks"):
        Segment("a", torch.ones(2, 5, 5)).ablate(pictures, torch.arange(2))
    with pytest.raises(InvalidArgument, match="more pictures"):
        Segment("a", torch.ones(1, 47, 61)).ablate(pictures, torch.arange(2))
    with pytest.raises(InvalidArgument, match="empty in every"):
        Segment("a", torch.zeros(2, 5, 5))
    with pytest.raises(InvalidArgument, match="other numbers"):
        Segment("a", torch.full((2, 5, 5), 0.5))
    with pytest.raises(InvalidArgument, match="0 to 3"):
        Region("r", 4, 2).ablate(pictures, torch.arange(2))


@pytest.mark.parametrize("shape", [(2, 6), (2, 6, 3, 4), (2, 5, 6)], ids=["flat", "maps", "tokens"])
def test_channels_and_concepts_of_any_layer(shape):
    generator = torch.Generator().manual_seed(0)
    given, other = torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)
    axis = 2 if len(shape) == 3 else 1
    rows = torch.arange(2)
    single = Channel("x", 4).permute(given, other, rows)
    for channel in range(6):
        source = other if channel == 4 else given
        assert torch.equal(single.select(axis, channel), source.select(axis, channel))
    direction = torch.arange(1.0, 7.0)
    concept = ConceptDirection("c", "x", direction)
    moved = concept.permute(given, other, rows)
    unit = direction / direction.norm()

    def coefficients(of):
        return of.movedim(axis, -1) @ unit

    torch.testing.assert_close(coefficients(moved), coefficients(other), atol=1e-5, rtol=0)
    # Nothing moves across the direction.
    step = (moved - given).movedim(axis, -1)
    torch.testing.assert_close(
        step - (step @ unit)[..., None] * unit, torch.zeros_like(step), atol=1e-5, rtol=0
    )
    set_ = concept.set_to(given, torch.tensor([2.0, -1.0]))
    torch.testing.assert_close(concept.measure(set_), torch.tensor([2.0, -1.0]))
    single = Channel("x", 1).set_to(given, torch.tensor([2.0, -1.0]))
    torch.testing.assert_close(Channel("x", 1).measure(single), torch.tensor([2.0, -1.0]))


def test_concepts_of_a_whole_output():
    given = torch.randn(3, 2, 2, 2, generator=torch.Generator().manual_seed(0))
    concept = ConceptDirection("c", "x", np.ones(8))
    moved = concept.set_to(given, torch.zeros(3))
    assert moved.shape == given.shape
    torch.testing.assert_close(moved.flatten(1).sum(1), torch.zeros(3), atol=1e-5, rtol=0)
    with pytest.raises(InvalidArgument, match="5 numbers"):
        ConceptDirection("c", "x", np.ones(5)).measure(given)
    with pytest.raises(InvalidArgument, match="length 0"):
        ConceptDirection("c", "x", np.zeros(5))


def network():
    """A network whose channels are known: 3 x 3 means of R, G and B, then a sum of two of them."""
    stem = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    weight = torch.zeros(3, 3, 3, 3)
    for channel in range(3):
        weight[channel, channel] = 1 / 9
    stem.weight = nn.Parameter(weight)
    head = nn.Linear(3, 2, bias=False)
    head.weight = nn.Parameter(torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0]]))
    module = nn.Sequential(stem, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    return load_model(module, input_size=(10, 12), mean=0.5, std=0.5)


def test_layers_inside_a_network():
    model = network()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (13, 10, 12, 3), dtype=np.uint8)
    features = [
        *channels("0", range(3)),
        Layer("1"),
        ConceptDirection("first", "2", [1.0, 0.0, 0.0]),
    ]
    subject = NetworkSubject(model, images, reads="scores", features=features)
    rows, donors = subject.all_rows(), rng.permutation(13)
    pooled = (
        model.predict(
            model.contract.normalise(torch.from_numpy(images).permute(0, 3, 1, 2) / 255), "2"
        )
        .double()
        .numpy()
    )
    weights = np.array([1.0, 2.0, 0.0])
    for feature, columns in enumerate(([0], [1], [2], [0, 1, 2], [0])):
        taken, usual = pooled.copy(), pooled.copy()
        taken[:, columns] = pooled[donors][:, columns]
        usual[:, columns] = pooled.mean(0)[columns]
        said = subject.outputs(rows, (feature,), donors)[:, 0]
        np.testing.assert_allclose(said, taken @ weights, atol=1e-5)
        said = subject.outputs(rows, (feature,))[:, 0]
        np.testing.assert_allclose(said, usual @ weights, atol=1e-5)
    np.testing.assert_allclose(subject.measured()[:, :3], pooled, atol=1e-5)
    assert np.isnan(subject.measured()[:, 3]).all()
    at = subject.outputs_at(rows, (1,), (0.25,))[:, 0]
    np.testing.assert_allclose(at, pooled[:, 0] + 2 * 0.25, atol=1e-5)
    # Two at once, in layers after each other.
    both = subject.outputs(rows, (0, 4), donors)[:, 0]
    taken = pooled.copy()
    taken[:, 0] = pooled[donors, 0]
    np.testing.assert_allclose(both, taken @ weights, atol=1e-5)


def test_names():
    model = network()
    found = interventions_for(None, model)
    assert [one.name for one in found[:5]] == [
        "brightness",
        "contrast",
        "colour",
        "texture",
        "region top left",
    ]
    assert len(interventions_for("regions-4", model)) == 16
    assert interventions_for(["0:2", regions(2)], model)[0].layer == "0"
    assert {name for name, kind in KINDS.items() if kind.make} == {
        "brightness", "colour", "contrast", "regions", "superpixels", "texture",
    }  # fmt: skip
    assert len(interventions_for("superpixels", model)) == 9
    with pytest.raises(InvalidArgument, match="has to say which"):
        interventions_for("channel", model)
    with pytest.raises(UnknownName, match="brightness"):
        interventions_for("brightnes", model)
    with pytest.raises(InvalidArgument, match="two features"):
        interventions_for(["colour", "colour"], model)


def test_learnt_copies_leave_the_first_alone():
    one = Brightness()
    known = one.learned(torch.tensor(0.5))
    assert one.usual is None
    with pytest.raises(InvalidArgument, match="has not seen a data set"):
        one.ablate(torch.zeros(1, 3, 2, 2), torch.arange(1))
    assert known.ablate(torch.zeros(1, 3, 2, 2), torch.arange(1)).mean() == 0.5
