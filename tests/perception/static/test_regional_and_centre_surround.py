"""What holds for Itti-Koch, GBVS, AIM, boolean maps, minimum barrier and context-aware alike."""

from __future__ import annotations

import numpy as np
import pytest

from heatlens.image import Image
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY

NAMES = ["aim", "boolean-map", "context-aware", "gbvs", "itti-koch", "minimum-barrier"]
SIZES = [(1, 1), (1, 7), (2, 2), (5, 3), (16, 16), (33, 17)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_size_works(name, size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    look = SALIENCY[name](Image(pixels))
    assert look.ndim == 2
    assert look.dtype == np.float32
    assert np.isfinite(look).all()
    assert look.min() >= 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [(0, 0, 0), (255, 255, 255), (200, 30, 90)], ids=str)
def test_one_colour_is_nowhere_salient(name, value):
    assert not SALIENCY[name](Image(np.full((40, 50, 3), value, np.uint8))).any()


@pytest.mark.parametrize("name", NAMES)
def test_grey_is_grey_however_it_is_stored(name):
    grey = np.random.default_rng(1).integers(0, 256, (48, 60), np.uint8)
    expected = SALIENCY[name](Image(grey, "YX"))
    for other in (
        Image(np.repeat(grey[..., None], 3, 2)),
        Image(grey.astype(np.uint16) * 257, "YX", (0, 65535)),
        Image(grey.astype(np.float32) / 255, "YX", (0, 1)),
    ):
        np.testing.assert_allclose(
            SALIENCY[name](other), expected, atol=2e-3 * max(float(expected.max()), 1e-9)
        )


@pytest.mark.parametrize("name", NAMES)
def test_an_item_on_plain_ground_is_the_peak(name):
    scene = np.full((96, 128, 3), (80, 90, 100), np.uint8)
    scene[30:42, 76:90] = (220, 60, 40)
    look = enlarged(SALIENCY[name](Image(scene)), (96, 128))
    row, column = np.unravel_index(look.argmax(), look.shape)
    assert 26 <= row < 46
    assert 72 <= column < 94


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("turn", ["left-right", "up-down"])
def test_a_mirrored_picture_has_the_mirrored_map(name, turn):
    axis = 1 if turn == "left-right" else 0
    scene = np.full((96, 128, 3), (80, 90, 100), np.uint8)
    scene[30:42, 76:90] = (220, 60, 40)
    scene[60:64, 20:50] = (30, 140, 60)
    straight = SALIENCY[name](Image(scene))
    mirrored = np.flip(SALIENCY[name](Image(np.flip(scene, axis))), axis)
    # Learned filters (AIM) and patches of whole pixels (context-aware) come near it, no more.
    assert np.corrcoef(straight.ravel(), mirrored.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_left_alone_and_the_map_comes_again(name):
    photo = Image(np.random.default_rng(2).integers(0, 256, (60, 40, 3), np.uint8))
    before = photo.pixels.copy()
    first, second = (SALIENCY[name](photo) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(photo.pixels, before)
