"""Similarity of large pictures: the same as of pictures in memory."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.images.large import open_large, write_pyramid
from heatlens.pixels.comparing import difference, similarity
from heatlens.pixels.large import large_similarity
from heatlens.pixels.part import FEATURES

pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")

WHOLE = ("position",)
FAR = [
    {"features": (("gradient", {"sigma": 30.0}),)},
    {"features": (("gabor", {"wavelengths": 60.0}),)},
    {"features": (("corner-strength", {"sigma": 20.0}),)},
    {"features": (("local-entropy", {"radius": 70}),)},
    {"features": (("local-binary-patterns", {"radius": 70.5}),)},
    {"preprocess": (("gaussian", {"sigma": 25.0}),), "features": (("gradient", {"sigma": 9.0}),)},
    {"preprocess": (("median", {"size": 5}), ("bilateral", {"sigma": 9.0}))},
]


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    data = pytest.importorskip("skimage.data")
    pixels = data.astronaut()[:411, :507]
    path = tmp_path_factory.mktemp("similarity") / "photo.tif"
    write_pyramid(path, [pixels], pixels.shape[:2], np.uint8, channels=3, tile=128)
    return pixels, path


def values_of(heat):
    with heat:
        return np.concatenate([band for _, band in heat.rows()])


CASES = [
    ((100, 200), {}),
    ((100, 200), {"spread": 0.1}),
    ((90, 180, 140, 230), {"measure": "cosine", "features": ("rgb",)}),
    ((90, 180, 140, 230), {"measure": "mahalanobis"}),
    ((100, 200), {"measure": "mahalanobis"}),
    ((100, 200), {"features": ("brightness", "gradient")}),
    ((90, 180, 140, 230), {"measure": "mahalanobis", "features": ("colour", "gradient")}),
    ((100, 200), {"preprocess": ("gaussian",), "standardise": True}),
]


@pytest.mark.parametrize(("to", "options"), CASES, ids=lambda v: str(v).replace(" ", ""))
def test_equals_the_picture_in_memory(to, options, photo, tmp_path):
    pytest.importorskip("sklearn")
    whole = similarity(photo[0], to, **options)
    heat = large_similarity(photo[1], to, **options)
    assert heat.signed == whole.signed
    assert heat.provenance.method == "pixel-similarity"
    np.testing.assert_allclose(values_of(heat), whole.values, atol=1e-4)
    far = difference(photo[0], to, **options).values
    saved = large_similarity(photo[1], to, kind="difference", out=tmp_path / "a.tif", **options)
    np.testing.assert_allclose(values_of(saved), far, atol=1e-4 * far.max())


@pytest.mark.parametrize("feature", [name for name in FEATURES if name not in WHOLE])
def test_every_feature_sees_over_the_borders_of_pieces(feature, photo):
    pytest.importorskip("cv2")
    whole = similarity(photo[0], (100, 200), features=(feature,), spread=0.2).values
    heat = large_similarity(photo[1], (100, 200), features=(feature,), spread=0.2)
    with heat:
        for top, left, height, width in [(0, 0, 60, 70), (150, 130, 100, 90), (380, 400, 31, 107)]:
            part = whole[top : top + height, left : left + width]
            np.testing.assert_allclose(heat.region(top, left, height, width), part, atol=1e-4)


@pytest.mark.parametrize("options", FAR, ids=lambda v: "-".join(map(str, v.values()))[:60])
def test_pieces_see_as_far_as_their_parts_reach(options, photo):
    pytest.importorskip("cv2")
    whole = similarity(photo[0], (100, 200), spread=0.2, **options).values
    with large_similarity(photo[1], (100, 200), spread=0.2, **options) as heat:
        for top, left, height, width in [(0, 0, 40, 40), (190, 230, 40, 30), (380, 460, 31, 47)]:
            part = whole[top : top + height, left : left + width]
            np.testing.assert_allclose(heat.region(top, left, height, width), part, atol=1e-4)
    with pytest.raises(InvalidArgument, match=r"halo is 0, and .* reach"):
        large_similarity(photo[1], (100, 200), spread=0.2, halo=0, **options)


def test_functions_of_ones_own_see_what_is_asked_for(photo):
    def mean(image):
        return uniform_filter(image.unit().mean(2), 31, mode="nearest")

    whole = similarity(photo[0], (100, 200), features=(mean,), spread=0.2).values
    for halo in (None, 15):
        with large_similarity(
            photo[1], (100, 200), features=(mean,), spread=0.2, halo=halo
        ) as heat:
            np.testing.assert_allclose(
                heat.region(190, 230, 9, 9), whole[190:199, 230:239], atol=1e-4
            )
            assert f"see {halo or 64} pixels" in heat.provenance.notes[-1]
    with large_similarity(photo[1], (0, 0), features=(FEATURES["gradient"].function,)) as heat:
        assert not heat.provenance.notes


def test_the_picture_is_never_written_over(photo, tmp_path):
    file = tmp_path / "a.tif"
    file.write_bytes(photo[1].read_bytes())
    with pytest.raises(InvalidArgument, match="the picture itself"):
        large_similarity(file, (0, 0), spread=0.2, out=file)
    with (
        large_similarity(file, (0, 0), spread=0.2) as heat,
        pytest.raises(InvalidArgument, match="the picture itself"),
    ):
        heat.save(file)
    assert file.read_bytes() == photo[1].read_bytes()
    with pytest.raises(InvalidArgument, match=r"a pyramid is a \.tif"):
        large_similarity(file, (0, 0), out=tmp_path / "a.png")


def test_a_constant_picture_and_one_pixel():
    with large_similarity(np.full((30, 40, 3), 7, np.uint8), (3, 3)) as heat:
        assert (heat.region(0, 0, 30, 40) == 1).all()
    with large_similarity(np.full((1, 1), 7, np.uint8), (0, 0), "mahalanobis") as heat:
        assert heat.region(0, 0, 1, 1).item() == 1


def test_errors(photo):
    with pytest.raises(InvalidArgument, match="outside of a picture of 411 rows"):
        large_similarity(photo[1], (500, 0))
    with pytest.raises(InvalidArgument, match="masks and second pictures"):
        large_similarity(photo[1], np.ones((411, 507), bool))
    with pytest.raises(InvalidArgument, match="not for large pictures yet"):
        large_similarity(photo[1], (0, 0), "correlation")
    with pytest.raises(InvalidArgument, match="looks at the whole picture at once"):
        large_similarity(photo[1], (0, 0), features=("colour", "position"))
    with pytest.raises(InvalidArgument, match="looks at the whole picture at once"):
        large_similarity(photo[1], (0, 0), preprocess=("min-max",))
    with pytest.raises(InvalidArgument, match="see at most 1024 around them"):
        large_similarity(photo[1], (0, 0), features=(("gradient", {"sigma": 300.0}),))
    with pytest.raises(InvalidType, match="sigma is 'a'"):
        large_similarity(photo[1], (0, 0), features=(("gradient", {"sigma": "a"}),))
    with pytest.raises(InvalidType, match=r"halo is 2\.5"):
        large_similarity(photo[1], (0, 0), halo=2.5)
    with pytest.raises(UnknownName, match="euclidean"):
        large_similarity(photo[1], (0, 0), "euclidian")
    with pytest.raises(UnknownName, match="difference"):
        large_similarity(photo[1], (0, 0), kind="differences")
    with (
        open_large(np.zeros((3000, 3000), np.uint8)) as large,
        pytest.raises(InvalidArgument, match="9 million pixels"),
    ):
        large_similarity(large, (0, 0, 3000, 3000))
