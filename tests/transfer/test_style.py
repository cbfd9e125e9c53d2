import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.transfer import style_transfer, texture
from heatlens.transfer.style.patches import patch_loss, random_filters
from heatlens.transport import wasserstein_1d
from tests.transfer.pictures import photograph


def filters(count=5, channels=3, side=3):
    return random_filters(count, channels, side, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [(9, 11), (14, 8)])
def test_the_loss_is_the_mean_of_squared_distances_on_lines(size):
    generator = np.random.default_rng(0)
    x, y = generator.random((3, 9, 11)), generator.random((3, *size))
    bank = filters()
    values = [
        torch.nn.functional.conv2d(torch.tensor(p, dtype=torch.float32)[None], bank)[0].flatten(1)
        for p in (x, y)
    ]
    expected = np.mean([wasserstein_1d(a, b, p=2) ** 2 for a, b in zip(*map(np.asarray, values))])
    found = patch_loss(torch.tensor(x).float(), torch.tensor(y).float(), bank)
    assert float(found) == pytest.approx(expected, rel=1e-4 if size == (9, 11) else 0.1)


def test_the_gradient_is_that_of_the_loss():
    generator = torch.Generator().manual_seed(1)
    x, y = torch.rand(2, 3, 6, 6, generator=generator)
    x.requires_grad_()
    bank = filters()
    patch_loss(x, y, bank).backward()
    step = torch.zeros_like(x)
    step[1, 2, 3] = 1e-2
    with torch.no_grad():
        slope = (patch_loss(x + step, y, bank) - patch_loss(x - step, y, bank)) / 2e-2
    assert float(slope) == pytest.approx(float(x.grad[1, 2, 3]), rel=0.05)


def test_texture_has_the_patches_of_the_reference():
    reference = Image(photograph("coffee", 8).pixels[:40, :40])
    made = texture(reference, (32, 36), coarsest=12, steps=40, seed=3)
    assert made.pixels.shape == (32, 36, 3)

    def loss(pixels):
        planes = [
            torch.tensor(p / 255).permute(2, 0, 1).float() for p in (pixels, reference.pixels)
        ]
        return float(patch_loss(*planes, filters(32, 3, 5)))

    noise = np.random.default_rng(0).integers(0, 256, (32, 36, 3), np.uint8)
    assert loss(made.pixels) < 0.1 * loss(noise)


def test_style_keeps_what_is_coarse_and_the_other_fields():
    image = photograph("chelsea", 8).with_(spacing=(1.0, 1.0))
    made = style_transfer(image, photograph("coffee", 8), steps=4, coarsest=36)
    assert (made.name, made.spacing, made.pixels.dtype) == ("chelsea", (1.0, 1.0), np.uint8)
    assert made.metadata["style_transfer"] == {"reference": "coffee", "seed": 0}
    coarse = [
        p.pixels[:32, :48].mean(2).reshape(4, 8, 6, 8).mean((1, 3)).ravel() for p in (image, made)
    ]
    assert np.corrcoef(*coarse)[0, 1] > 0.8


def test_seeds_types_and_grey():
    grey = Image(photograph("coffee", 16).unit()[..., 0], "YX", (0.0, 1.0))
    first, again, other = (texture(grey, (10, 12), coarsest=10, steps=2, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)
    assert (first.axes, first.pixels.dtype, first.value_range) == ("YX", np.float32, (0.0, 1.0))


def test_no_global_state_changes():
    state = torch.get_rng_state()
    texture(photograph("coffee", 32), (8, 8), coarsest=8, steps=1)
    assert torch.equal(state, torch.get_rng_state())


picture = Image((np.arange(300) % 256).astype(np.uint8).reshape(10, 10, 3))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"patch": 11, "coarsest": 20}, "holds no patch of 11"),
        ({"coarsest": 3}, "coarsest is 3"),
        ({"filters": 0}, "filters is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_bad_arguments(options, says):
    with pytest.raises(InvalidArgument, match=says):
        style_transfer(picture, picture, **options)
    with pytest.raises(InvalidArgument, match=says):
        texture(picture, (10, 10), **options)


def test_bad_pictures():
    with pytest.raises(InvalidArgument, match="one picture is grey"):
        style_transfer(picture, np.zeros((10, 10), np.uint8))
    with pytest.raises(InvalidArgument, match=r"size\[0\] is 0"):
        texture(picture, (0, 10))
    with pytest.raises(InvalidArgument, match="height and width"):
        texture(picture, 10)
    with pytest.raises(InvalidType, match=r"size\[0\] is 24.0"):
        texture(picture, (24.0, 24))
    with pytest.raises(InvalidType, match="steps is"):
        texture(picture, (10, 10), steps=2.5)


def half_hidden(colour, height=24):
    """The right half of coffee beside an invisible half of one colour."""
    pixels = photograph("coffee", 8).pixels[:height, :48].copy()
    pixels[:, :24] = colour
    alpha = np.ones(pixels.shape[:2])
    alpha[:, :24] = 0
    return Image(pixels, alpha=alpha)


def test_what_is_invisible_is_not_learnt():
    one, other = (
        texture(half_hidden(colour), (16, 16), coarsest=8, steps=3).pixels
        for colour in ((255, 0, 255), (0, 0, 0))
    )
    np.testing.assert_array_equal(one, other)
    seen = texture(half_hidden((255, 0, 255)).with_(alpha=None), (16, 16), coarsest=8, steps=3)
    assert not np.array_equal(one, seen.pixels)


def test_what_is_invisible_in_the_picture_counts_for_nothing():
    reference = photograph("chelsea", 8)
    one, other = (
        style_transfer(half_hidden(colour), reference, coarsest=8, steps=3).pixels
        for colour in ((255, 0, 255), (0, 0, 0))
    )
    np.testing.assert_array_equal(one, other)


def test_places_that_do_not_count_are_left_out_of_the_loss():
    generator = torch.Generator().manual_seed(2)
    x, y = torch.rand(2, 3, 8, 8, generator=generator)
    places = torch.zeros(6, 6, dtype=torch.bool)
    places[:, :3] = True
    found = patch_loss(x, y, filters(), places, places)
    assert float(found) == pytest.approx(float(patch_loss(x[..., :5], y[..., :5], filters())))


def test_a_reference_without_an_opaque_patch():
    alpha = np.zeros((10, 10))
    alpha[::3] = 1
    with pytest.raises(InvalidArgument, match="no patch of 7 x 7"):
        texture(picture.with_(alpha=alpha), (10, 10))


def test_colours_stay_near_those_of_the_reference():
    from scipy.spatial import KDTree

    from heatlens.render.cielab import from_srgb

    image, reference = photograph("chelsea", 8), photograph("coffee", 8)
    made = style_transfer(image, reference, coarsest=24, steps=40)
    lab = [from_srgb(x.pixels.reshape(-1, 3) / 255) for x in (made, reference)]
    assert (KDTree(lab[1]).query(lab[0])[0] > 10).mean() < 0.08
