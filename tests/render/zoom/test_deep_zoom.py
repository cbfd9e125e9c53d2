"""Deep Zoom folders: tiles of every level, and the page."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.large import open_large
from heatlens.images.large.halving import halved
from heatlens.images.large.heatmap import LargeHeatmap
from heatlens.images.large.kinds.array import ArraySource
from heatlens.provenance import Provenance
from heatlens.render.colour import scale_for
from heatlens.render.overlay import overlay
from heatlens.render.zoom.deep_zoom import deep_zoom
from heatlens.render.zoom.tiles import Layer, tile_pyramid


def assembled(folder, name, level, suffix):
    """A level's tiles, put together."""
    tiles = {}
    for path in (folder / f"{name}_files" / str(level)).glob(f"*.{suffix}"):
        column, row = map(int, path.stem.split("_"))
        tiles[row, column] = Pillow.open(path)
    rows, columns = (max(key[axis] for key in tiles) + 1 for axis in (0, 1))
    assert len(tiles) == rows * columns
    return [[tiles[row, column] for column in range(columns)] for row in range(rows)]


def array(tiles, mode):
    return np.concatenate(
        [np.concatenate([np.asarray(tile.convert(mode)) for tile in line], 1) for line in tiles]
    )


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (64, 64), (65, 200), (333, 517)], ids=str)
def test_every_level_is_the_mean_of_the_one_below(size, tmp_path):
    values = np.random.default_rng(0).random(size).astype(np.float32) * 255
    layer = Layer(
        "a",
        size,
        lambda top, left, h, w: values[top : top + h, left : left + w],
        lambda part: Pillow.fromarray(part.astype(np.float32)),
        "tiff",
        {},
    )
    told = []
    highest = tile_pyramid(layer, tmp_path, 64, told.append)
    assert sum(told) == size[0] * size[1]
    assert 2**highest >= max(size) > 2 ** (highest - 1) * (highest > 0)
    expected = values[..., None]
    for level in range(highest, -1, -1):
        found = array(assembled(tmp_path, "a", level, "tiff"), "F")
        np.testing.assert_allclose(found, expected[..., 0], rtol=1e-5)
        expected = halved(expected)
    described = ElementTree.fromstring((tmp_path / "a.dzi").read_text())
    inside = described[0].attrib
    assert (int(inside["Height"]), int(inside["Width"])) == size
    assert described.attrib["TileSize"] == "64"
    assert described.attrib["Overlap"] == "0"


@pytest.fixture
def pair():
    y, x = np.mgrid[0:300, 0:420]
    pixels = np.stack([y % 256, x % 256, (x + y) % 256], -1).astype(np.uint8)
    values = np.hypot(y - 100, x - 200).astype(np.float32)
    return pixels, values.max() - values


def about(folder):
    text = (folder / "index.html").read_text()
    return text, json.loads(re.search(r'id="data">(\{.*\})</script>', text)[1])


def test_the_heat_lies_over_the_picture_as_in_an_overlay(pair, tmp_path):
    pixels, values = pair
    made = Provenance("made", target="<b>stork</b>", image="a & b", notes=("</script>",))
    source = LargeHeatmap(ArraySource(values), made, signed=False)
    with open_large(pixels, name="a & b") as large:
        page = deep_zoom(large, source, tmp_path / "zoom", tile=128, quality=95)
    assert page == tmp_path / "zoom" / "index.html"
    picture = array(assembled(page.parent, "picture", 9, "jpg"), "RGB")
    assert np.abs(picture.astype(int) - pixels).mean() < 12  # JPEG of a sawtooth
    heat = array(assembled(page.parent, "heat", 9, "png"), "RGBA").astype(float)
    opacity = heat[..., 3:] / 255
    shown = (1 - opacity) * pixels + opacity * heat[..., :3]
    whole = Heatmap(values, made, signed=False)
    expected = overlay(whole, Image(pixels), scale=scale_for(whole))
    assert np.abs(shown - expected).max() < 4
    text, described = about(page.parent)
    assert described["size"] == [300, 420]
    assert described["heat"]["title"] == "made: <b>stork</b>"
    assert described["heat"]["ticks"][-1][0] == 1
    assert described["heat"]["notes"] == ["</script>"]
    assert text.count("</script>") == 2
    assert "<title>a &amp; b</title>" in text
    assert not re.search(r"https?://(?!www\.w3)", text)


def test_pictures_in_memory_signed_maps_and_none(pair, tmp_path):
    pixels, values = pair
    signed = Heatmap(values - values.mean(), Provenance("made"))
    told = []
    deep_zoom(
        Image(pixels[..., 0], "YX", spacing=(0.5, 0.25)),
        signed,
        tmp_path / "a",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (2 * 300 * 420, 2 * 300 * 420)
    _, described = about(tmp_path / "a")
    assert described["spacing"] == [0.5, 0.25]
    assert len(described["heat"]["ticks"]) >= 3
    deep_zoom(Image(pixels), None, tmp_path / "b")
    assert about(tmp_path / "b")[1]["heat"] is None
    deep_zoom(Image(pixels), Heatmap(values * 0, Provenance("x")), tmp_path / "b")
    assert about(tmp_path / "b")[1]["heat"]["empty"]


def test_errors(pair, tmp_path):
    pixels, values = pair
    with pytest.raises(InvalidArgument, match="on one grid"):
        deep_zoom(Image(pixels), Heatmap(values[1:], Provenance("x")), tmp_path / "a")
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InvalidArgument, match=r"holds 'mine\.txt'"):
        deep_zoom(Image(pixels), None, tmp_path)
    with pytest.raises(InvalidType, match="numbers are meant"):
        deep_zoom(Image(pixels), None, tmp_path / "b", tile="512")
    with pytest.raises(InvalidArgument, match="tile 3"):
        deep_zoom(Image(pixels), None, tmp_path / "b", tile=3)
