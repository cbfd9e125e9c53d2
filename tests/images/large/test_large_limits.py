"""Arguments of other types, bands too large for memory, and values far from zero."""

import numpy as np
import pytest

from heatlens.errors import ImageTooLarge, InvalidArgument, InvalidType, UnreadableImage
from heatlens.image import Image
from heatlens.images.area import reduced
from heatlens.images.large import LargeImage, open_large, streaming
from heatlens.images.large.kinds.array import ArraySource
from heatlens.images.read import read_image


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"value_range": 5}, InvalidType),
        ({"value_range": "ab"}, InvalidType),
        ({"value_range": (1, 2, 3)}, InvalidType),
        ({"value_range": (0, np.inf)}, InvalidArgument),
        ({"value_range": (np.nan, 1)}, InvalidArgument),
        ({"value_range": (1, 1)}, InvalidArgument),
        ({"kind": 3}, InvalidType),
        ({"name": 3}, InvalidType),
        ({"damaged": None}, InvalidArgument),
        ({"damaged": True}, InvalidType),
    ],
    ids=str,
)
def test_arguments_of_other_types(options, error):
    with pytest.raises(error):
        open_large(np.zeros((9, 9), np.uint8), **options)


def test_bands_and_levels_of_other_types():
    with open_large(np.zeros((9, 9), np.uint8)) as large:
        with pytest.raises(InvalidArgument, match="at least one row"):
            large.rows(0)  # at once, not when the first band is asked for
        for block in (2.5, "all", True):
            with pytest.raises(InvalidType, match="rows"):
                large.rows(block)
        with pytest.raises(InvalidType, match="level"):
            large.region(0, 0, 1, 1, level=0.0)
        with pytest.raises(InvalidArgument, match="there are 1"):
            large.image(1)
    with pytest.raises(InvalidArgument, match="closed"):
        large.rows()


@pytest.mark.parametrize("block", [None, 1, 50])
def test_bands_have_a_limit_in_bytes(monkeypatch, block):
    pixels = np.random.default_rng(0).integers(0, 255, (90, 70, 3), np.uint8)
    source = ArraySource(pixels)
    source.tile = (64, 16)
    monkeypatch.setattr(streaming, "_LARGEST_BAND", 70 * 3 * 10)
    with LargeImage(source) as large:
        bands = list(large.rows(block))
    assert max(len(band) for _, band in bands) == 10
    np.testing.assert_array_equal(np.concatenate([band for _, band in bands]), pixels)


def test_too_little_memory_is_told_in_words():
    source = ArraySource(np.zeros((5, 5), np.uint8))

    def greedy(*_):
        raise MemoryError

    source.region = greedy
    with LargeImage(source) as large:
        with pytest.raises(ImageTooLarge, match="do not fit in memory"):
            large.region(0, 0, 5, 5)
        with pytest.raises(ImageTooLarge, match="does not fit in memory"):
            list(large.rows())


@pytest.mark.parametrize(
    ("dtype", "offset"), [("float64", 1e6), ("int32", 1e9), ("float32", 1e6), ("uint32", 3e9)]
)
def test_values_far_from_zero_keep_their_steps(dtype, offset):
    steps = np.random.default_rng(1).integers(0, 256, (60, 81))
    steps[0, :2] = 0, 255
    near = steps / 50 if dtype == "float64" else steps.astype(float)
    with open_large((near + offset).astype(dtype)) as large:
        small, part = large.reduced(27), large.part(10, 20, 30, 40)
    expected = reduced(steps, (20, 27)) / 255
    np.testing.assert_allclose(small.pixels, expected, atol=1e-5)
    tolerance = 1e-6 if dtype != "float32" else 1e-3
    np.testing.assert_allclose(part.unit(), steps[10:40, 20:60] / 255, atol=tolerance)


def test_channels_of_arrays_are_those_of_read_image():
    photo = np.random.default_rng(2).integers(0, 255, (50, 60, 4), np.uint8)
    with open_large(photo) as large:
        np.testing.assert_array_equal(large.region(0, 0, 50, 60), read_image(photo).pixels)
        assert "opacity" in large.notes[0]
    with open_large(Image(photo)) as large:  # whose axes say that they are channels
        np.testing.assert_array_equal(large.region(0, 0, 50, 60), photo)
    with open_large(read_image(photo)) as large:
        assert (large.channels, large.notes) == (3, ("opacity is left out",))
    with open_large(np.zeros((50, 60, 5))) as large:
        assert large.channels == 5
    for shape in ((3, 50, 60), (1, 50, 70), (4, 30, 5)):
        with pytest.raises(InvalidArgument, match="channels come last"):
            open_large(np.zeros(shape))
    with pytest.raises(InvalidArgument, match="one slice of a volume"):
        open_large(np.zeros((80, 90, 100)))
    with pytest.raises(UnreadableImage, match="masked"):
        open_large(np.ma.masked_less(np.arange(9.0).reshape(3, 3), 2))
