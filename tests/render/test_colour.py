import matplotlib
import numpy as np
import pytest

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.render import cielab
from heatlens.render.colour import (
    Scale,
    colour_map,
    colour_maps,
    colourise,
    evenness,
    lightness,
    scale_for,
)


def test_cielab_equals_skimage():
    colour = pytest.importorskip("skimage.color")
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 500, 3))
    second[:20] = first[:20]
    first[20:40] = first[20:40, :1]  # greys
    lab = [cielab.from_srgb(rgb) for rgb in (first, second)]
    np.testing.assert_allclose(lab[0], colour.rgb2lab(first), atol=1e-3)
    np.testing.assert_allclose(cielab.ciede2000(*lab), colour.deltaE_ciede2000(*lab), atol=1e-9)
    np.testing.assert_allclose(cielab.to_srgb(lab[0]), first, atol=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # Sharma et al. 2005, table 1: pairs 1, 7, 10, 17, 25
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0010), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_ciede2000_of_the_published_pairs(first, second, expected):
    assert cielab.ciede2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("jet", 0.49), ("turbo", 0.36), ("inferno", 0.26), ("viridis", 0.15), ("cividis", 0.14)],
)
def test_evenness_of_known_maps(name, expected):
    assert evenness(name) == pytest.approx(expected, abs=0.006)


def test_default_maps_are_even_and_ordered_by_lightness():
    assert (np.diff(lightness("viridis")) > 0).all()
    L = lightness("blue-red")
    assert evenness("blue-red") < 0.075 < evenness("viridis") / 1.9
    np.testing.assert_allclose(L, L[::-1], atol=0.05)
    assert (np.diff(L[:128]) > 0).all()
    middle = np.array(colour_map("blue-red")(128))[:3]
    assert np.ptp(middle) < 1e-3, "zero is grey"
    assert not (np.diff(lightness("jet")) > 0).all()


def test_blue_red_ends_are_blue_and_red_and_reverse():
    blue, red = colourise(np.array([-1.0, 1.0]), "blue-red", -1, 1).astype(int)
    assert blue[2] > blue[0] + 80
    assert red[0] > red[2] + 80
    swapped = colourise(np.array([1.0, -1.0]), "blue-red_r", -1, 1)
    np.testing.assert_array_equal(swapped, [blue, red])


@pytest.mark.parametrize(
    "name", ["viridis", "cividis", "magma", "inferno", "turbo", "jet", "gray", "hot", "ocean"]
)
def test_colourise_equals_matplotlib(name):
    values = np.random.default_rng(0).uniform(-1, 2, (7, 5))
    expected = matplotlib.colormaps[name](np.clip(values, 0, 1))[..., :3] * 255
    assert np.abs(colourise(values, name) - expected).max() <= 0.5001
    assert name in colour_maps()


def test_every_name_gives_colours():
    for name in colour_maps():
        assert colourise(np.linspace(0, 1, 3), name).dtype == np.uint8


def test_unknown_name_suggests():
    with pytest.raises(UnknownName, match="viridis"):
        colour_map("virdis")
    with pytest.raises(UnknownName, match="blue-red"):
        colourise(np.zeros(2), "bluered")


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Scale(1, 0),
        lambda: Scale(0, np.inf),
        lambda: Scale(-1, 2, symmetric=True),
        lambda: Scale(0, 1).colours(np.array([np.nan])),
        lambda: scale_for(),
    ],
)
def test_bad_scales(broken):
    with pytest.raises(InvalidArgument):
        broken()


def test_extreme_values_do_not_overflow():
    top = float(np.finfo(np.float64).max)
    assert Scale(-top, top, symmetric=True).position(np.array([0.0]))[0] == 0.5


def test_scale_is_common_to_all_maps(heat):
    maps = [heat([[0, 1]]), heat([[-3, 2]]), heat([[0, 0]])]
    assert scale_for(*maps, sign="positive") == Scale(0, 2, "viridis")
    assert scale_for(*maps, sign="negative") == Scale(-3, 0, "viridis_r")
    assert scale_for(*maps) == Scale(-3, 3, "blue-red", symmetric=True)
    assert scale_for(maps[0]) == Scale(0, 1, "viridis")
    assert scale_for(maps[2]).empty
    assert scale_for(maps[1], colour_map="magma").colour_map == "magma"


def test_invalid_pixels_do_not_set_the_scale(heat):
    assert scale_for(heat([[1, 9]], valid=np.array([[True, False]]))).high == 1
    assert scale_for(heat([[1, 9]], valid=np.zeros((1, 2), bool))).empty


def test_percentile_is_of_what_is_shown(heat):
    values = np.arange(-50, 101, dtype=np.float32)[None]
    assert scale_for(heat(values), sign="positive", percentile=50).high == 50.5
    assert scale_for(heat(values), sign="negative", percentile=100).low == -50
    with pytest.raises(InvalidArgument):
        scale_for(heat(values), percentile=0)


def test_unknown_sign(heat):
    with pytest.raises(UnknownName, match="positive"):
        scale_for(heat([[1]]), sign="positiv")
