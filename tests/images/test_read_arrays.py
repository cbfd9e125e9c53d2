import numpy as np
import pytest
import torch

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.load import load_model
from heatlens.models.prepare import prepared


@pytest.mark.parametrize(
    ("shape", "axes", "size", "channels"),
    [
        ((5, 7), "YX", (5, 7), 1),
        ((5, 7, 3), "YXC", (5, 7), 3),
        ((3, 5, 7), "YXC", (5, 7), 3),
        ((5, 7, 1), "YX", (5, 7), 1),
        ((1, 5, 7), "YX", (5, 7), 1),
        ((3, 7, 3), "YXC", (3, 7), 3),
    ],
)
def test_layout_of_numpy_arrays(shape, axes, size, channels):
    image = read_image(np.zeros(shape, np.uint8))
    assert (image.axes, image.size, image.channels) == (axes, size, channels)


def test_tensors_are_channels_first():
    values = torch.rand(3, 5, 3)
    image = read_image(values)
    assert image.size == (5, 3)
    assert np.array_equal(image.pixels, values.permute(1, 2, 0).numpy())
    assert image.value_range == (0, 1)
    assert read_image(torch.zeros(5, 7, 3)).size == (5, 7)
    assert read_image(torch.zeros(2, 2, dtype=torch.bfloat16)).pixels.dtype == np.float32
    assert read_image(torch.rand(3, 4, 4, requires_grad=True)).channels == 3


def test_axes_say_it_all():
    values = np.arange(2 * 5 * 7, dtype=np.uint16).reshape(2, 5, 7)
    assert read_image(values, axes="ZYX").axes == "ZYX"
    image = read_image(values, axes="CYX")
    assert image.axes == "YXC"
    assert np.array_equal(image.pixels, values.transpose(1, 2, 0))
    assert np.array_equal(read_image(values[0], axes="XY").pixels, values[0].T)
    film = np.zeros((4, 3, 5, 7), np.uint8)
    assert read_image(film, axes="TCYX").pixels.shape == (4, 5, 7, 3)
    assert read_image(np.zeros((5, 7, 4), np.uint8), axes="YXC").channels == 4
    assert read_image(np.zeros((5, 7, 9), np.uint8), axes="YXC").channels == 9


def test_four_channels_are_rgba():
    values = np.random.default_rng(0).integers(0, 255, (5, 7, 4), dtype=np.uint8)
    image = read_image(values)
    assert np.array_equal(image.pixels, values[..., :3])
    assert np.allclose(image.alpha, values[..., 3] / 255)
    assert "RGBA" in image.metadata["notes"][0]


@pytest.mark.parametrize(
    ("dtype", "values", "kept", "value_range"),
    [
        (np.uint8, [0, 9], np.uint8, (0, 255)),
        (np.uint16, [0, 9], np.uint16, (0, 65535)),
        (">u2", [0, 9], np.uint16, (0, 65535)),
        (bool, [0, 1], np.uint8, (0, 1)),
        (np.float64, [0, 0.5], np.float32, (0, 1)),
        (np.float16, [-1, 2], np.float32, (-1, 2)),
        (np.int64, [0, 200], np.float32, (0, 255)),
        (np.float32, [3, 40], np.float32, (0, 255)),
        (np.float32, [3, 40.5], np.float32, (3, 40.5)),
        (np.float32, [-1, 40], np.float32, (-1, 40)),
        (np.int64, [0, 256], np.float32, (0, 256)),
        (np.int64, [0, 1], np.float32, (0, 1)),
        (np.int8, [-5, 5], np.float32, (-5, 5)),
        (np.uint32, [7, 70000], np.float32, (7, 70000)),
    ],
)
def test_types_and_ranges(dtype, values, kept, value_range):
    array = np.array([values, values]).astype(dtype)
    image = read_image(array)
    assert image.pixels.dtype == kept
    assert image.value_range == value_range
    assert np.array_equal(image.pixels, array)
    given = read_image(array, value_range=(-10, 10))
    assert given.value_range == (-10, 10)
    assert not given.metadata


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.int64, np.uint32])
def test_a_dark_picture_is_the_same_in_every_type(dtype):
    levels = np.random.default_rng(0).integers(3, 40, (6, 5, 4), dtype=np.uint8)
    image, other = read_image(levels), read_image(levels.astype(dtype))
    assert np.array_equal(other.rgb(), image.rgb())
    assert np.array_equal(other.unit(), image.unit())
    assert np.array_equal(other.alpha, image.alpha)
    assert "8-bit levels, value_range (0, 255)" in other.metadata["notes"][-1]


def test_what_was_decided_on_the_range_goes_with_the_batch():
    model = load_model("bundled:scene-cnn", weights=False)
    image = read_image(np.linspace(-3, 9, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3))
    said = image.metadata["notes"]
    ready = prepared(model, image.with_(metadata={"notes": (*said, *said)}))
    assert ready.notes[0] == "value_range is the data's own, -3 to 9; give value_range= for another"
    assert len(set(ready.notes)) == len(ready.notes)


def test_the_callers_array_is_copied():
    array = np.zeros((4, 4), np.float32)
    image = read_image(array)
    array[:] = 1
    assert not image.pixels.any()


def test_an_image_passes_through():
    image = Image(np.zeros((4, 4), np.uint8), "YX")
    assert read_image(image) is image
    assert read_image(image, name="x", value_range=(0, 9)).value_range == (0, 9)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.full((4, 4), np.nan), UnreadableImage, r"16 of 16 pixel values .*nan_to_num"),
        (np.array([[0, np.inf]]), UnreadableImage, "1 of 2 pixel values"),
        (np.array([[0, 1e300]]), UnreadableImage, "exceed float32"),
        (np.array([[None, 1]]), UnreadableImage, "object values"),
        (np.array([["a", "b"]]), UnreadableImage, "not numbers"),
        (np.zeros((2, 2), complex), UnreadableImage, "complex"),
        (np.zeros((0, 4), np.uint8), UnreadableImage, "size zero"),
        (np.zeros(4), UnreadableImage, r"2 to 4 dimensions, this array has shape \(4,\)"),
        (np.float32(3), UnreadableImage, "2 to 4 dimensions"),
        (np.zeros((1, 3, 8, 8)), InvalidArgument, "one picture at a time"),
        (np.zeros((10, 8, 9)), InvalidArgument, "axes='YXC'"),
        (np.ma.masked_less(np.arange(4.0).reshape(2, 2), 2), UnreadableImage, "masked"),
    ],
)
def test_what_is_no_picture(array, error, message):
    with pytest.raises(error, match=message) as caught:
        read_image(array)
    assert isinstance(caught.value, ValueError)


def test_wrong_arguments():
    grey = np.zeros((4, 4), np.uint8)
    with pytest.raises(InvalidArgument, match="in any order"):
        read_image(grey, axes="AB")
    with pytest.raises(InvalidArgument, match="name 3 dimensions"):
        read_image(grey, axes="YXC")
    with pytest.raises(InvalidArgument, match="`window` means nothing for an array"):
        read_image(grey, window=(0, 1))
    with pytest.raises(InvalidArgument, match="must rise"):
        read_image(grey, value_range=(1, 1))
    with pytest.raises(InvalidType, match=r"numpy\.asarray"):
        read_image([[1, 2], [3, 4]])
    with pytest.raises(InvalidType, match="does not take a int"):
        read_image(3)
