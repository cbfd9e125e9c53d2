import sys

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType, MissingDependency, UnknownName
from heatlens.image import Image
from heatlens.pixels import (
    FEATURES,
    STEPS,
    clusters,
    density,
    difference,
    feature_stack,
    pixel_heatmap,
    preprocessed,
    similarity,
)
from heatlens.pixels.part import CLUSTERINGS, MEASURES, WEIGHTINGS, chosen, chosen_all
from tests.pixels.pictures_for_pixels import awkward, photograph


@pytest.mark.parametrize("kind", sorted(awkward()))
@pytest.mark.parametrize("name", sorted(STEPS))
def test_every_step_takes_every_picture(name, kind):
    picture = awkward()[kind]
    before = picture.pixels.copy()
    found = preprocessed(picture, (name,))
    assert found.size == picture.size
    assert found.channels == picture.channels
    assert found.pixels.dtype == np.float32
    np.testing.assert_array_equal(picture.pixels, before)
    np.testing.assert_array_equal(found.pixels, preprocessed(picture, (name,)).pixels)


@pytest.mark.parametrize("kind", sorted(awkward()))
@pytest.mark.parametrize("name", sorted(FEATURES))
def test_every_feature_takes_every_picture(name, kind):
    picture = awkward()[kind]
    stack = feature_stack(picture, (name,))
    assert stack.size == picture.size
    assert stack.values.dtype == np.float32
    assert np.isfinite(stack.values).all()
    if not FEATURES[name].signed and kind != "beyond its range":
        assert stack.values.min() >= 0


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_bits_do_not_matter(name):
    picture = photograph(step=12)
    wide = Image(picture.pixels.astype(np.uint16) * 257, value_range=(0, 65535))
    np.testing.assert_allclose(
        feature_stack(wide, (name,)).values, feature_stack(picture, (name,)).values, atol=2e-6
    )


@pytest.mark.parametrize("name", ["gradient", "gabor", "edge-strength", "corner-strength"])
def test_a_constant_picture_has_no_structure(name):
    flat = Image(np.full((20, 24), 130, np.uint8), "YX")
    assert np.abs(feature_stack(flat, (name,)).values).max() < 1e-6


@pytest.mark.parametrize("registry", [CLUSTERINGS, FEATURES, MEASURES, STEPS, WEIGHTINGS])
def test_every_part_says_what_it_is(registry):
    for name, part in registry.items():
        assert part.summary.endswith((".", ".)")), name
        assert chosen(registry, name).words.startswith(name)


def test_parts_are_asked_for_by_name_parameters_or_function():
    blur = chosen(STEPS, ("gaussian", {"sigma": 2.5}))
    picture = photograph(step=16)
    expected = blur(picture).pixels
    for wanted in ("gaussian", {"sigma": 2.5}), [("gaussian", {"sigma": 2.5})], blur, [blur]:
        np.testing.assert_array_equal(preprocessed(picture, wanted).pixels, expected)
    assert len(chosen_all(STEPS, ("median", "gaussian"))) == 2

    def my_step(image):
        return image.with_(pixels=255 - image.pixels)

    assert preprocessed(picture, my_step).pixels.max() == 255 - picture.pixels.min()
    assert chosen(STEPS, my_step).words == "my-step"


def test_wrong_names_and_parameters_are_said_in_words():
    with pytest.raises(UnknownName, match="did you mean 'gabor'"):
        chosen(FEATURES, "gabr")
    with pytest.raises(InvalidArgument, match="did you mean 'sigma'"):
        chosen(STEPS, ("gaussian", {"sgma": 1}))
    with pytest.raises(InvalidType, match="expected a dictionary"):
        chosen(STEPS, ("gaussian", 3))
    with pytest.raises(InvalidType, match="not by a int"):
        chosen(STEPS, 3)
    with pytest.raises(InvalidArgument, match="no feature is asked for"):
        feature_stack(np.zeros((3, 3)), ())
    with pytest.raises(InvalidType, match="has to give an Image"):
        preprocessed(np.zeros((3, 3)), lambda image: image.pixels)
    with pytest.raises(InvalidArgument, match="gave shape"):
        feature_stack(np.zeros((3, 3)), lambda image: np.zeros(2))
    with pytest.raises(InvalidArgument, match="NaN"):
        feature_stack(np.zeros((3, 3)), lambda image: np.full((3, 3), np.nan))
    with pytest.raises(InvalidArgument, match="one still picture"):
        feature_stack(Image(np.zeros((2, 3, 3), np.uint8), "TYX"))
    with pytest.raises(ValueError, match="NaN"):
        feature_stack(np.full((3, 3), np.nan))
    with pytest.raises(InvalidArgument, match="5 channels"):
        feature_stack(Image(np.zeros((3, 3, 5), np.uint8)))


def test_the_same_feature_twice_has_two_names():
    stack = feature_stack(
        photograph(step=16), [("gradient", {"sigma": 1.0}), ("gradient", {"sigma": 3.0}), "rgb"]
    )
    assert stack.names == ("gradient", "gradient, 2", "rgb 1", "rgb 2", "rgb 3")
    assert stack.features[1] == "gradient(sigma=3.0)"


def test_a_stack_does_not_change_with_the_array_of_ones_own_feature():
    mine = np.zeros((3, 3), np.float32)
    stack = feature_stack(np.zeros((3, 3), np.uint8), lambda image: mine)
    mine[0, 0] = 7
    assert stack.values[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("package", "ask"),
    [
        ("cv2", lambda: preprocessed(photograph(step=16), "bilateral")),
        ("skimage.filters.rank", lambda: feature_stack(photograph(step=16), "local-entropy")),
        ("sklearn.cluster", lambda: clusters(photograph(step=16), "hierarchical", 4)),
        ("skimage.segmentation", lambda: clusters(photograph(step=16), "slic", 4)),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, package, ask):
    ask()
    monkeypatch.setitem(sys.modules, package, None)
    name = package.partition(".")[0]
    with pytest.raises(MissingDependency, match=rf"needs {name}"):
        ask()


def test_much_works_without_any_extra(monkeypatch):
    picture = photograph(step=16)
    for name in [*sys.modules, "cv2", "skimage", "sklearn"]:
        if name.partition(".")[0] in ("cv2", "skimage", "sklearn"):
            monkeypatch.setitem(sys.modules, name, None)
    pixel_heatmap(picture, ("median",), ("gabor", "colour", "corner-strength"), "pca")
    similarity(picture, (0, 0, 9, 9), "correlation")
    similarity(picture, (0, 0, 9, 9), "mahalanobis")
    difference(picture, picture)
    clusters(picture, "k-means", 3)
    density([[1, 2], [3, 5], [4, 4]], picture.size, bandwidth="improved-sheather-jones")
