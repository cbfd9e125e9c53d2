"""Pyramids written as a stream, and heatmaps in them."""

import numpy as np
import pytest
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, MissingImage, UnknownName, UnreadableImage
from heatlens.heatmap import Heatmap
from heatlens.images.area import reduced
from heatlens.images.large import LargeHeatmap, open_large, write_pyramid
from heatlens.images.large.computed import ComputedSource
from heatlens.images.large.halving import halved, level_sizes
from heatlens.images.large.kinds.array import ArraySource
from heatlens.provenance import Provenance

tifffile = pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")


def bands(array, *heights):
    """The array in bands of these heights, again and again."""
    top, number = 0, 0
    while top < len(array):
        height = heights[number % len(heights)]
        yield array[top : top + height]
        top, number = top + height, number + 1


@pytest.mark.parametrize("compression", ["zstd", "deflate", "none"])
@pytest.mark.parametrize("dtype", ["float32", "uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_programs_read_every_level(tmp_path, compression, dtype, channels):
    shape = (333, 517, 3)[: 3 if channels == 3 else 2]
    pixels = (np.random.default_rng(0).random(shape) * 255).astype(dtype)
    path = write_pyramid(
        tmp_path / "a.tif",
        bands(pixels, 1, 200, 7),
        (333, 517),
        dtype,
        channels=channels,
        tile=128,
        compression=compression,
        spacing=(0.5, 0.25),
    )
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
        levels = file.series[0].levels
        assert [level.shape[:2] for level in levels] == [
            (333, 517),
            (167, 259),
            (84, 130),
            (42, 65),
        ]
        expected = pixels.reshape(333, 517, channels)
        for level in levels:
            np.testing.assert_array_equal(level.asarray(), expected.reshape(level.shape))
            expected = halved(expected)
        assert file.pages[0].resolution == pytest.approx((40, 20))
    with open_large(path) as large:
        assert large.spacing == pytest.approx((0.5, 0.25))
        np.testing.assert_array_equal(np.concatenate([b for _, b in large.rows()]), pixels)
    if channels == 1 or dtype == "uint8":
        np.testing.assert_array_equal(np.asarray(Pillow.open(path)), pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (129, 64), (128, 256)], ids=str)
def test_any_size(tmp_path, size):
    pixels = np.random.default_rng(1).random(size, np.float32)
    path = write_pyramid(tmp_path / "a.tif", [pixels], size, tile=64)
    with open_large(path) as large:
        assert list(large.levels) == level_sizes(size, 64)
        np.testing.assert_array_equal(large.region(0, 0, *size), pixels)


def test_halving_is_the_mean():
    pixels = np.random.default_rng(2).random((6, 8, 2))
    np.testing.assert_allclose(halved(pixels), reduced(pixels, (3, 4)), rtol=1e-6)
    odd = halved(np.arange(9.0).reshape(3, 3, 1))[..., 0]
    np.testing.assert_allclose(odd, [[2, 3.5], [6.5, 8]])
    assert halved(np.uint8([[[255], [255]], [[255], [254]]])).item() == 255


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    target, pixels = tmp_path / "a.tif", np.zeros((100, 50), np.float32)
    with pytest.raises(InvalidArgument, match="the bands have 100 rows in all, the picture 130"):
        write_pyramid(target, [pixels], (130, 50), tile=64)
    with pytest.raises(InvalidArgument, match="more than the picture's 90"):
        write_pyramid(target, [pixels], (90, 50), tile=64)
    with pytest.raises(InvalidArgument, match="more than the picture's 100"):
        write_pyramid(target, [pixels, pixels], (100, 50), tile=64)
    with pytest.raises(InvalidArgument, match="no part of a picture 60 wide"):
        write_pyramid(target, [pixels], (100, 60), tile=64)

    def interrupted():
        yield pixels[:70]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pyramid(target, interrupted(), (100, 50), tile=64)
    with pytest.raises(UnknownName, match="zstd"):
        write_pyramid(target, [pixels], (100, 50), compression="zst")
    with pytest.raises(InvalidArgument, match=r"\.tif"):
        write_pyramid(tmp_path / "a.png", [pixels], (100, 50))
    with pytest.raises(InvalidArgument, match="cannot be written"):
        write_pyramid(tmp_path / "no" / "a.tif", [pixels], (100, 50))
    with pytest.raises(InvalidArgument, match="float64"):
        write_pyramid(target, [pixels], (100, 50), "float64")
    with pytest.raises(InvalidArgument, match="multiple of 16"):
        write_pyramid(target, [pixels], (100, 50), tile=100)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def heat():
    values = np.random.default_rng(3).normal(size=(300, 420)).astype(np.float32)
    return LargeHeatmap(ArraySource(values), Provenance("made", image="x"), signed=True), values


def test_a_large_heatmap_in_a_file(tmp_path, heat):
    large, values = heat
    with large.save(tmp_path / "heat.tif") as saved:
        assert saved.provenance == large.provenance
        assert saved.signed
        np.testing.assert_array_equal(saved.region(10, 20, 30, 40), values[10:40, 20:60])
        assert saved.extent() == (values.min(), values.max()) == large.extent()
        small = saved.reduced(21)
        assert small.size == (15, 21)
        np.testing.assert_allclose(small.values, reduced(values, (15, 21)), atol=1e-6)
        assert "averaged from 300 x 420 pixels" in small.provenance.notes
        assert saved.part(0, 0, 5, 6).size == (5, 6)
    whole = Heatmap.load(tmp_path / "heat.tif")
    np.testing.assert_array_equal(whole.values, values)
    assert whole.provenance.method == "made"


def test_a_computed_heatmap_closes_what_it_reads():
    closed = []
    source = ComputedSource(
        (700, 600), lambda top, left, h, w: np.full((h, w), top), close=lambda: closed.append(1)
    )
    with LargeHeatmap(source, Provenance("by hand"), signed=False) as heat:
        assert heat.extent()[0] == 0
        assert heat.region(5, 0, 2, 2).tolist() == [[5, 5], [5, 5]]
    assert closed == [1]


def test_values_that_overflowed_are_refused(tmp_path):
    source = ArraySource(np.array([[1, np.inf]], np.float32))
    with pytest.raises(InvalidArgument, match="NaN or infinite"):
        LargeHeatmap(source, Provenance("x"), signed=False).save(tmp_path / "a.tif")


def test_files_that_are_no_heatmap(tmp_path):
    with pytest.raises(MissingImage, match="no heatmap at"):
        LargeHeatmap.load(tmp_path / "a.tif")
    path = write_pyramid(tmp_path / "a.tif", [np.zeros((9, 9), np.float32)], (9, 9))
    with pytest.raises(UnreadableImage, match="no heatmap that heatlens wrote"):
        LargeHeatmap.load(path)
