"""Large pictures of every kind: regions, bands, reductions and errors."""

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import (
    ImageTooLarge,
    InvalidArgument,
    InvalidType,
    MissingImage,
    UnknownName,
    UnreadableImage,
)
from heatlens.image import Image
from heatlens.images.large import LARGE_KINDS, open_large
from heatlens.perception.channels import seen

tifffile = pytest.importorskip("tifffile")
zarr = pytest.importorskip("zarr")
pytest.importorskip("imagecodecs")


@pytest.fixture(scope="module")
def photo():
    """A smooth picture with noise, of odd sizes, so that lossy copies stay near."""
    y, x = np.mgrid[0:333, 0:517]
    waves = [np.sin(y / 40 + k) + np.cos(x / 50 - k) for k in range(3)]
    return np.clip(128 + 50 * np.stack(waves, -1), 0, 255).astype(np.uint8)


def tiled(path, photo, **options):
    tifffile.imwrite(path, photo, tile=(64, 80), photometric="rgb", **options)


def stripped(path, photo, rows=10, **options):
    tifffile.imwrite(path, photo, rowsperstrip=rows, photometric="rgb", **options)


def ome_zarr(path, photo):
    group = zarr.open_group(str(path), mode="w")
    for level in range(2):
        small = np.moveaxis(photo[:: 2**level, :: 2**level], -1, 0)[None, :, None]
        group.create_array(str(level), data=small, chunks=(1, 1, 1, 100, 120))
    group.attrs["multiscales"] = [
        {
            "axes": [{"name": n, "unit": "micrometer"} for n in "tczyx"],
            "datasets": [
                {
                    "path": str(level),
                    "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, 0.5, 0.25]}],
                }
                for level in range(2)
            ],
        }
    ]


WRITERS = {
    "tiled-deflate.tif": lambda p, a: tiled(p, a, compression="deflate", predictor=True),
    "tiled-lzw.tif": lambda p, a: tiled(p, a, compression="lzw"),
    "tiled-plain-big-endian.tif": lambda p, a: tiled(p, a, byteorder=">", bigtiff=True),
    "tiled-planes.tif": lambda p, a: tifffile.imwrite(
        p, np.moveaxis(a, -1, 0), tile=(64, 64), planarconfig="separate", photometric="rgb"
    ),
    "strips-deflate.tif": lambda p, a: stripped(p, a, compression="deflate"),
    "strips-plain.tif": stripped,
    "one-strip.tif": lambda p, a: stripped(p, a, rows=len(a), compression="deflate"),
    "array.npy": np.save,
    "picture.png": lambda p, a: Pillow.fromarray(a).save(p),
    "array.zarr": lambda p, a: zarr.save_array(str(p), a),
    "ome.zarr": ome_zarr,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photo):
    folder = tmp_path_factory.mktemp("large")
    for name, write in WRITERS.items():
        write(folder / name, photo)
    return folder


@pytest.mark.parametrize("name", list(WRITERS))
def test_every_kind_gives_the_same_pixels(name, folder, photo):
    with open_large(folder / name) as large:
        assert large.size == (333, 517)
        assert (large.channels, large.dtype, large.value_range) == (3, np.uint8, (0.0, 255.0))
        assert large.name == name
        for top, left, height, width in [(0, 0, 333, 517), (60, 77, 9, 90), (332, 516, 1, 1)]:
            part = photo[top : top + height, left : left + width]
            np.testing.assert_array_equal(large.region(top, left, height, width), part)
        for block in (None, 100):
            bands = list(large.rows(block))
            assert [top for top, _ in bands] == list(
                np.cumsum([0, *map(len, dict(bands).values())])
            )[:-1]
            np.testing.assert_array_equal(np.concatenate([band for _, band in bands]), photo)


@pytest.mark.parametrize("longest", [1, 64, 500, 517, None])
def test_reduced_is_what_models_of_saliency_see(longest, folder, photo):
    with open_large(folder / "tiled-deflate.tif") as large:
        streamed = large.reduced(longest)
    whole = seen(Image(photo), longest)
    assert (streamed.axes, streamed.value_range) == ("YXC", (0.0, 1.0))
    np.testing.assert_allclose(streamed.pixels, whole.pixels, atol=1e-6)


def test_pyramids_by_subifds_and_by_pages(tmp_path, photo):
    halves = [photo, photo[::2, ::2], photo[::4, ::4]]
    for name, inside in (("sub.tif", True), ("pages.tif", False)):
        with tifffile.TiffWriter(tmp_path / name) as writer:
            for number, level in enumerate(halves):
                count = len(halves) - 1 if inside and number == 0 else 0
                options = {"subifds": count or None, "subfiletype": int(number > 0)}
                writer.write(level, tile=(64, 64), photometric="rgb", **options)
            writer.write(photo[:50, :200], photometric="rgb")  # a label, of other proportions
        with open_large(tmp_path / name) as large:
            assert large.levels == ((333, 517), (167, 259), (84, 130))
            np.testing.assert_array_equal(large.region(10, 20, 30, 40, 2), halves[2][10:40, 20:60])
            assert "1 other pages were left out" in large.notes[0]


def test_zarr_levels_axes_and_spacing(folder, photo):
    with open_large(folder / "ome.zarr") as large:
        assert large.levels == ((333, 517), (167, 259))
        assert large.spacing == pytest.approx((0.5e-3, 0.25e-3))
        np.testing.assert_array_equal(large.region(5, 6, 7, 8, 1), photo[::2, ::2][5:12, 6:14])


@pytest.mark.parametrize("compression", ["jpeg", "deflate"])
def test_slides_by_openslide(tmp_path, photo, compression):
    pytest.importorskip("openslide")
    tiled(tmp_path / "a.svs", photo, compression=compression)
    with open_large(tmp_path / "a.svs", kind="slide") as large:
        assert (large.size, large.channels, large.dtype) == ((333, 517), 3, np.uint8)
        part = large.region(100, 50, 120, 200)
    difference = np.abs(part.astype(int) - photo[100:220, 50:250])
    assert difference.mean() < (2 if compression == "jpeg" else 1e-9)


def test_jpeg_tiles(tmp_path, photo):
    tifffile.imwrite(
        tmp_path / "a.tif", photo, tile=(64, 64), photometric="ycbcr", compression="jpeg"
    )
    with open_large(tmp_path / "a.tif") as large:
        whole = large.region(0, 0, 333, 517)
    np.testing.assert_array_equal(whole, tifffile.imread(tmp_path / "a.tif"))


@pytest.mark.parametrize(
    ("pixels", "value_range"),
    [
        (np.arange(12, dtype=np.uint16).reshape(3, 4), (0.0, 65535.0)),
        (np.linspace(0, 0.5, 12, dtype=np.float32).reshape(3, 4), (0.0, 1.0)),
        (np.linspace(-3, 5, 12).reshape(3, 4), (-3.0, 5.0)),
        (np.arange(12, dtype=np.int32).reshape(3, 4), (0.0, 255.0)),
        (np.full((3, 4), 1000.0), (1000.0, 2000.0)),
        (np.array([[True, False]]), (0.0, 1.0)),
    ],
    ids=["uint16", "unit", "signed", "whole", "constant", "bool"],
)
def test_value_range_is_that_of_read_image(pixels, value_range):
    from heatlens.images.read import read_image

    with open_large(pixels) as large:
        assert large.value_range == value_range == read_image(pixels).value_range
        np.testing.assert_allclose(large.reduced(2).pixels, seen(read_image(pixels), 2).pixels)


def test_greys_palettes_opacity_and_inverted(tmp_path, photo):
    grey = photo[..., 0]
    tifffile.imwrite(tmp_path / "w.tif", grey, photometric="miniswhite", compression="deflate")
    with open_large(tmp_path / "w.tif") as large:
        assert large.axes == "YX"
        np.testing.assert_array_equal(large.region(0, 0, 333, 517), 255 - grey)
    Pillow.fromarray(grey).convert("P").save(tmp_path / "p.tif")
    with open_large(tmp_path / "p.tif") as large:
        assert large.channels == 3
        expected = np.asarray(Pillow.open(tmp_path / "p.tif").convert("RGB"))
        np.testing.assert_array_equal(large.region(0, 0, 333, 517), expected)
    rgba = np.concatenate([photo, grey[..., None]], -1)
    tifffile.imwrite(
        tmp_path / "a.tif", rgba, photometric="rgb", extrasamples=["unassalpha"], tile=(64, 64)
    )
    with open_large(tmp_path / "a.tif") as large:
        np.testing.assert_array_equal(large.region(0, 0, 333, 517), photo)
        assert "opacity" in large.notes[0]


def test_a_picture_s_orientation(tmp_path, photo):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.fromarray(photo).save(tmp_path / "a.jpg", exif=exif)
    with open_large(tmp_path / "a.jpg") as large:
        assert large.size == (517, 333) == large.region(0, 0, 517, 333).shape[:2]


def test_spacing_of_a_tiff(tmp_path, photo):
    tiled(tmp_path / "a.tif", photo, resolution=(1000, 2000), resolutionunit="CENTIMETER")
    with open_large(tmp_path / "a.tif") as large:
        assert large.spacing == pytest.approx((0.005, 0.01))


def test_a_damaged_tile_is_named_or_left_black(tmp_path, photo):
    path = tmp_path / "a.tif"
    tiled(path, photo, compression="deflate")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[8]  # the second row's second tile of seven
    data = bytearray(path.read_bytes())
    data[offset : offset + 40] = b"\xff" * 40
    path.write_bytes(data)
    with open_large(path) as large:
        np.testing.assert_array_equal(large.region(0, 0, 64, 80), photo[:64, :80])
        with pytest.raises(UnreadableImage, match=r"row 64, column 80 of level 0.*damaged='blank'"):
            large.region(60, 70, 30, 30)
        with pytest.raises(UnreadableImage, match="row 64, column 80"):
            list(large.rows())
    with open_large(path, damaged="blank") as large:
        whole = large.region(0, 0, 333, 517)
        assert not whole[64:128, 80:160].any()
        whole[64:128, 80:160] = photo[64:128, 80:160]
        np.testing.assert_array_equal(whole, photo)
        assert any("row 64, column 80" in note for note in large.reduced(10).metadata["notes"])


def test_a_file_that_ends_early(tmp_path, photo):
    stripped(tmp_path / "a.tif", photo)
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(data[: len(data) // 2])
    with (
        pytest.raises(UnreadableImage),
        open_large(tmp_path / "a.tif") as large,
    ):
        list(large.rows())


def test_regions_outside_are_refused(photo):
    with open_large(photo, name="it") as large:
        for region in [(0, 0, 334, 1), (-1, 0, 1, 1), (0, 517, 1, 1), (0, 0, 0, 1)]:
            with pytest.raises(
                InvalidArgument, match="no part of level 0 of it, which is 333 x 517"
            ):
                large.region(*region)
        with pytest.raises(InvalidArgument, match="there are 1, from 0"):
            large.region(0, 0, 1, 1, 1)
        with pytest.raises(InvalidType, match="whole numbers"):
            large.region(0.5, 0, 1, 1)
    with pytest.raises(InvalidArgument, match="it is closed"):
        large.region(0, 0, 1, 1)


def test_sources_that_are_no_picture(tmp_path, photo):
    with pytest.raises(MissingImage):
        open_large(tmp_path / "nothing.tif")
    with pytest.raises(UnreadableImage, match="without Zarr's metadata"):
        open_large(tmp_path)
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UnreadableImage, match="looks like text"):
        open_large(tmp_path / "a.txt")
    (tmp_path / "b.tif").write_bytes(b"II*\0nonsense")
    with pytest.raises(UnreadableImage):
        open_large(tmp_path / "b.tif")
    (tmp_path / "c.tif").write_bytes(b"")
    with pytest.raises(UnreadableImage, match="empty"):
        open_large(tmp_path / "c.tif")
    with pytest.raises(UnknownName, match="tiff"):
        open_large(tmp_path / "b.tif", kind="tif")
    with pytest.raises(InvalidType, match="not a int"):
        open_large(3)
    with pytest.raises(InvalidArgument, match="channels come last"):
        open_large(np.zeros((3, 80, 90)))
    with pytest.raises(UnreadableImage, match="shape"):
        open_large(np.zeros((0, 80)))
    with pytest.raises(InvalidArgument, match="error or blank"):
        open_large(photo, damaged="skip")
    tifffile.imwrite(tmp_path / "d.tif", np.zeros((9, 9, 3), np.uint8), photometric="cielab")
    with pytest.raises(UnreadableImage, match="CIELAB"):
        open_large(tmp_path / "d.tif")
    group = zarr.open_group(str(tmp_path / "g.zarr"), mode="w")
    group.create_array("inside", data=photo)
    with pytest.raises(UnreadableImage, match="inside"):
        open_large(tmp_path / "g.zarr")


def test_nan_is_refused_in_words():
    pixels = np.full((9, 9), np.nan, np.float32)
    with open_large(pixels) as large, pytest.raises(UnreadableImage, match="NaN"):
        large.reduced(3)
    with (
        open_large(pixels, value_range=(0, 1)) as large,
        pytest.raises(UnreadableImage, match="NaN"),
    ):
        large.reduced(3)


def test_the_limit_holds_for_what_would_be_in_memory(monkeypatch, photo):
    monkeypatch.setenv("HEATLENS_MAX_PIXELS", "1000")
    with open_large(photo) as large:
        assert large.reduced(30).size == (19, 30)
        with pytest.raises(ImageTooLarge, match="by the region"):
            large.image()
        with pytest.raises(ImageTooLarge):
            large.reduced(None)


def test_the_registry_says_what_there_is():
    assert list(LARGE_KINDS) == ["npy", "picture", "slide", "tiff", "zarr"]
    assert all(kind.summary for kind in LARGE_KINDS.values())


def test_progress_and_names(photo):
    told = []
    with open_large(Image(photo, name="waves"), name=None) as large:
        large.reduced(9, lambda done, total: told.append((done, total)))
        assert repr(large).startswith("LargeImage('waves', YXC 333 x 517")
    assert told[-1] == (333 * 517, 333 * 517)
