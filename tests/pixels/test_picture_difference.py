import cv2
import numpy as np
import pytest
import skimage.data

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.pixels import picture_difference
from heatlens.pixels.alignment.laid_on import laid_on

SCENE = skimage.data.coffee()[60:340, 100:500]
HEIGHT, WIDTH = 200, 280
OBJECT = (slice(90, 106), slice(150, 170))


def view(matrix, changed=False, gain=1.0):
    """The scene's window (200 x 280) seen through a map from its pixels to the scene's."""
    scene = SCENE.copy()
    if changed:
        scene[40 + OBJECT[0].start : 40 + OBJECT[0].stop, 60 + OBJECT[1].start : 60 + OBJECT[1].stop] = [20, 220, 240]  # fmt: skip
    to_scene = np.array([[1, 0, 60], [0, 1, 40], [0, 0, 1.0]]) @ matrix
    seen = cv2.warpPerspective(
        scene, to_scene, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return Image(np.clip(seen * gain, 0, 255).astype(np.uint8), name="view")


FIRST = view(np.eye(3))
SHIFT = np.array([[1, 0, 7.25], [0, 1, -4.5], [0, 0, 1]])
TURN = np.vstack([cv2.getRotationMatrix2D((140, 100), 6, 1.04), [0, 0, 1]])
PERSPECTIVE = TURN + np.array([[0, 0, 0], [0, 0, 0], [1.5e-4, -1e-4, 0]])
CASES = {
    "translation": ("translation", SHIFT),
    "affine": ("affine", TURN),
    "homography": ("homography", PERSPECTIVE),
    "homography for a shift": ("homography", SHIFT),
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_object_is_the_peak(name):
    align, matrix = CASES[name]
    heat = picture_difference(FIRST, view(matrix, changed=True), align, preprocess=("gaussian",))
    row, column = heat.peak
    assert OBJECT[0].start <= row < OBJECT[0].stop
    assert OBJECT[1].start <= column < OBJECT[1].stop
    inside = heat.values[OBJECT].mean()
    mask = heat.valid.copy()
    mask[80:116, 140:180] = False
    assert heat.values[mask].mean() < 0.12 * inside
    assert heat.provenance.info["correlation after"] > heat.provenance.info["correlation before"]


@pytest.mark.parametrize("name", list(CASES))
def test_the_map_is_found(name):
    align, matrix = CASES[name]
    found = np.array(laid_on(FIRST, view(matrix, changed=True), align).info["alignment"])
    corners = np.array([[20, 20, 1], [260, 20, 1], [260, 180, 1], [20, 180, 1.0]]).T
    # A point p of the first is shown by the second where the second's map leads to p.
    expected = np.linalg.inv(matrix) @ corners
    moved = found @ corners
    off = moved[:2] / moved[2] - expected[:2] / expected[2]
    assert np.abs(off).max() < 0.15


def test_what_the_second_does_not_show_is_not_valid():
    heat = picture_difference(FIRST, view(SHIFT), "translation")
    assert heat.valid is not None
    assert 0.9 < heat.valid.mean() < 1
    assert (heat.values[~heat.valid] == 0).all()
    assert "of the first" in heat.provenance.notes[-1]


def test_without_change_there_is_next_to_nothing():
    changed, same = (
        picture_difference(FIRST, view(TURN, changed=what), "affine", preprocess=("gaussian",))
        for what in (True, False)
    )
    assert same.values.max() < 0.4 * changed.values.max()


def test_exposure_is_no_change():
    dark = view(SHIFT, changed=True, gain=0.6)
    plain = picture_difference(FIRST, dark, "translation", preprocess=("gaussian",))
    matched = picture_difference(
        FIRST, dark, "translation", preprocess=("gaussian",), exposure=True
    )
    outside = matched.valid.copy()
    outside[80:116, 140:180] = False
    assert matched.values[outside].mean() < 0.35 * plain.values[outside].mean()
    assert matched.values[OBJECT].mean() > 8 * matched.values[outside].mean()
    assert np.allclose(matched.provenance.info["exposure"]["gain"], 1 / 0.6, rtol=0.1)


@pytest.mark.parametrize("measure", ["euclidean", "mahalanobis", "ssim"])
def test_measures_see_the_object(measure):
    second = view(SHIFT, changed=True)
    heat = picture_difference(FIRST, second, "translation", measure, preprocess=("gaussian",))
    assert heat.values[OBJECT].mean() > 4 * np.median(heat.values[heat.valid])


def test_pictures_of_different_size_are_aligned():
    second = view(np.eye(3), changed=True)
    cut = Image(np.ascontiguousarray(second.pixels[10:190, 30:]))
    heat = picture_difference(FIRST, cut, "translation")
    assert heat.size == FIRST.size
    assert not heat.valid[:, :29].any()
    row, column = heat.peak
    assert OBJECT[0].start <= row < OBJECT[0].stop
    assert OBJECT[1].start <= column < OBJECT[1].stop
    with pytest.raises(InvalidArgument, match="have to be aligned"):
        picture_difference(FIRST, cut)


@pytest.mark.parametrize("align", ["translation", "affine", "homography"])
def test_a_failed_alignment_never_passes_in_silence(align):
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    with pytest.raises(InvalidArgument, match="could not be aligned"):
        picture_difference(FIRST, noise, align)
    other = Image(np.ascontiguousarray(skimage.data.rocket()[:HEIGHT, :WIDTH]))
    with pytest.raises(InvalidArgument, match="could not be aligned"):
        picture_difference(FIRST, other, align)
    with pytest.raises(InvalidArgument, match="one colour"):
        picture_difference(FIRST, np.full((HEIGHT, WIDTH, 3), 9, np.uint8), align)


def test_unaligned_is_the_difference_where_pixels_are():
    heat = picture_difference(FIRST, view(np.eye(3), changed=True), features=("rgb",))
    assert heat.valid is None
    outside = heat.values.copy()
    outside[OBJECT] = 0
    assert outside.max() == 0
    assert heat.values[OBJECT].min() > 0
    with pytest.raises(UnknownName, match="did you mean 'translation'"):
        picture_difference(FIRST, FIRST, "translate")


def test_grey_against_colour_and_no_global_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    grey = Image(cv2.cvtColor(view(SHIFT, changed=True).pixels, cv2.COLOR_RGB2GRAY), "YX")
    heat = picture_difference(
        Image(cv2.cvtColor(FIRST.pixels, cv2.COLOR_RGB2GRAY), "YX"),
        grey,
        "translation",
        preprocess=[("gaussian", {"sigma": 3.0})],
    )
    row, column = heat.peak
    assert 85 <= row < 111
    assert 145 <= column < 175
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
