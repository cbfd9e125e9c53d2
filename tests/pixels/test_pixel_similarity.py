import cv2
import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from scipy.stats import chi2
from skimage.metrics import structural_similarity
from sklearn.covariance import ledoit_wolf

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.pixels import MEASURES, difference, feature_stack, similarity
from tests.pixels.pictures_for_pixels import awkward, photograph

PICTURE = photograph()
BOX = (20, 60, 40, 80)


def test_euclidean_is_the_formula():
    values = feature_stack(PICTURE).values.astype(float)
    d = np.sqrt(((values - values[30, 70]) ** 2).mean(axis=2))
    np.testing.assert_allclose(difference(PICTURE, (30, 70)).values, d, atol=1e-6)
    heat = similarity(PICTURE, (30, 70))
    spread = np.sqrt(values.var(axis=(0, 1)).mean())
    np.testing.assert_allclose(heat.values, np.exp(-(d**2) / (2 * spread**2)), atol=1e-5)
    assert heat.provenance.info["spread"] == pytest.approx(spread, abs=1e-5)
    assert heat.values[30, 70] == 1
    narrow = similarity(PICTURE, (30, 70), spread=0.05)
    np.testing.assert_allclose(narrow.values, np.exp(-(d**2) / 0.005), atol=1e-5)


def test_a_region_is_its_mean():
    mask = np.zeros(PICTURE.size, bool)
    mask[20:40, 60:80] = True
    values = feature_stack(PICTURE, ("rgb",)).values.astype(float)
    d = np.sqrt(((values - values[mask].mean(axis=0)) ** 2).mean(axis=2))
    for region in (BOX, mask, np.array(BOX), list(BOX)):
        found = difference(PICTURE, region, features=("rgb",)).values
        np.testing.assert_allclose(found, d, atol=1e-6)


def test_cosine_ignores_light():
    shade = np.linspace(0.2, 1, 30)[:, None, None]
    hue = np.where(np.arange(20)[None, :, None] < 10, [0.9, 0.3, 0.1], [0.1, 0.3, 0.9])
    picture = Image((shade * hue).astype(np.float32), value_range=(0, 1))
    heat = similarity(picture, (25, 3), "cosine", ("rgb",))
    np.testing.assert_allclose(heat.values[:, :10], 1, atol=1e-6)
    a, b = np.array([0.9, 0.3, 0.1]), np.array([0.1, 0.3, 0.9])
    np.testing.assert_allclose(heat.values[:, 10:], a @ b / (a @ a), atol=1e-6)
    assert not heat.signed
    assert difference(picture, (25, 3), "cosine", ("rgb",)).values.max() == pytest.approx(
        1 - a @ b / (a @ a), abs=1e-6
    )


def test_black_has_no_direction_and_a_note_says_so():
    values = photograph().pixels.copy()
    values[:3, :5] = 0
    dark = int((values == 0).all(axis=2).sum())
    heat = similarity(values, (60, 60), "cosine", ("rgb",))
    assert (heat.values[:3, :5] == 0).all()
    assert f"{dark} pixels without a direction have similarity 0" in heat.provenance.notes


def test_mahalanobis_is_scipys_with_ledoit_and_wolfs_covariance():
    values = feature_stack(PICTURE).values.astype(float)
    region = values[20:40, 60:80].reshape(-1, 3)
    C, shrinkage = ledoit_wolf(region)
    heat = difference(PICTURE, BOX, "mahalanobis")
    inverse = np.linalg.inv(C)
    for row, column in ((3, 4), (30, 70), (100, 90)):
        expected = mahalanobis(values[row, column], region.mean(axis=0), inverse)
        assert heat.values[row, column] == pytest.approx(expected, rel=1e-3)
    assert heat.provenance.info["shrinkage"] == pytest.approx(shrinkage, abs=1e-6)
    alike = similarity(PICTURE, BOX, "mahalanobis")
    np.testing.assert_allclose(alike.values, chi2.sf(heat.values**2, 3), atol=1e-6)


def test_mahalanobis_is_calibrated_on_a_normal_region():
    noise = np.random.default_rng(0).normal(0.5, [0.02, 0.05, 0.1], (90, 90, 3))
    heat = similarity(
        Image(noise.astype(np.float32), value_range=(0, 1)), (0, 0, 90, 90), "mahalanobis", ("rgb",)
    )
    for share in (0.05, 0.5, 0.9):
        assert (heat.values < share).mean() == pytest.approx(share, abs=0.015)


def test_mahalanobis_shrinks_more_for_few_pixels():
    shrinkages = [
        similarity(PICTURE, box, "mahalanobis").provenance.info["shrinkage"]
        for box in ((30, 70, 32, 72), (20, 60, 60, 100))
    ]
    assert shrinkages[0] > 10 * shrinkages[1]


def test_mahalanobis_of_one_pixel_takes_the_pictures_spread():
    heat = similarity(PICTURE, (30, 70), "mahalanobis")
    assert "the spread is that of the whole picture" in heat.provenance.notes[-1]
    assert heat.values[30, 70] == 1
    assert np.isfinite(heat.values).all()


def test_ssim_is_scikit_images():
    second = photograph().pixels.copy()
    second[40:70, 40:70] = 255 - second[40:70, 40:70]
    _, full = structural_similarity(
        PICTURE.unit(), (second / np.float32(255)), data_range=1.0, channel_axis=-1, full=True
    )
    heat = similarity(PICTURE, second, "ssim")
    np.testing.assert_allclose(heat.values, full.mean(axis=2), atol=1e-5)
    assert heat.signed
    np.testing.assert_allclose(
        difference(PICTURE, second, "ssim").values, 1 - full.mean(axis=2), atol=1e-5
    )


def test_correlation_is_opencvs():
    box = (20, 60, 39, 81)
    heat = similarity(PICTURE, box, "correlation", ("rgb",))
    unit = PICTURE.unit()
    expected = cv2.matchTemplate(unit, unit[20:39, 60:81], cv2.TM_CCOEFF_NORMED)
    inner = heat.values[9 : 9 + expected.shape[0], 10 : 10 + expected.shape[1]]
    np.testing.assert_allclose(inner, expected, atol=2e-4)
    assert heat.peak == (29, 70)
    assert heat.values[29, 70] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("box", [(10, 10, 20, 22), (3, 5, 4, 9), (0, 0, 7, 7)])
def test_a_patch_finds_itself(box):
    heat = similarity(PICTURE, box, "correlation")
    top, left, bottom, right = box
    row, column = top + (bottom - top) // 2, left + (right - left) // 2
    assert heat.values[row, column] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("pixel", [(0, 0), (2, 60), (127, 127), (64, 1)])
def test_a_pixel_near_the_border_correlates_with_its_own_patch(pixel):
    heat = similarity(PICTURE, pixel, "correlation", ("rgb",))
    assert heat.peak == pixel
    assert heat.values[pixel] == pytest.approx(1, abs=1e-6)
    mirrored = np.pad(PICTURE.unit(), ((7, 7), (7, 7), (0, 0)), mode="symmetric")
    row, column = pixel
    patch = mirrored[row : row + 15, column : column + 15]
    expected = cv2.matchTemplate(mirrored, patch, cv2.TM_CCOEFF_NORMED)
    np.testing.assert_allclose(heat.values, expected, atol=1e-3)


def test_faint_and_bright_pictures_correlate_alike():
    base = photograph("camera").unit()
    levels = (3000 + 40 * base).astype(np.uint16)
    box = (55, 55, 76, 76)
    faint = similarity(Image(levels, "YX", (0, 65535)), box, "correlation", ("brightness",))
    whole = (levels - 3000).astype(np.float32)
    expected = cv2.matchTemplate(whole, whole[55:76, 55:76], cv2.TM_CCOEFF_NORMED)
    inner = faint.values[10 : 10 + expected.shape[0], 10 : 10 + expected.shape[1]]
    varied = np.array(
        [[np.ptp(whole[r : r + 21, c : c + 21]) > 0 for c in range(108)] for r in range(108)]
    )
    np.testing.assert_allclose(inner[varied], expected[varied], atol=1e-3)
    harris = ("corner-strength", {"method": "harris"})
    heat = similarity(PICTURE, (10, 10, 60, 60), "correlation", (harris,))
    assert heat.peak == (35, 35)


def test_the_similarity_of_tiny_features_does_not_depend_on_their_unit():
    def tiny(image):
        return feature_stack(image, ("brightness",)).values * np.float32(1e-9)

    for measure in ("euclidean", "mahalanobis"):
        for to in ((30, 70), BOX, Image(PICTURE.pixels[::-1].copy())):
            found, expected = (
                similarity(PICTURE, to, measure, features=(f,)) for f in (tiny, "brightness")
            )
            np.testing.assert_allclose(found.values, expected.values, atol=1e-4)
            assert found.provenance.notes == expected.provenance.notes
    found = similarity(PICTURE, (30, 70), "cosine", (lambda i: i.unit() * np.float32(1e-9),))
    np.testing.assert_allclose(
        found.values, similarity(PICTURE, (30, 70), "cosine", ("rgb",)).values, atol=1e-6
    )


def test_two_pictures_are_standardised_over_both():
    grey = Image(np.ascontiguousarray(PICTURE.pixels[..., 1]), "YX")
    features = ("brightness", "red-green")
    one, two = (
        difference(PICTURE, grey, features=features),
        difference(grey, PICTURE, features=features),
    )
    np.testing.assert_allclose(one.values, two.values, rtol=1e-5)
    rows = [feature_stack(image, features).values.astype(float) for image in (PICTURE, grey)]
    spread = np.concatenate([part.reshape(-1, 2) for part in rows]).std(axis=0)
    expected = np.sqrt((((rows[0] - rows[1]) / spread) ** 2).mean(axis=2))
    np.testing.assert_allclose(one.values, expected, rtol=1e-4, atol=1e-5)
    assert two.provenance.notes == ("features are in standard deviations over both pictures",)
    flat = difference(grey, Image(grey.pixels[::-1].copy(), "YX"), features=features)
    assert flat.provenance.notes[1] == "constant over both pictures, without say: red-green"


def test_ssim_of_bright_faint_texture_has_its_digits():
    texture = np.random.default_rng(0).standard_normal((2, 64, 64))
    first, second = (0.95 + 0.0005 * texture).astype(np.float32)
    expected = structural_similarity(
        first.astype(float), second.astype(float), data_range=1.0, full=True
    )[1]
    heat = similarity(Image(first, "YX", (0, 1)), Image(second, "YX", (0, 1)), "ssim")
    np.testing.assert_allclose(heat.values, expected, atol=1e-6)


def test_a_second_picture_is_compared_pixel_by_pixel():
    second = PICTURE.pixels.astype(int)
    second[50:60, 30:40, 0] -= 40
    second = np.clip(second, 0, 255).astype(np.uint8)
    for measure in sorted(set(MEASURES) - {"correlation"}):
        heat = difference(PICTURE, Image(second), measure, ("rgb",))
        row, column = heat.peak
        assert 46 <= row < 64, measure
        assert 26 <= column < 44, measure
        same = difference(PICTURE, PICTURE, measure, ("rgb",)).values
        assert np.abs(same).max() < 1e-5, measure


def test_features_with_several_units_are_standardised():
    plain = difference(PICTURE, (30, 70), features=("brightness",)).values
    several = difference(PICTURE, (30, 70), features=("brightness", "local-entropy"))
    values = feature_stack(PICTURE, ("brightness", "local-entropy")).values.astype(float)
    z = values / values.std(axis=(0, 1))
    expected = np.sqrt(((z - z[30, 70]) ** 2).mean(axis=2))
    np.testing.assert_allclose(several.values, expected, rtol=1e-4, atol=1e-5)
    assert "standard deviations" in several.provenance.notes[0]
    values = feature_stack(PICTURE, ("brightness",)).values[..., 0]
    np.testing.assert_allclose(plain, np.abs(values - values[30, 70]), atol=1e-6)


@pytest.mark.parametrize("kind", sorted(awkward()))
@pytest.mark.parametrize("measure", ["euclidean", "cosine", "mahalanobis"])
def test_every_picture_can_be_compared(measure, kind):
    picture = awkward()[kind]
    for to in ((0, 0), picture):
        heat = similarity(picture, to, measure)
        assert heat.size == picture.size
        assert heat.values[0, 0] in (1, 0) or measure == "cosine" or heat.values[0, 0] > 0.9


@pytest.mark.parametrize(
    ("to", "measure", "words"),
    [
        ((200, 3), "euclidean", "row 200, column 3 lies outside"),
        ((-1, 3), "euclidean", "lies outside"),
        ((5, 5, 5, 9), "euclidean", "top, left, bottom, right"),
        (np.zeros((128, 128), bool), "euclidean", "marks no pixel"),
        (np.ones((5, 5), bool), "euclidean", "shape"),
        ((3, 3), "ssim", "compares two pictures"),
        (np.zeros((9, 9, 3), np.uint8), "euclidean", "9 x 9"),
        (np.ones((128, 128), bool), "correlation", "no patch"),
        (photograph(), "correlation", "one picture"),
        (photograph(), ("ssim", {"window": 4}), "odd"),
        (np.ones((128, 128, 1), bool), "euclidean", r"shape \(128, 128, 1\)"),
        (np.array([True, False]), "euclidean", r"shape \(2,\)"),
    ],
)
def test_what_cannot_be_compared_is_said_in_words(to, measure, words):
    with pytest.raises(InvalidArgument, match=words):
        similarity(PICTURE, to, measure)


def test_a_mask_of_numbers_is_not_taken_for_a_picture():
    mask = np.zeros(PICTURE.size, np.uint8)
    mask[20:40, 60:80] = 255
    with pytest.raises(InvalidArgument, match="mask > 0"):
        similarity(PICTURE, mask)
    marked = similarity(PICTURE, mask > 0).values
    assert np.abs(marked - similarity(PICTURE, Image(mask, "YX")).values).max() > 0.1


def test_more_that_is_said_in_words():
    flat = np.full((30, 30), 9, np.uint8)
    with pytest.raises(InvalidArgument, match="one constant colour"):
        similarity(flat, (4, 4), "correlation")
    with pytest.raises(InvalidArgument, match="only its sign"):
        similarity(flat, (4, 4), "cosine", ("brightness",))
    for place in ((4.5, 4), (float("inf"), 3), (float("nan"), 3)):
        with pytest.raises(InvalidType, match="whole pixels"):
            similarity(flat, place)
    for second in (flat, np.zeros((128, 128, 5), np.uint8)):
        other = Image(np.resize(second, (128, 128, *second.shape[2:])), "YXC"[: second.ndim])
        with pytest.raises(InvalidArgument, match="channels 3, the second"):
            similarity(PICTURE, other, features=("channels",))
    with pytest.raises(UnknownName, match="did you mean 'mahalanobis'"):
        similarity(flat, (4, 4), "mahalanobi")
    with pytest.raises(InvalidArgument, match="has no parameter 'sprad'; did you mean 'spread'"):
        similarity(flat, (4, 4), sprad=2)
    with pytest.raises(InvalidArgument, match="not both"):
        similarity(flat, (4, 4), ("euclidean", {}), spread=2)
