import cv2
import numpy as np
import pytest
import skimage.data
from scipy import ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels import picture_difference
from heatlens.pixels.alignment.contrast import local_contrast
from heatlens.pixels.alignment.laid_on import laid_on
from heatlens.pixels.alignment.translation import translation

ROWS, COLUMNS = np.mgrid[:200, :280]
VIGNETTE = 1 - 0.4 * (((ROWS - 100) / 100) ** 2 + ((COLUMNS - 140) / 140) ** 2)
COFFEE, ROCKET = (getattr(skimage.data, name)().mean(axis=2) / 255 for name in ("coffee", "rocket"))
SIDE, MIDDLE = 200, 99.5


def image(unit):
    return Image(np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8), "YX")


def lit(scene):
    """A scene of little contrast under a light that is fixed to the camera."""
    return image(VIGNETTE * (0.55 + 0.3 * scene))


FIRST = lit(COFFEE[60:260, 100:380])


def off(found, expected, points):
    """Largest distance in pixels between where two maps lead."""
    places = np.column_stack([points, np.ones(len(points))]).T
    a, b = (np.asarray(matrix) @ places for matrix in (found, expected))
    return np.abs(a[:2] / a[2] - b[:2] / b[2]).max()


@pytest.mark.parametrize("way", ["translation", "affine", "homography"])
def test_a_shared_light_is_no_likeness(way):
    other = lit(ROCKET[60:260, 100:380])
    assert np.corrcoef(FIRST.pixels.ravel(), other.pixels.ravel())[0, 1] > 0.9
    with pytest.raises(InvalidArgument, match="could not be aligned"):
        laid_on(FIRST, other, way)


@pytest.mark.parametrize("way", ["translation", "affine", "homography"])
def test_a_fixed_light_does_not_hold_the_scene(way):
    laid = laid_on(FIRST, lit(COFFEE[60:260, 125:405]), way)
    corners = [[40, 20], [260, 20], [260, 180], [40, 180]]
    expected = [[1, 0, -25], [0, 1, 0], [0, 0, 1]]
    assert off(laid.info["alignment"], expected, corners) < 1


@pytest.mark.parametrize(("scene", "noise"), [(COFFEE, 0.1), (ROCKET, 0.01)])
@pytest.mark.parametrize("way", ["translation", "affine", "homography"])
def test_noise_is_no_reason_to_refuse(scene, noise, way):
    generator = np.random.default_rng(0)
    first, second = (
        Image(
            (window + noise * generator.standard_normal((200, 280))).astype(np.float32),
            "YX",
            (0, 1),
        )
        for window in (scene[40:240, 60:340], scene[45:245, 70:350])
    )
    laid = laid_on(first, second, way)
    assert off(laid.info["alignment"], [[1, 0, -10], [0, 1, -5], [0, 0, 1]], [[140, 100]]) < 0.3


def blob(angle):
    """A blob that looks alike from all sides but for a faint texture, turned; and the map."""
    far = (np.mgrid[:SIDE, :SIDE] - MIDDLE) ** 2
    texture = np.random.default_rng(0).standard_normal((SIDE, SIDE))
    texture = ndimage.gaussian_filter(texture, 12)
    unit = 0.8 * np.exp(-far.sum(axis=0) / (2 * 45**2)) + 0.01 * texture / texture.std() + 0.1
    turn = np.vstack([cv2.getRotationMatrix2D((MIDDLE, MIDDLE), angle, 1), [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = cv2.warpPerspective(unit, turn, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    return image(unit), image(turned), np.linalg.inv(turn)


@pytest.mark.parametrize("angle", [20, 45, 90, 100])
@pytest.mark.parametrize("way", ["affine", "homography"])
def test_without_corners_every_turn_is_tried(way, angle):
    first, second, expected = blob(angle)
    heat = picture_difference(first, second, way)
    info = heat.provenance.info
    assert info["matches"] == 0
    assert off(info["alignment"], expected, [[40, 40], [150, 60], [90, 160]]) < 1
    assert heat.provenance.notes[0] == "too few corners matched; aligned by the grey levels alone"


def test_nothing_found_is_an_error():
    first, _, _ = blob(0)
    ramp = np.tile(np.linspace(0, 1, SIDE), (SIDE, 1))
    with pytest.raises(InvalidArgument, match="could not be aligned"):
        laid_on(first, image(ramp), "affine")


@pytest.mark.parametrize("shift", [(3.3, -5.7), (20.4, -30.1)])
@pytest.mark.parametrize(("blur", "noise", "near"), [(0, 0, 0.02), (0, 0.05, 0.1), (8, 0, 0.03), (8, 0.01, 0.05)])  # fmt: skip
def test_a_shift_is_unbiased(shift, blur, noise, near):
    scene = ndimage.gaussian_filter(COFFEE, blur)
    spectrum = ndimage.fourier_shift(np.fft.fft2(scene), np.negative(shift))
    window = (slice(60, 260), slice(100, 380))
    generator = np.random.default_rng(0)
    a, b = (
        (view[window] + noise * generator.standard_normal((200, 280))).astype(np.float32)
        for view in (scene, np.fft.ifft2(spectrum).real)
    )
    matrix = translation(a, b).matrix
    np.testing.assert_allclose(matrix[[1, 0], 2], np.negative(shift), atol=near)


def test_the_matrix_is_not_rounded():
    from heatlens.pixels.alignment.matched import homography
    from heatlens.pixels.planes import grey

    large = cv2.resize(skimage.data.coffee(), (900, 600), interpolation=cv2.INTER_CUBIC)
    lean = np.array([[1.01, 0.01, -20], [-0.01, 1.0, 10], [3.3e-6, -2.4e-6, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    first, second = Image(large), Image(cv2.warpPerspective(large, lean, (900, 600), flags=flags))
    found = homography(grey(first), grey(second)).matrix
    np.testing.assert_array_equal(laid_on(first, second, "homography").info["alignment"], found)
    assert off(found, np.linalg.inv(lean), [[20, 20], [880, 20], [880, 580], [20, 580]]) < 0.3


def test_thin_pictures_are_aligned_or_refused():
    strip = np.ascontiguousarray(COFFEE[100:118])
    laid = laid_on(image(strip[:, :500]), image(strip[:, 30:530]), "translation")
    assert off(laid.info["alignment"], [[1, 0, -30], [0, 1, 0], [0, 0, 1]], [[0, 0]]) < 0.1
    with pytest.raises(InvalidArgument, match="could not be aligned"):
        laid_on(image(strip), image(1 - np.roll(strip[::-1], 200, axis=1)), "affine")


def test_local_contrast_forgets_light_and_what_is_not_seen():
    scene = COFFEE[60:260, 100:380].astype(np.float32)
    plain, shaded = local_contrast(scene), local_contrast((scene * VIGNETTE).astype(np.float32))
    assert np.corrcoef(plain[20:-20, 20:-20].ravel(), shaded[20:-20, 20:-20].ravel())[0, 1] > 0.97
    seen = np.ones(scene.shape, bool)
    seen[:, 200:] = False
    hidden = scene.copy()
    hidden[:, 200:] = 9
    np.testing.assert_allclose(
        local_contrast(hidden, seen)[:, :170], local_contrast(scene, seen)[:, :170], atol=1e-4
    )
    assert not local_contrast(np.full((20, 20), 0.4, np.float32)).any()


@pytest.mark.parametrize("share", [0.8, 0.9])
def test_exposure_of_a_mostly_flat_picture(share):
    photograph = skimage.data.astronaut()[::4, ::4]
    side = round(128 / np.sqrt(1 - share))
    frame = np.zeros((side, side, 3), np.uint8)
    frame[20:148, 20:148] = photograph[: side - 20, : side - 20]
    dark = (frame * 0.6).astype(np.uint8)
    heat = picture_difference(frame, dark, exposure=True)
    np.testing.assert_allclose(heat.provenance.info["exposure"]["gain"], 1 / 0.6, rtol=0.05)
    assert heat.values.mean() < 0.1 * picture_difference(frame, dark).values.mean()
    assert "was told from percentiles" in heat.provenance.notes[0]


def test_exposure_of_a_flat_picture_is_left_and_said():
    heat = picture_difference(np.full((9, 9), 50, np.uint8), np.full((9, 9), 80, np.uint8), exposure=True)  # fmt: skip
    assert heat.provenance.notes[0] == "the exposure of channel 1 was left as it is: the picture is flat"  # fmt: skip
    assert heat.values.min() > 0
