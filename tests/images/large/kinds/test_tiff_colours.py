"""Samples of a TIFF as grey or RGB: as Pillow, tifffile or the standard's formula has them."""

import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import UnreadableImage
from heatlens.images.large import open_large
from heatlens.images.read import read_image

tifffile = pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")


@pytest.fixture
def rgb():
    y, x = np.mgrid[0:101, 0:133]
    return np.stack([2 * y, x, 255 - y], -1).clip(0, 255).astype(np.uint8)


def whole(path, **options):
    with open_large(path, **options) as large:
        return large.region(0, 0, *large.size), large.value_range, large.notes


@pytest.mark.parametrize("layout", ["raw", "tiles", "Pillow's"])
def test_luma_and_chroma_without_jpeg(tmp_path, rgb, layout):
    path, codes = tmp_path / "a.tif", Pillow.fromarray(rgb).convert("YCbCr")
    if layout == "Pillow's":
        codes.save(path)
    else:
        tiles = {"tile": (64, 64), "compression": "deflate"} if layout == "tiles" else {}
        tifffile.imwrite(path, np.asarray(codes), photometric="ycbcr", **tiles)
    pixels, value_range, _ = whole(path)
    assert value_range == (0.0, 255.0)
    expected = np.asarray(codes.convert("RGB"))
    assert np.abs(pixels.astype(int) - expected).max() <= 1


def test_reference_black_and_white_of_luma_and_chroma(tmp_path, rgb):
    # Video's range, 16 to 235 and 16 to 240: BT.601 from section 2.5.3 of its text.
    codes = np.full((16, 16, 3), (235, 128, 128), np.uint8)
    codes[8:] = 81, 90, 240  # pure red
    fractions = [n for value in (16, 235, 128, 240, 128, 240) for n in (value, 1)]
    tag = (532, 5, 6, fractions, True)
    tifffile.imwrite(tmp_path / "a.tif", codes, photometric="ycbcr", extratags=[tag])
    pixels, _, _ = whole(tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels[0, 0], (255, 255, 255))
    assert np.abs(pixels[15, 15].astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("named", ["ycbcr", "rgb"])
def test_luma_and_chroma_of_aperio(tmp_path, named):
    y, x = np.mgrid[0:64, 0:64]
    rgb = np.stack([3 * y, 3 * x, 255 - 3 * y], -1).astype(np.uint8)
    codes = Pillow.fromarray(rgb).convert("YCbCr")
    options = {"codecformat": "j2k", "level": 0}
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.asarray(codes),
        photometric=named,
        tile=(64, 64),
        compression=33003,
        compressionargs=options,
    )
    pixels, _, _ = whole(tmp_path / "a.tif")
    assert np.abs(pixels.astype(int) - np.asarray(codes.convert("RGB"))).max() <= 1


def test_luma_and_chroma_in_a_way_that_is_not_read(tmp_path, rgb):
    tifffile.imwrite(tmp_path / "a.tif", rgb.astype(np.uint16), photometric="ycbcr")
    with pytest.raises(UnreadableImage, match="YCbCr colours in a way that is not read"):
        open_large(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_inks(tmp_path, dtype):
    inks = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (50, 60, 4), dtype)
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", tile=(16, 16))
    pixels, (_, white), _ = whole(tmp_path / "a.tif")
    free = 1 - inks / white
    np.testing.assert_allclose(pixels / white, free[..., :3] * free[..., 3:], atol=0.6 / white)
    if dtype == "uint8":
        np.testing.assert_array_equal(pixels, read_image(tmp_path / "a.tif").pixels)


def test_inks_by_other_names_are_refused(tmp_path):
    inks = np.zeros((9, 9, 4), np.uint8)
    tag = (332, "H", 1, 2, True)
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", extratags=[tag])
    with pytest.raises(UnreadableImage, match="set 2"):
        open_large(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "uint32"])
def test_white_is_zero(tmp_path, dtype):
    stored = np.arange(3000).reshape(50, 60)
    stored = stored % 7 == 0 if dtype == "bool" else (stored % 251).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="miniswhite")
    pixels, (black, white), _ = whole(tmp_path / "a.tif")
    assert pixels.dtype == stored.dtype
    assert pixels[stored == 0].min() == pixels.max() == white
    if dtype == "uint32":
        np.testing.assert_array_equal(pixels, np.uint32(2**32 - 1) - stored)
        assert black == pixels.min()
    else:
        expected = read_image(tmp_path / "a.tif").unit()
        np.testing.assert_allclose((pixels - black) / (white - black), expected, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_white_is_zero_of_values_that_have_no_black(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 9), dtype), photometric="miniswhite")
    with pytest.raises(UnreadableImage, match="do not say what black is"):
        open_large(tmp_path / "a.tif")


def packed(values):
    """A TIFF of 12 bits by hand: two values in three bytes."""
    pairs = values.reshape(-1, 2).astype(int)
    first, second = pairs.T
    data = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], -1)
    data = data.astype(np.uint8).tobytes()
    height, width = values.shape
    tags = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 277: 1, 278: height}
    place = 8 + 2 + 12 * (len(tags) + 2) + 4
    entries = [struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in tags.items()]
    entries += [struct.pack("<HHII", 273, 4, 1, place), struct.pack("<HHII", 279, 4, 1, len(data))]
    entries.sort(key=lambda entry: struct.unpack("<H", entry[:2]))
    head = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(entries))
    return head + b"".join(entries) + b"\0\0\0\0" + data


def test_twelve_bits(tmp_path):
    values = (np.arange(64 * 64) % 4096).reshape(64, 64).astype(np.uint16)
    (tmp_path / "a.tif").write_bytes(packed(values))
    pixels, value_range, _ = whole(tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels, values)
    assert value_range == (0.0, 4095.0) == read_image(tmp_path / "a.tif").value_range


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_grey_channels_without_a_meaning_are_channels(tmp_path, planes):
    stored = np.random.default_rng(1).integers(0, 255, (50, 60, 5), np.uint8)
    written = stored if planes == "contig" else np.moveaxis(stored, -1, 0)
    tifffile.imwrite(
        tmp_path / "a.tif", written, photometric="minisblack", planarconfig=planes, tile=(16, 16)
    )
    pixels, _, notes = whole(tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels, stored)
    assert notes == ()


@pytest.mark.parametrize("opacity", ["unassalpha", "assocalpha", "unspecified"])
@pytest.mark.parametrize("colours", ["rgb", "minisblack"])
def test_a_last_channel_beside_the_colours_is_left_out(tmp_path, opacity, colours):
    stored = np.random.default_rng(2).integers(0, 255, (50, 60, 4), np.uint8)
    stored[..., 3] = np.maximum(stored[..., 3], stored[..., :3].max(-1))
    stored[0] = 0
    stored = stored if colours == "rgb" else stored[..., [0, 3]]
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric=colours,
        planarconfig="contig",
        extrasamples=[opacity],
        tile=(16, 16),
    )
    pixels, _, notes = whole(tmp_path / "a.tif")
    if colours == "rgb":
        np.testing.assert_array_equal(pixels, read_image(tmp_path / "a.tif").pixels)
    elif opacity == "assocalpha":
        np.testing.assert_allclose(
            pixels, 255.0 * stored[..., 0] / np.fmax(1, stored[..., 1]), atol=1
        )
    else:
        np.testing.assert_array_equal(pixels, stored[..., 0])
    assert ("stated meaning" if opacity == "unspecified" else "opacity") in notes[0]


def test_complex_numbers_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 9), np.complex64))
    with pytest.raises(UnreadableImage, match="complex64"):
        open_large(tmp_path / "a.tif")


def test_a_colour_beyond_the_palette_is_damage(tmp_path):
    picture = Pillow.fromarray(np.full((20, 20), 3, np.uint8)).convert("P")
    picture.save(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages[0].tags["ColorMap"].overwrite([7] * 6)
    with open_large(tmp_path / "a.tif") as large, pytest.raises(UnreadableImage, match="damaged"):
        large.region(0, 0, 20, 20)
    pixels, _, _ = whole(tmp_path / "a.tif", damaged="blank")
    assert not pixels.any()
