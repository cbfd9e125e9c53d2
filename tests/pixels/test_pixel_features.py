import numpy as np
import pytest
import skimage.color
import skimage.feature
import skimage.filters
import skimage.filters.rank
import skimage.morphology
from scipy import ndimage

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels import feature_stack
from tests.pixels.pictures_for_pixels import photograph

PICTURE = photograph()
LUMA = PICTURE.unit() @ np.array([0.299, 0.587, 0.114], np.float32)


def feature(name, picture=PICTURE, **parameters):
    return feature_stack(picture, [(name, parameters)]).values.squeeze()


def grey(values):
    return Image(np.asarray(values, np.float32), "YX", (0, 1))


def test_colour_is_scikit_images_cielab():
    expected = skimage.color.rgb2lab(PICTURE.pixels) / 100
    # scikit-image rounds the matrix and the white point to other digits.
    np.testing.assert_allclose(feature("colour"), expected, atol=2e-4)


def test_colour_is_the_rooms_own_cielab():
    from heatlens.render.cielab import from_srgb

    colours = np.random.default_rng(0).random((60, 50, 3)).astype(np.float32)
    found = feature("colour", Image(colours, value_range=(0, 1)))
    np.testing.assert_allclose(100 * found, from_srgb(colours), atol=1e-3)


def test_opponent_colours():
    red, green, blue, white = np.eye(3)[0], np.eye(3)[1], np.eye(3)[2], np.ones(3)
    picture = Image(np.array([[red, green, blue, white]], np.float32), value_range=(0, 1))
    assert feature("red-green", picture).tolist() == [1, -1, 0, 0]
    assert feature("blue-yellow", picture).tolist() == [-0.5, -0.5, 1, 0]
    np.testing.assert_allclose(feature("brightness", picture), [0.299, 0.587, 0.114, 1], atol=1e-6)


def test_gradient_of_a_step_is_the_gaussian():
    step = np.zeros((9, 61), np.float32)
    step[:, 30:] = 1
    found = feature("gradient", grey(step), sigma=2.0)[4]
    x = np.arange(61) - 29.5
    np.testing.assert_allclose(found, np.exp(-(x**2) / 8) / np.sqrt(8 * np.pi), atol=2e-3)


@pytest.mark.parametrize("sigma", [0.3, 0.4, 0.5, 1.0, 3.0])
def test_gradient_of_a_ramp_is_its_slope(sigma):
    rows, columns = np.mgrid[:61, :61]
    found = feature("gradient", grey((3 * rows + 4 * columns) / 1000), sigma=sigma)
    np.testing.assert_allclose(found[15:-15, 15:-15], 5e-3, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "parameters", "least", "most"),
    [
        ("gradient", {"sigma": 0.3}, 0, 0.71),
        ("gradient", {"sigma": 1.0}, 0, 0.4),
        ("edge-strength", {}, 0, 0.84),
        ("edge-strength", {"operator": "prewitt"}, 0, 0.84),
        ("edge-strength", {"operator": "sobel"}, 0, 0.84),
        ("corner-strength", {"sigma": 0.1}, 0, 0.16),
        ("corner-strength", {"method": "harris", "sigma": 0.1}, -0.005, 0.02),
        ("corner-strength", {"method": "harris", "k": 0.25}, -0.025, 0.02),
        ("gabor", {}, 0, 0.71),
        ("gabor", {"bandwidth": 3.0}, 0, 0.71),
    ],
)
def test_stated_ranges_hold(name, parameters, least, most):
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:48, :48]
    pictures = [generator.integers(0, 2, (48, 48)) for _ in range(3)]
    pictures += [(rows // p + columns // p) % 2 for p in (1, 2, 3)]
    pictures += [(np.cos(2 * np.pi * columns / p) > 0) for p in (4, 8)]
    pictures += [(rows + columns) > 48, columns > 23]
    found = np.stack([feature(name, grey(picture), **parameters) for picture in pictures])
    assert least <= found.min()
    assert found.max() <= most


def test_few_grey_levels_are_said():
    from heatlens.pixels import pixel_heatmap, similarity

    twelve = (LUMA * 4095).astype(np.uint16)
    faint, right = (Image(twelve, "YX", (0, top)) for top in (65535, 4095))
    for name in ("local-entropy", "local-binary-patterns"):
        notes = pixel_heatmap(faint, (), (name,), {name: 1}).provenance.notes
        assert "uses only 17 of 256 grey levels" in notes[0]
        assert pixel_heatmap(right, (), (name,), {name: 1}).provenance.notes == ()
        stretched = similarity(faint, (3, 3), features=(name,), preprocess=("min-max",))
        assert stretched.provenance.notes == ()
    two = Image(np.uint8(255) * (LUMA > 0.5), "YX")  # nothing is lost of black and white
    assert similarity(two, (3, 3), features=("local-entropy",)).provenance.notes == ()


@pytest.mark.parametrize("operator", ["scharr", "sobel", "prewitt"])
def test_edge_strength_is_scikit_images(operator):
    expected = getattr(skimage.filters, operator)(LUMA)
    np.testing.assert_allclose(feature("edge-strength", operator=operator), expected, atol=1e-6)


def test_corner_strength_is_scikit_images_and_finds_corners():
    square = np.zeros((21, 21), np.float32)
    square[6:15, 6:15] = 1
    found = feature("corner-strength", grey(square))
    peaks = skimage.feature.peak_local_max(found, min_distance=3, threshold_rel=0.5)
    assert {tuple((peak > 10).tolist()) for peak in peaks} == {
        (False, False), (False, True), (True, False), (True, True),
    }  # fmt: skip
    # scikit-image's derivatives are 8 times as large, and it takes what is beyond the border for 0.
    inside = slice(8, -8)
    harris = feature("corner-strength", method="harris", k=0.04)[inside, inside]
    expected = skimage.feature.corner_harris(LUMA.astype(float), k=0.04)[inside, inside] / 8**4
    np.testing.assert_allclose(harris, expected, atol=1e-7)
    smaller = feature("corner-strength")[inside, inside]
    expected = skimage.feature.corner_shi_tomasi(LUMA.astype(float))[inside, inside] / 8**2
    np.testing.assert_allclose(smaller, expected, atol=1e-7)


def test_local_entropy_is_the_formula():
    found = feature("local-entropy", radius=3)
    levels = np.rint(LUMA * 255).astype(np.uint8)
    disk = skimage.morphology.disk(3).astype(bool)
    for row, column in ((20, 31), (64, 64), (100, 17)):
        inside = levels[row - 3 : row + 4, column - 3 : column + 4][disk]
        p = np.bincount(inside) / inside.size
        p = p[p > 0]
        assert found[row, column] == pytest.approx(-(p * np.log2(p)).sum(), abs=1e-5)


def test_local_binary_patterns_know_spots_and_edges():
    picture = np.full((15, 30), 0.5, np.float32)
    picture[7, 7], picture[7, 15] = 1, 0
    picture[:, 22:] = 0.9
    found = feature("local-binary-patterns", grey(picture)) * 9
    assert found[7, 7] == pytest.approx(0)  # no neighbour is as bright
    assert found[7, 15] == pytest.approx(8)  # all are
    assert found[2, 22] == pytest.approx(5)  # five of eight, side by side
    levels = np.rint(LUMA * 255).astype(np.uint8)
    expected = skimage.feature.local_binary_pattern(levels, 8, 1.0, "uniform")[2:-2, 2:-2] / 9
    whole = feature("local-binary-patterns")
    # Where interpolation gives the middle's own level, scikit-image's rounding decides.
    assert (np.abs(whole[2:-2, 2:-2] - expected) > 1e-6).mean() < 0.005
    part = feature("local-binary-patterns", grey(LUMA[13:60, 9:70]))
    np.testing.assert_array_equal(part[2:-2, 2:-2], whole[15:58, 11:68])


@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_gabor_gives_a_gratings_amplitude(angle):
    rows, columns = np.mgrid[:96, :96]
    t = np.deg2rad(angle)
    wave = 0.5 + 0.3 * np.cos(2 * np.pi / 8 * (columns * np.cos(t) + rows * np.sin(t)) + 0.7)
    found = feature("gabor", grey(wave), wavelengths=8.0, orientations=12)
    np.testing.assert_allclose(found[32:64, 32:64], 0.3, rtol=0.02)
    across = feature("gabor", grey(wave), wavelengths=(3.0,), orientations=12)
    assert across[32:64, 32:64].max() < 0.06


@pytest.mark.parametrize(
    ("length", "bandwidth"),
    [(2.2, 0.3), (2.5, 1.0), (3.0, 1.0), (8.0, 2.0), (8.0, 3.0), (3.2, 3.0)],
)
@pytest.mark.parametrize("phase", [0.0, 0.8, 1.6])
def test_gabor_gives_it_near_the_grid_and_for_wide_bands(length, bandwidth, phase):
    wave = 0.5 + 0.3 * np.cos(2 * np.pi / length * np.arange(96) + phase)
    found = feature(
        "gabor", grey(np.tile(wave, (96, 1))), wavelengths=length, bandwidth=bandwidth,
        orientations=1,
    )  # fmt: skip
    np.testing.assert_allclose(found[44:52, 44:52], 0.3, rtol=1e-4)
    even = feature("gabor", grey(np.full((40, 40), 0.7)), wavelengths=length, bandwidth=bandwidth)
    assert even.max() < 1e-5


def test_gabor_is_scikit_images():
    length, angle = 6.0, np.pi / 4
    sigma = length / np.pi * np.sqrt(np.log(2) / 2) * 3
    kernel = skimage.filters.gabor_kernel(1 / length, angle, sigma_x=sigma, sigma_y=sigma, n_stds=3)
    reach = int(np.ceil(3 * sigma))
    n = np.arange(-reach, reach + 1)
    envelope = np.exp(-0.5 * (n[:, None] ** 2 + n**2) / sigma**2)
    x = n * np.cos(angle) + n[:, None] * np.sin(angle)
    ours = envelope / envelope.sum() * np.exp(2j * np.pi * x / length)
    cut = (np.array(ours.shape) - kernel.shape) // 2
    inner = ours[cut[0] : cut[0] + kernel.shape[0], cut[1] : cut[1] + kernel.shape[1]]
    # The same filter but for the corners of its window and the sum of its envelope.
    np.testing.assert_allclose(inner, kernel, atol=0.02 * np.abs(kernel).max())
    # Against the same filters in space: the wave, a constant and the mirrored wave, so that the
    # response is 1 to the wave and 0 to the others.
    expected = 0
    for turn in np.pi / 4 * np.arange(4):
        x = n * np.cos(turn) + n[:, None] * np.sin(turn)
        wave = np.exp(2j * np.pi * x / length)
        parts = [envelope / envelope.sum() * each for each in (wave, np.ones_like(x), wave.conj())]
        seen = [[(p * np.conj(q)).sum() for p in parts] for q in (wave, 1, wave.conj())]
        filter_ = np.tensordot(np.linalg.solve(seen, [1, 0, 0]), parts, 1)
        expected = expected + 2 * np.abs(
            ndimage.convolve(LUMA.astype(float), filter_.real, mode="reflect")
            + 1j * ndimage.convolve(LUMA.astype(float), filter_.imag, mode="reflect")
        )
    found = feature("gabor", wavelengths=length, orientations=4, combine="mean") * 4
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_position_is_in_units_of_the_longer_side():
    found = feature("position", Image(np.zeros((10, 20), np.uint8), "YX"), weight=2.0)
    assert found[0, 0].tolist() == pytest.approx([0.05, 0.05])
    assert found[9, 19].tolist() == pytest.approx([0.95, 1.95])


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("gabor", {"wavelengths": 1.5}, "from 2.47 on"),
        ("gabor", {"wavelengths": 2.2}, "need a smaller bandwidth"),
        ("gabor", {"wavelengths": ()}, "from 2.47 on"),
        ("gabor", {"combine": "sum"}, "there are: max, mean"),
        ("gradient", {"sigma": 0}, "from 0.3 on"),
        ("edge-strength", {"operator": "sobbel"}, "did you mean 'sobel'"),
        ("local-entropy", {"radius": 0}, "from 1"),
    ],
)
def test_wrong_parameters_are_said_in_words(name, parameters, words):
    with pytest.raises(InvalidArgument, match=words):
        feature(name, **parameters)
