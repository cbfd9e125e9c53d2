import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.render.colour import Scale, colourise
from heatlens.render.overlay import overlay


def grey(level=100, size=(1, 5)):
    return Image(np.full((*size, 3), level, np.uint8), "YXC")


def test_strength_follows_the_evidence(heat):
    values = np.linspace(0, 8, 101)[None]
    scale = Scale(0, 8, "gray")
    shown = overlay(heat(values), grey(0, (1, 101)), scale=scale, alpha=1.0)[0, :, 0]
    colour = colourise(values, "gray", 0, 8)[0, :, 0]
    np.testing.assert_allclose(shown, values[0] / 8 * colour, atol=0.51)


def test_formula_on_a_photograph(heat, photo):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 60)).astype(np.float32)
    shown = overlay(heat(values), photo, alpha=0.6, colour_map="magma")
    positive = np.maximum(values, 0) / values.max()
    opacity = 0.6 * positive[..., None]
    expected = (1 - opacity) * photo.pixels + opacity * colourise(positive, "magma")
    np.testing.assert_allclose(shown, expected, atol=0.51)
    np.testing.assert_array_equal(shown[values <= 0], photo.pixels[values <= 0])


def test_a_common_scale_shows_the_weaker_map_weaker(heat):
    strong, weak = heat([[0, 4.0]]), heat([[0, 1.0]])
    scale = Scale(0, 4)
    change = [
        np.abs(overlay(one, grey(128, (1, 2)), scale=scale).astype(int) - 128).sum()
        for one in (strong, weak)
    ]
    assert change[0] > 3 * change[1] > 0
    alone = overlay(weak, grey(128, (1, 2)))
    np.testing.assert_array_equal(alone, overlay(strong, grey(128, (1, 2)), scale=scale))


def test_no_evidence_leaves_the_picture(heat, photo):
    for sign in ("positive", "negative", "auto"):
        shown = overlay(heat(np.zeros((40, 60))), photo, sign=sign)
        np.testing.assert_array_equal(shown, photo.pixels)


def test_threshold_cuts(heat):
    shown = overlay(heat([[0, 1, 2, 3, 4]]), grey(), threshold=0.6)
    changed = (shown[0] != 100).any(axis=-1)
    np.testing.assert_array_equal(changed, [False, False, False, True, True])


def test_signed_shows_both_sides(heat):
    shown = overlay(heat([[-1, -0.5, 0, 0.5, 1]]), grey(), sign="signed")[0].astype(int)
    assert shown[0, 2] > shown[0, 0]
    assert shown[4, 0] > shown[4, 2]
    np.testing.assert_array_equal(shown[2], [100, 100, 100])


def test_desaturate(heat):
    image = Image(np.array([[[200, 50, 50]]], np.uint8), "YXC")
    (pixel,) = overlay(heat([[0.0]]), image, desaturate=1.0)[0]
    assert np.ptp(pixel) == 0
    assert abs(int(pixel[0]) - round(0.299 * 200 + 0.701 * 50)) <= 1


def test_invalid_pixels_are_grey_and_hatched(heat, photo):
    valid = np.ones((40, 60), bool)
    valid[:, 40:] = False
    values = np.full((40, 60), 1.0)
    shown = overlay(heat(values, valid=valid), photo)
    hidden = shown[:, 40:]
    assert (np.ptp(hidden, axis=-1) == 0).all()
    plain = overlay(heat(values), photo)
    np.testing.assert_array_equal(shown[:, :40], plain[:, :40])
    even = overlay(heat(values, valid=valid), Image(np.full((40, 60), 128, np.uint8), "YX"))
    assert len(np.unique(even[:, 40:])) >= 2, "lines are drawn"


@pytest.mark.parametrize("given", [{"alpha": 1.5}, {"threshold": -1}, {"desaturate": 2}])
def test_bad_numbers(heat, given):
    with pytest.raises(InvalidArgument, match=next(iter(given))):
        overlay(heat([[0, 1, 2, 3, 4]]), grey(), **given)


def test_sizes_must_match(heat):
    with pytest.raises(InvalidArgument, match="resized"):
        overlay(heat([[1, 2]]), grey())
