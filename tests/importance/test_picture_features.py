"""Named features of pictures, each against scikit-image or against its definition written out."""

import colorsys
import warnings

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.feature
import skimage.filters
import skimage.measure
import torch
from PIL import Image as Pillow

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import picture_features
from heatlens.importance.pictures.hues import HUES, hue_degrees, hue_names
from heatlens.importance.pictures.kind import KINDS
from heatlens.importance.pictures.picture import Picture, picture_of
from heatlens.importance.pictures.stream import pictures_in


@pytest.fixture(scope="module")
def photo():
    return skimage.data.astronaut()[40:140, 150:271] / 255.0


def features(kind, pixels):
    return KINDS[kind].compute(Picture(pixels))


def test_every_kind_names_the_same_finite_columns_for_every_picture(photo):
    pictures = [photo, np.zeros((1, 1, 3)), np.ones((2, 5, 3)), np.full((7, 3, 3), [1.0, 0, 0])]
    for name, kind in KINDS.items():
        found = [kind.compute(Picture(pixels)) for pixels in pictures]
        assert len({tuple(one) for one in found}) == 1, name
        assert all(np.isfinite(list(one.values())).all() for one in found), name


def test_names_are_unique_over_all_kinds(photo):
    names = [name for kind in KINDS.values() for name in kind.compute(Picture(photo))]
    assert len(set(names)) == len(names) > 80


def test_brightness_is_the_luma(photo):
    luma = 0.299 * photo[..., 0] + 0.587 * photo[..., 1] + 0.114 * photo[..., 2]
    found = features("brightness", photo)
    assert found["brightness"] == pytest.approx(luma.mean())
    assert found["contrast"] == pytest.approx(luma.std())
    assert found["brightness of the brightest parts"] == pytest.approx(np.quantile(luma, 0.95))


def test_colour_is_that_of_scikit_image(photo):
    lab = skimage.color.rgb2lab(photo)
    found = features("colour", photo)
    assert found["colour from green to red"] == pytest.approx(lab[..., 1].mean(), abs=1e-3)
    assert found["colour from blue to yellow"] == pytest.approx(lab[..., 2].mean(), abs=1e-3)
    chroma = skimage.color.lab2lch(lab)[..., 1]
    assert found["colour strength"] == pytest.approx(chroma.mean(), abs=1e-3)
    assert found["spread of colour strength"] == pytest.approx(chroma.std(), abs=1e-3)


def test_colourfulness_is_hasler_and_suesstrunks(photo):
    r, g, b = np.moveaxis(photo * 255, -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    wanted = np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
    assert features("colour", photo)["colourfulness"] == pytest.approx(wanted)


def test_hues_are_those_of_hsv_and_shares_sum_to_one(photo):
    wanted = skimage.color.rgb2hsv(photo)[..., 0] * 360
    apart = np.abs((hue_degrees(photo) - wanted + 180) % 360 - 180)
    assert apart.max() < 1e-6
    found = features("colour", photo)
    shares = [found[f"share of {name}"] for name in (*HUES, "grey")]
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("sector", range(12), ids=list(HUES))
def test_a_pure_hue_has_its_name(sector):
    rgb = np.array(colorsys.hsv_to_rgb(sector / 12, 1, 1))
    assert int(hue_names(rgb, np.array(90.0))) == sector
    assert int(hue_names(rgb, np.array(1.0))) == len(HUES)


def test_detail_by_size_is_a_difference_of_gaussians(photo):
    picture = Picture(photo)
    found = features("texture", photo)
    for name, low, high in (("small", 1, 2), ("middle-sized", 2, 4), ("coarse", 4, 8)):
        band = skimage.filters.difference_of_gaussians(picture.luma, low, high, mode="nearest")
        assert found[f"{name} detail"] == pytest.approx(band.std(), rel=1e-6)


def test_edges_are_sobels(photo):
    # scikit-image's is the slope along each axis times the square root of 2.
    slope = skimage.filters.sobel(Picture(photo).luma) / np.sqrt(2)
    assert features("texture", photo)["share of edges"] == pytest.approx((slope > 0.1).mean())


def test_entropy_is_shannons(photo):
    levels = np.rint(Picture(photo).luma * 255).astype(np.uint8)
    wanted = skimage.measure.shannon_entropy(levels)
    assert features("texture", photo)["entropy of grey levels"] == pytest.approx(wanted)


def test_local_patterns_are_scikit_images():
    # Noise: equal neighbours, where rounding decides, do not occur.
    pixels = np.random.default_rng(0).uniform(size=(40, 31, 1)).repeat(3, axis=2)
    with warnings.catch_warnings(action="ignore"):  # it advises whole numbers, for their ties
        patterns = skimage.feature.local_binary_pattern(Picture(pixels).luma, 8, 1, "uniform")
    shares = np.bincount(patterns[1:-1, 1:-1].astype(int).ravel(), minlength=10) / (38 * 29)
    found = features("texture", pixels)
    assert found["share of bright spots"] == pytest.approx(shares[0])
    assert found["share of line ends"] == pytest.approx(shares[1] + shares[7])
    assert found["share of straight edges"] == pytest.approx(shares[4])
    assert found["share of irregular patterns"] == pytest.approx(shares[9])


def test_regions_are_the_cells_of_the_grid(photo):
    luma, strength = Picture(photo).luma, Picture(photo).strength
    found = features("regions", photo)
    assert found["brightness: top right"] == pytest.approx(luma[:33, 81:].mean())
    assert found["detail: centre"] == pytest.approx(luma[33:67, 40:81].std())
    assert found["colour strength: bottom left"] == pytest.approx(strength[67:, :40].mean())


def test_a_mark_in_a_corner_is_seen_there(photo):
    grey = photo.mean(axis=2, keepdims=True).repeat(3, axis=2)
    grey[2:14, -14:-2] = [0.0, 0.0, 1.0]
    corner, patch = features("corners", grey), features("patch", grey)
    assert corner["hue of the most colourful corner: blue"] == 1
    assert (
        corner["colour strength: top right corner"]
        == corner["colour strength of the most colourful corner"]
    )
    assert patch["hue of the most colourful patch: blue"] == 1
    assert patch["most colourful patch: from left"] == pytest.approx((121 - 8) / 121, abs=0.02)
    assert patch["most colourful patch: from top"] == pytest.approx(8 / 100, abs=0.02)


def test_the_patch_is_the_one_of_a_slow_search(photo):
    strength = Picture(photo).strength
    side = round(100 / 8)
    best = max(
        strength[y : y + side, x : x + side].mean()
        for y in range(100 - side + 1)
        for x in range(121 - side + 1)
    )
    found = features("patch", photo)["most colourful patch: colour strength"]
    assert found == pytest.approx(best, abs=1e-4)


def test_a_grey_picture_has_no_hue():
    grey = np.full((20, 20, 3), 0.4)
    found = features("patch", grey) | features("corners", grey) | features("colour", grey)
    assert found["hue of the most colourful patch: grey"] == 1
    assert found["hue of the most colourful corner: grey"] == 1
    assert found["share of grey"] == 1


def test_bytes_floats_sixteen_bits_and_tensors_are_one_picture():
    eight = np.random.default_rng(1).integers(0, 256, (2, 24, 24, 3)).astype(np.uint8)
    model = hl.load_model("bundled:scene-cnn")
    batch = model.contract.normalise(torch.from_numpy(eight / 255.0).permute(0, 3, 1, 2).float())
    wanted = picture_features(eight).values
    for other in (eight / 255.0, eight.astype(np.uint16) * 257, list(eight)):
        assert picture_features(other).values == pytest.approx(wanted, abs=1e-4)
    found = picture_features(batch, ["brightness", "colour"], model=model)
    assert found.values == pytest.approx(
        picture_features(eight, ["brightness", "colour"]).values, abs=2e-3
    )


def test_large_pictures_are_reduced_and_small_ones_are_not():
    large = hl.read_image(skimage.data.astronaut())
    assert picture_of(large).size == (256, 256)
    assert picture_of(large, 64).size == (64, 64)
    assert picture_of(hl.read_image(np.zeros((5, 9, 3), np.uint8))).size == (5, 9)


def test_a_folder_is_streamed_and_what_is_broken_is_told(tmp_path):
    (tmp_path / "below").mkdir()
    Pillow.fromarray(skimage.data.astronaut()[:50, :60]).save(tmp_path / "a.png")
    Pillow.fromarray(skimage.data.camera()[:40, :40]).save(tmp_path / "below" / "b.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (tmp_path / "notes.txt").write_text("no picture either")
    ticks = []
    table = picture_features(tmp_path, ["brightness"], progress=lambda *done: ticks.append(done))
    assert [name.rsplit("/", 1)[-1] for name in table.rows] == ["a.png", "b.png"]
    assert len(table.skipped) == 1
    assert table.skipped[0][0].endswith("broken.jpg")
    assert ticks[-1][0] <= ticks[-1][1] == 3
    assert picture_features(str(tmp_path / "*.png"), ["brightness"]).rows == table.rows[:1]
    again = picture_features([tmp_path / "missing.png", tmp_path / "a.png"], ["brightness"])
    assert len(again.skipped) == 1


def test_an_interruption_keeps_what_is_done():
    def stop(done, total):
        if done == last:
            raise KeyboardInterrupt

    pixels = np.zeros((80, 4, 4, 3), np.uint8)
    last = 70
    table = picture_features(pixels, ["brightness"], progress=stop)
    assert len(table) == 64
    assert table.skipped == (("the rest", "stopped after 64 of 80 pictures"),)
    last = 3
    with pytest.raises(KeyboardInterrupt):
        picture_features(pixels, ["brightness"], progress=stop)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "give at least one"),
        (np.zeros((0, 8, 8, 3), np.uint8), "at least one"),
        (np.zeros((2, 3, 8, 8), np.uint8), "1, 3 or 4 channels"),
        (np.zeros((8, 8, 3), np.uint8), "one picture"),
        (np.full((1, 8, 8, 3), 3.0), "floats lie in 0..1"),
        (np.full((1, 8, 8, 3), np.nan), "floats lie in 0..1"),
        (torch.zeros(1, 3, 8, 8), "give model="),
        ("nowhere/at/all.png", "none of 1 pictures"),
        ("nowhere/*.png", "matches no file"),
    ],
    ids=["none", "empty", "first", "single", "range", "nan", "tensor", "missing", "pattern"],
)
def test_what_holds_no_pictures(given, words):
    with pytest.raises(InvalidArgument, match=words):
        picture_features(given)


def test_other_errors_say_what_helps(tmp_path):
    with pytest.raises(InvalidArgument, match="the folder has no pictures"):
        picture_features(tmp_path)
    with pytest.raises(InvalidType, match="holds no pictures"):
        picture_features(3)
    with pytest.raises(InvalidType, match="not int64"):
        picture_features(np.zeros((1, 8, 8, 3), np.int64))
    one = np.zeros((1, 8, 8, 3), np.uint8)
    with pytest.raises(UnknownName, match="did you mean 'brightness'"):
        picture_features(one, ["brightnes"])
    with pytest.raises(InvalidType, match="list of names"):
        picture_features(one, "brightness")
    with pytest.raises(InvalidArgument, match="nothing was asked for"):
        picture_features(one, [])
    with pytest.raises(InvalidArgument, match="give model="):
        picture_features(one, layers=["stage3"])
    with pytest.raises(InvalidArgument, match="frames or slices"):
        picture_of(hl.read_image(np.zeros((3, 8, 8, 3), np.uint8), axes="TYXC"))


def test_a_stream_can_be_gone_through_again():
    stream = pictures_in(np.zeros((3, 5, 6), np.uint8))
    assert len(list(stream)) == len(list(stream)) == stream.count == 3


@pytest.mark.parametrize("name", ["bundled:scene-cnn", "bundled:scene-vit"])
def test_channels_are_the_mean_activations_of_a_layer(name):
    model = hl.load_model(name)
    layer = "stage2" if name.endswith("cnn") else "norm"
    pixels = np.random.default_rng(2).integers(0, 256, (3, 96, 96, 3)).astype(np.uint8)
    table = picture_features(pixels, ["brightness"], model=model, layers=[layer])
    batch = model.contract.normalise(torch.from_numpy(pixels / 255.0).permute(0, 3, 1, 2).float())
    activation = model.activations(batch, [layer])[layer]
    wanted = activation.mean(dim=(2, 3)) if activation.ndim == 4 else activation.mean(dim=1)
    found = table.select([layer])
    assert found.values == pytest.approx(wanted.numpy(), abs=1e-4)
    assert found.names[3] == f"{layer}: channel 3"


def test_an_unknown_layer_is_named():
    with pytest.raises(UnknownName, match="stage3"):
        picture_features(
            np.zeros((1, 96, 96, 3), np.uint8), [], model="bundled:scene-cnn", layers=["stage4"]
        )
