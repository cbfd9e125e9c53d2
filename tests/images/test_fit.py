"""`fit` against torchvision's and timm's own eval transforms, bit for bit."""

import numpy as np
import pytest
import timm.data
import torch
from PIL import Image as Pillow
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.fit import fit
from heatlens.images.tiles import blend, window_starts

SHAPES = [(60, 90), (91, 60), (33, 34), (40, 40), (200, 31), (20, 25)]


def photo(shape, channels=3, seed=0):
    size = (*shape, channels) if channels > 1 else shape
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def picture(pixels):
    return Image(pixels, "YX" if pixels.ndim == 2 else "YXC")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest", "lanczos"])
@pytest.mark.parametrize(("resize", "size"), [(36, 32), (32, 32), (20, 32), (35, (32, 21))])
def test_crop_equals_torchvision(shape, interpolation, resize, size):
    pixels = photo(shape)
    reference = transforms.Compose(
        [
            transforms.Resize(resize, getattr(InterpolationMode, interpolation.upper())),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
        ]
    )(Pillow.fromarray(pixels))
    [only] = fit(picture(pixels), size=size, resize=resize, interpolation=interpolation)
    assert np.array_equal(only.pixels, reference.numpy())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(32, 32), (32, 24)])
@pytest.mark.parametrize(
    ("crop_mode", "crop_pct"),
    [("center", 0.875), ("center", 0.95), ("center", 1.0), ("squash", 0.875), ("border", 1.0)],
)
def test_equals_timm(shape, size, crop_mode, crop_pct):
    pixels = photo(shape)
    reference = timm.data.create_transform(
        (3, *size), interpolation="bicubic", crop_pct=crop_pct, crop_mode=crop_mode,
        mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0),
    )(Pillow.fromarray(pixels))  # fmt: skip
    resize = tuple(int(n / crop_pct) for n in size) if crop_mode == "squash" else crop_pct
    mode = "pad" if crop_mode == "border" else "crop"
    [only] = fit(picture(pixels), size=size, mode=mode, resize=resize, interpolation="bicubic")
    assert np.array_equal(only.pixels, reference.numpy())


def test_squash_equals_torchvision():
    pixels = photo((50, 70))
    reference = transforms.Compose([transforms.Resize((32, 24)), transforms.ToTensor()])
    [only] = fit(picture(pixels), size=(32, 24), mode="squash")
    assert np.array_equal(only.pixels, reference(Pillow.fromarray(pixels)).numpy())
    assert only.placement.valid().all()
    assert only.placement.scale == (32 / 50, 24 / 70)


def test_without_antialias_equals_torch():
    pixels = photo((90, 70)).astype(np.float32) / 255
    reference = torch.nn.functional.interpolate(
        torch.from_numpy(pixels).permute(2, 0, 1)[None], (32, 24), mode="bilinear"
    )[0]
    image = Image(pixels, "YXC", (0, 1))
    [only] = fit(image, size=(32, 24), mode="squash", antialias=False)
    assert np.allclose(only.pixels, reference.numpy(), atol=1e-5)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_sixteen_bits_equal_eight(interpolation):
    pixels = photo((60, 90)) // 2 + 64  # no overshoot that 8 bits would clip half way
    fine = Image(pixels.astype(np.uint16) * 257, "YXC", (0, 65535))
    options = {"size": 32, "interpolation": interpolation}
    [eight], [sixteen] = fit(picture(pixels), **options), fit(fine, **options)
    assert (
        np.abs(eight.pixels - sixteen.pixels).max() < 2 / 255
    )  # Pillow rounds between its two passes
    assert sixteen.pixels.min() >= 0
    assert sixteen.pixels.max() <= 1
    assert len(np.unique(sixteen.pixels)) > 256


def test_values_beyond_the_range_are_kept():
    image = Image(np.full((8, 8), 3000.0, np.float32), "YX", (-1000, 1000))
    assert fit(image, size=4)[0].pixels.max() == 2


def test_grey_and_colour():
    grey, colour = photo((40, 40), 1), photo((40, 40))
    [tripled] = fit(picture(grey), size=20)
    assert tripled.pixels.shape == (3, 20, 20)
    reference = Pillow.fromarray(grey).convert("RGB").resize((20, 20), Pillow.Resampling.BILINEAR)
    assert np.array_equal(tripled.pixels, transforms.ToTensor()(reference).numpy())
    [luma] = fit(picture(colour), size=20, channels=1)
    gray = transforms.Compose(
        [transforms.Grayscale(), transforms.Resize(20), transforms.ToTensor()]
    )
    assert np.array_equal(luma.pixels, gray(Pillow.fromarray(colour)).numpy())
    fine = Image(colour.astype(np.float32) / 255, "YXC", (0, 1))
    assert np.abs(fit(fine, size=20, channels=1)[0].pixels - luma.pixels).max() < 1 / 255


def test_many_channels():
    many = Image(photo((30, 30), 7))
    assert fit(many, size=10, channels=None)[0].pixels.shape == (7, 10, 10)
    assert fit(many, size=10, channels=7)[0].pixels.shape == (7, 10, 10)
    with pytest.raises(InvalidArgument, match="has 7 channels and the model takes 3"):
        fit(many, size=10)


def test_transparency_lies_on_white():
    alpha = np.ones((10, 10), np.float32)
    alpha[:5] = 0
    image = Image(np.zeros((10, 10, 3), np.uint8), alpha=alpha)
    [shown] = fit(image, size=10)
    assert (shown.pixels[:, :5] == 1).all()
    assert (shown.pixels[:, 5:] == 0).all()
    assert shown.notes == ("transparent pixels were laid on white",)
    [ignored] = fit(image, size=10, background=None)
    assert not ignored.pixels.any()
    assert ignored.notes == ()


def test_a_crop_that_hides_much_is_said():
    [wide] = fit(picture(photo((60, 90))), size=32)
    assert wide.notes == ("the centre crop hides 33 % of the picture; fit 'pad' shows all of it",)
    assert fit(picture(photo((60, 64))), size=32)[0].notes == ()


def test_pad():
    [only] = fit(picture(photo((60, 90))), size=30, mode="pad", fill=(0.2, 0.4, 0.6))
    assert only.placement.offset == (5.0, 0.0)
    assert only.placement.valid().all()
    assert np.allclose(only.pixels[:, 0, 0], np.rint(np.array([0.2, 0.4, 0.6]) * 255) / 255)
    [edge] = fit(picture(photo((60, 90))), size=30, mode="pad", fill="edge")
    assert np.array_equal(edge.pixels[:, 0], edge.pixels[:, 5])
    assert np.array_equal(edge.pixels[:, 5:25], only.pixels[:, 5:25])


@pytest.mark.parametrize("shape", [(40, 200), (150, 40), (40, 41), (40, 40)])
def test_tiles_cover_and_blend(shape):
    pixels = photo(shape)
    tiles = fit(picture(pixels), size=(20, 20), mode="tile")
    places = [tile.placement for tile in tiles]
    values, valid = blend(places, [np.full((5, 5), 2.5)] * len(tiles))
    assert valid.all()
    assert np.allclose(values, 2.5, atol=1e-6)
    whole = Pillow.fromarray(pixels).resize(
        tuple(round(n * s) for n, s in zip(shape[::-1], places[0].scale[::-1])),
        Pillow.Resampling.BILINEAR,
    )
    reference = np.asarray(whole).transpose(2, 0, 1) / np.float32(255)
    for tile in tiles:
        top, left = (-int(n) for n in tile.placement.offset)
        assert np.array_equal(tile.pixels, reference[:, top : top + 20, left : left + 20])


def test_blend_has_no_seam():
    """Maps that agree where windows overlap come out as one smooth map."""
    places = [tile.placement for tile in fit(picture(photo((40, 170), 1)), size=20, mode="tile")]
    maps = [np.tile(np.arange(20) + 0.5 - place.offset[1], (20, 1)) for place in places]
    values, _ = blend(places, maps)
    assert np.abs(values - places[0].positions(1))[:, 2:-2].max() < 0.3
    assert np.diff(values, axis=1).min() > 0


def test_windows_overlap_enough():
    for length in range(20, 200, 7):
        starts = window_starts(length, 20, 0.25)
        assert starts[0] == 0
        assert starts[-1] + 20 == length
        assert max(np.diff(starts), default=0) <= 16


@pytest.mark.parametrize("mode", ["crop", "pad", "squash", "tile"])
def test_any_size_in_multiples(mode):
    [only] = fit(picture(photo((45, 61))), size=None, mode=mode, multiple_of=14)
    wanted = {"crop": (42, 56), "pad": (56, 70), "squash": (42, 56), "tile": (42, 56)}[mode]
    assert only.pixels.shape[1:] == wanted == only.placement.input
    assert fit(picture(photo((45, 61))), size=None, mode=mode)[0].pixels.shape == (3, 45, 61)


def test_a_size_that_is_no_multiple_is_said():
    [only] = fit(picture(photo((80, 80))), size=50, multiple_of=14)
    assert only.placement.input == (56, 56)
    assert "multiples of 14" in only.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "stretch"}, "'crop', 'squash', 'pad', 'tile'"),
        ({"interpolation": "cubic"}, "'bicubic'"),
        ({"interpolation": "bicubic", "antialias": False}, "antialias=True only"),
        ({"size": (0, 4)}, "whole numbers"),
        ({"resize": 1.5}, "crop_pct"),
        ({"resize": 0}, "at least 1"),
        ({"mode": "pad", "fill": (0.0, 1.0)}, "2 values for 3 channels"),
        ({"mode": "pad", "fill": "mean"}, "'edge'"),
        ({"mode": "tile", "overlap": 1.0}, "below 1"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(InvalidArgument, match=message):
        fit(picture(photo((20, 30))), **{"size": (10, 10), **options})


def test_what_is_no_single_picture_is_refused():
    with pytest.raises(InvalidArgument, match="slice="):
        fit(Image(np.zeros((3, 8, 8), np.uint8), "ZYX"), size=4)
    with pytest.raises(InvalidArgument, match="too elongated"):
        fit(Image(np.zeros((1, 100_000), np.uint8), "YX"), size=224)
