import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.transport import patch_distance, sliced_wasserstein
from heatlens.transport.sliced.pyramid import _enlarged, laplacian_pyramid

quick = {"projections": 32, "most": 500}


@pytest.fixture(scope="module")
def photograph():
    from skimage import data

    return data.astronaut()[100:196, 180:260] / 255.0


@pytest.mark.parametrize("shape", [(16, 16, 1), (33, 20, 3), (7, 50, 2)])
def test_the_bands_add_up_to_the_picture(shape):
    picture = np.random.default_rng(0).random(shape)
    bands = laplacian_pyramid(picture, 3)
    rebuilt = bands[-1]
    for band in bands[-2::-1]:
        rebuilt = band + _enlarged(rebuilt, band.shape)
    np.testing.assert_allclose(rebuilt, picture, atol=1e-12)


def test_a_flat_picture_has_flat_bands():
    bands = laplacian_pyramid(np.full((33, 24, 3), 7.0), 3)
    for band in bands[:-1]:
        np.testing.assert_allclose(band, 0, atol=1e-12)
    np.testing.assert_allclose(bands[-1], 7)


def test_one_level_is_the_sliced_distance_of_the_patches():
    rng = np.random.default_rng(0)
    first, second = rng.random((12, 13, 2)), rng.random((14, 9, 2))
    found = patch_distance(first, second, patch=3, levels=1, scale="none", projections=20, seed=4)
    cut = [np.array([picture[i : i + 3, j : j + 3].ravel()
                     for i in range(picture.shape[0] - 2) for j in range(picture.shape[1] - 2)])
           for picture in (first, second)]  # fmt: skip
    expected = sliced_wasserstein(*cut, projections=20, p=1, seed=4)
    assert found.value == found.levels[0] == pytest.approx(expected.value)
    assert found.errors[0] == pytest.approx(expected.error)
    assert found.patches == ((110, 84),)
    assert found.whole == (True,)


def test_more_blur_and_more_noise_are_farther(photograph):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=photograph.shape)
    blurred = [patch_distance(photograph, gaussian_filter(photograph, (s, s, 0)), **quick)
               for s in (0, 0.5, 1, 2, 4)]  # fmt: skip
    noisy = [patch_distance(photograph, photograph + s * noise, **quick) for s in (0.02, 0.1, 0.3)]
    for found in (blurred, noisy):
        values = [one.value for one in found]
        assert values == sorted(values)
        assert all(one.levels[0] > one.levels[-1] for one in found[1:])  # fine bands suffer first
    assert blurred[0].value == 0
    assert blurred[0].sizes == ((96, 80), (48, 40), (24, 20))
    assert blurred[0].whole == (False, False, True)


def test_own_scale_does_not_see_contrast_and_common_does(photograph):
    darker = 0.5 * photograph + 0.2
    assert patch_distance(photograph, darker, scale="own", **quick).value < 1e-10
    assert patch_distance(photograph, darker, **quick).value > 0.1
    flat = np.full(photograph.shape, 0.5)
    assert np.isfinite(patch_distance(photograph, flat, scale="own", **quick).value)
    assert patch_distance(flat, flat, **quick).value == 0


def test_symmetric_and_seeded(photograph):
    other = photograph[::-1, :60] ** 2
    found = patch_distance(photograph, other, **quick)
    assert found.value == pytest.approx(patch_distance(other, photograph, **quick).value, rel=1e-9)
    assert found == patch_distance(photograph, other, **quick)
    assert found.value != patch_distance(photograph, other, seed=1, **quick).value
    assert float(found) == found.value == pytest.approx(np.mean(found.levels))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.ones((8, 8, 3)), np.ones((8, 8))), {}, "first has 3 channels, second has 1"),
        ((np.ones(8), np.ones((8, 8))), {}, r"first has shape \(8,\)"),
        ((np.ones((5, 9)), np.ones((9, 9))), {}, "5 pixels has only 5; patches are 7"),
        ((np.ones((32, 32)), np.ones((32, 32))), {"levels": 4}, "band 4 .* has only 4"),
        ((np.full((8, 8), np.nan), np.ones((8, 8))), {}, r"first\[0, 0\] is nan"),
        ((np.full((8, 8), 1e200), np.ones((8, 8))), {}, "overflow"),
        ((np.ones((8, 8)), np.ones((8, 8))), {"patch": 0}, "patch is 0"),
        ((np.ones((8, 8)), np.ones((8, 8))), {"most": 1}, "most is 1"),
        ((np.ones((8, 8)), np.ones((8, 8))), {"levels": 0}, "levels is 0"),
    ],
)
def test_errors(arguments, options, message):
    with pytest.raises(InvalidArgument, match=message):
        patch_distance(*arguments, **options)


def test_wrong_types_and_names():
    with pytest.raises(InvalidType, match="first is of type <U1"):
        patch_distance([["a"]], np.ones((8, 8)))
    for wrong in ({"p": "1"}, {"threads": 1.5}, {"seed": 0.5}, {"patch": "7"}):
        with pytest.raises(InvalidType, match=f"{next(iter(wrong))} is"):
            patch_distance(np.ones((8, 8)), np.ones((8, 8)), **wrong)
    with pytest.raises(UnknownName, match="unknown scale"):
        patch_distance(np.ones((8, 8)), np.ones((8, 8)), scale="shared")
