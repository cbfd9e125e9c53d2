"""Fine-grained saliency against sums written out, and OpenCV's against OpenCV."""

from __future__ import annotations

import numpy as np
import pytest

from heatlens.errors import UnknownName
from heatlens.image import Image
from heatlens.perception.channels import grey
from heatlens.perception.static.fine_grained import fine_grained
from heatlens.perception.static.fine_grained_opencv import opencv_map


def picture(pixels):
    return Image(pixels, "YX" if pixels.ndim == 2 else "YXC")


def by_definition(g):
    """Each pixel against the mean of the others in the box, box by box."""
    total = np.zeros(g.shape)
    for y, x in np.ndindex(g.shape):
        for n in (12, 24, 28, 48, 56, 112):
            box = g[max(y - n, 0) : y + n + 1, max(x - n, 0) : x + n + 1]
            if box.size > 1:
                total[y, x] += abs(g[y, x] - (box.sum() - g[y, x]) / (box.size - 1))
    return total


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (9, 4), (31, 40)])
def test_equals_the_definition(size):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    expected = by_definition(grey(Image(pixels)).astype(float))
    np.testing.assert_allclose(fine_grained(Image(pixels)), expected, rtol=1e-5, atol=1e-6)


def test_threads_change_nothing():
    """More pixels than one thread takes."""
    pixels = np.random.default_rng(2).integers(0, 256, (300, 500), dtype=np.uint8)
    whole = fine_grained(picture(pixels))
    piece = fine_grained(picture(pixels[:, :250]))  # few enough for one thread
    np.testing.assert_allclose(whole[:, :138], piece[:, :138], atol=1e-6)  # 112 from the cut


def opencvs(pixels):
    """OpenCV's own map; it takes blue first."""
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "saliency"):
        pytest.skip("OpenCV without contrib")
    turned = np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels
    return cv2.saliency.StaticSaliencyFineGrained_create().computeSaliency(turned)[1]


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket", "camera"])
def test_the_opencv_variant_equals_opencv(name):
    pixels = getattr(pytest.importorskip("skimage.data"), name)()
    np.testing.assert_allclose(opencv_map(picture(pixels)), opencvs(pixels), atol=1e-6)


@pytest.mark.parametrize("size", [(1, 7), (2, 3), (37, 53), (90, 1), (240, 321)])
@pytest.mark.parametrize("channels", [0, 3])
def test_the_opencv_variant_equals_opencv_at_odd_sizes(size, channels):
    shape = (*size, channels) if channels else size
    pixels = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_allclose(opencv_map(picture(pixels)), opencvs(pixels), atol=1e-6)


@pytest.mark.parametrize("variant", ["paper", "opencv"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (150, 270)])
def test_nothing_stands_out_of_one_colour(variant, size):
    pixels = np.full(size, 77, np.uint8)
    assert not fine_grained(picture(pixels), variant=variant).any()
    tinted = np.tile(np.float32([0.1, 0.7, 0.3]), (*size, 1))
    assert not fine_grained(Image(tinted, value_range=(0.0, 1.0)), variant=variant).any()


def test_dark_and_bright_count_alike():
    pixels = np.random.default_rng(5).integers(0, 256, (40, 60), dtype=np.uint8)
    upside = fine_grained(picture(255 - pixels))
    np.testing.assert_allclose(fine_grained(picture(pixels)), upside, atol=1e-5)


def test_unknown_variants_are_told():
    with pytest.raises(UnknownName, match="did you mean 'paper'"):
        fine_grained(picture(np.eye(3, dtype=np.uint8)), variant="papers")
