"""Pages of a TIFF: copies, orientation, spacing, strips and what is cut off."""

import numpy as np
import pytest

from heatlens.errors import UnreadableImage
from heatlens.images.large import open_large, write_pyramid
from heatlens.images.large.kinds import tiff
from heatlens.images.read import read_image

tifffile = pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 255, (333, 517, 3), np.uint8)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("layout", ["tiles", "raw", "strips"])
def test_orientation_is_that_of_read_image(tmp_path, photo, turn, layout):
    options = {
        "tiles": {"tile": (64, 80), "compression": "deflate"},
        "raw": {"rowsperstrip": 10},
        "strips": {"rowsperstrip": 10, "compression": "deflate"},
    }[layout]
    tag = (274, "H", 1, turn, True)
    tifffile.imwrite(
        tmp_path / "a.tif",
        photo,
        photometric="rgb",
        extratags=[tag],
        resolution=(1000, 2000),
        resolutionunit="CENTIMETER",
        **options,
    )
    expected = read_image(tmp_path / "a.tif").pixels
    with open_large(tmp_path / "a.tif") as large:
        assert large.size == expected.shape[:2]
        assert large.spacing == pytest.approx((0.005, 0.01) if turn < 5 else (0.01, 0.005))
        np.testing.assert_array_equal(large.region(0, 0, *large.size), expected)
        np.testing.assert_array_equal(large.region(70, 31, 99, 80), expected[70:169, 31:111])
        bands = [band for _, band in large.rows(64)]
        np.testing.assert_array_equal(np.concatenate(bands), expected)


def test_copies_in_any_order_and_other_pages(tmp_path, photo):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for step, kind in ((1, 0), (4, 1), (2, 1), (3, 0)):  # the last says nothing of itself
            pixels = photo[::step, ::step]
            writer.write(pixels, tile=(64, 64), photometric="rgb", subfiletype=kind)
        writer.write(photo[::8, ::2], photometric="rgb", subfiletype=1)  # half as wide only
    with open_large(tmp_path / "a.tif") as large:
        assert large.levels == ((333, 517), (167, 259), (84, 130))
        np.testing.assert_array_equal(large.region(0, 0, 84, 130, 2), photo[::4, ::4])
        assert "2 other pages" in large.notes[0]


def test_slides_of_aperio(tmp_path, photo):
    about = "Aperio Image Library v1\r\n517x333 [0,0 517x333]|AppMag = 20|MPP = 0.4990"
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        options = {"photometric": "rgb", "metadata": None}
        writer.write(photo, tile=(64, 64), description=about, **options)
        writer.write(photo[::3, ::3], **options)  # a thumbnail, in strips
        writer.write(photo[::2, ::2], tile=(64, 64), **options)
        writer.write(photo[::4, ::4], subfiletype=1, **{**options, "photometric": "rgb"})
    with open_large(tmp_path / "a.tif", kind="tiff") as large:
        assert large.levels == ((333, 517), (167, 259), (84, 130))
        assert large.spacing == pytest.approx((0.499e-3, 0.499e-3))


@pytest.mark.parametrize("size", [(3000, 5), (1, 2000), (1025, 100)])
def test_copies_of_thin_pictures(tmp_path, size):
    path = write_pyramid(tmp_path / "a.tif", [np.zeros(size, np.uint8)], size, np.uint8, tile=64)
    with tifffile.TiffFile(path) as file, open_large(path) as large:
        copies = [(page.imagelength, page.imagewidth) for page in file.pages[0].pages]
        assert large.levels == (size, *copies)
        assert max(large.levels[-1]) <= 64
        assert large.notes == ()


def test_spacing_in_the_words_of_other_programs(tmp_path, photo):
    grey = photo[..., 0]
    tifffile.imwrite(
        tmp_path / "imagej.tif",
        grey,
        imagej=True,
        metadata={"unit": "um"},
        resolution=(2, 4),
    )
    sizes = {"PhysicalSizeX": 300, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "a.ome.tif", grey, metadata={"axes": "YX", **sizes})
    tifffile.imwrite(tmp_path / "none.ome.tif", grey, metadata={"axes": "YX"})
    tifffile.imwrite(tmp_path / "pixel.tif", grey, imagej=True, resolution=(2, 4))
    expected = {
        "imagej.tif": (0.25e-3, 0.5e-3),
        "a.ome.tif": (0.5e-3, 0.3e-3),
        "none.ome.tif": None,
        "pixel.tif": None,
    }
    for name, spacing in expected.items():
        with open_large(tmp_path / name) as large:
            assert large.spacing == (None if spacing is None else pytest.approx(spacing)), name


def test_neighbouring_regions_decode_each_strip_once(tmp_path, photo, monkeypatch):
    wide = np.tile(photo, (1, 8, 1))
    tifffile.imwrite(
        tmp_path / "a.tif", wide, photometric="rgb", rowsperstrip=8, compression="deflate"
    )
    monkeypatch.setattr(tiff, "_KEPT", 1 << 16)  # far less than a row of regions has
    decoded = []
    with open_large(tmp_path / "a.tif") as large:
        piece = large.source._pieces.piece
        monkeypatch.setattr(
            large.source._pieces,
            "piece",
            lambda page, number: decoded.append(number) or piece(page, number),
        )
        for left in range(0, wide.shape[1] - 128, 128):
            part = large.region(0, left, 300, 128)
            np.testing.assert_array_equal(part, wide[:300, left : left + 128])
    assert sorted(decoded) == list(range(38))


def test_strips_too_wide_to_be_kept_are_noted(tmp_path, photo, monkeypatch):
    monkeypatch.setattr(tiff, "_KEPT_AT_MOST", 1 << 16)
    tifffile.imwrite(tmp_path / "a.tif", photo, photometric="rgb", compression="deflate")
    with open_large(tmp_path / "a.tif") as large:
        assert "tiles are faster" in large.notes[0]
        np.testing.assert_array_equal(large.region(5, 5, 300, 300), photo[5:305, 5:305])


@pytest.mark.parametrize("tag", ["TileWidth", "TileLength", "ImageWidth", "BitsPerSample"])
def test_sizes_of_zero_are_damage(tmp_path, photo, tag):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, photo[..., 0], tile=(64, 64))
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[0].tags[tag].overwrite(0)
    with pytest.raises(UnreadableImage):
        open_large(path)


def test_rows_that_are_cut_off(tmp_path, photo):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, photo, photometric="rgb", rowsperstrip=8)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 100 * 517 * 3 - 1])  # a hundred rows and a byte
    with open_large(path) as large:
        np.testing.assert_array_equal(large.region(0, 0, 232, 517), photo[:232])
        with pytest.raises(UnreadableImage, match="row 232 of level 0 and all after"):
            large.region(200, 0, 100, 10)
    with open_large(path, damaged="blank") as large:
        pixels = np.concatenate([band for _, band in large.rows()])
        np.testing.assert_array_equal(pixels[:232], photo[:232])
        assert not pixels[233:].any()
        assert large.notes == (
            "the file is cut off: row 232 of level 0 and all after it are missing: left black",
        )
