"""Pictures reduced by averages of areas, in any type, with and without opacity."""

import numpy as np
import pytest

from heatlens.image import Image
from heatlens.images.files import opened
from heatlens.images.read import DEFAULT_MAX_PIXELS, read_file, read_image
from heatlens.images.reduced import reduced
from heatlens.images.selection import Selection


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(12, 8), (12, 8, 1), (12, 8, 2), (12, 8, 3)])
def test_means_of_blocks(dtype, shape):
    values = np.random.default_rng(0).integers(0, 256, shape).astype(dtype)
    axes = "YXC" if len(shape) == 3 else "YX"
    small = reduced(Image(values, axes), 3)
    means = values.reshape(3, 4, 2, 4, -1).mean((1, 3)).reshape(3, 2, *shape[2:])
    assert small.pixels.dtype == dtype
    assert small.axes == axes
    assert np.abs(small.pixels - means).max() <= (
        1e-3 if dtype == np.float32 else 1
    )  # Pillow rounds rows, then columns


def test_transparent_pixels_lend_nothing():
    alpha = np.array([[1.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]])
    values = np.array([[100, 7, 9, 9], [40, 7, 9, 9]], np.uint8)
    small = reduced(Image(values, "YX", alpha=alpha), 2)
    assert small.pixels[0, 0] == 80  # (100 + 40 / 2) / 1.5
    assert small.alpha.tolist() == [[0.375, 0.0]]


def test_small_pictures_and_volumes_stay(tmp_path):
    for image in (Image(np.zeros((4, 3), np.uint8), "YX"), Image(np.zeros((9, 9, 9)), "ZYX")):
        assert reduced(image, 4) is image
    wide = Image(np.zeros((1, 90), np.uint8), "YX", spacing=(2.0, 2.0))
    assert reduced(wide, 30).size == (1, 30)
    assert reduced(wide, 30).spacing == (2.0, 6.0)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_is_decoded_at_no_more_than_is_needed(tmp_path, mode):
    from PIL import Image as Pillow

    y, x = np.mgrid[:800, :600]
    ramp = Pillow.fromarray((y / 4 + x / 12).astype(np.uint8)).convert(mode)
    ramp.save(tmp_path / "ramp.jpg", quality=95)
    whole = read_image(tmp_path / "ramp.jpg")
    for least, size in ((100, (100, 75)), (101, (200, 150)), (700, (800, 600))):
        with opened(tmp_path / "ramp.jpg") as file:
            part = read_file(file, Selection(), DEFAULT_MAX_PIXELS, least)
        assert part.size == size
        assert np.abs(part.pixels - reduced(whole, max(size)).pixels.astype(float)).max() < 3
