import pickle

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

import heatlens.pixels as pixels
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.pixels import (
    WEIGHTINGS,
    feature_stack,
    given_weights,
    learned_weights,
    pixel_heatmap,
)
from tests.pixels.pictures_for_pixels import awkward, photograph

FEATURES = ("brightness", "gradient", "red-green", "local-entropy")


@pytest.mark.parametrize("weights", [*sorted(WEIGHTINGS), (0.5, -1.0)])
@pytest.mark.parametrize("kind", sorted(awkward()))
def test_every_weighting_maps_every_picture(weights, kind):
    picture = awkward()[kind]
    heat = pixel_heatmap(picture, ("median",), ("brightness", "gradient"), weights)
    assert heat.size == picture.size
    again = pixel_heatmap(picture, ("median",), ("brightness", "gradient"), weights)
    np.testing.assert_array_equal(heat.values, again.values)


def test_given_weights_are_the_sum_of_the_features():
    picture = photograph()
    stack = feature_stack(picture, FEATURES)
    heat = pixel_heatmap(picture, (), FEATURES, {"brightness": 1.5, "gradient": -2.0})
    expected = 1.5 * stack.values[..., 0] - 2 * stack.values[..., 1]
    np.testing.assert_allclose(heat.values, expected, atol=1e-6)
    assert heat.signed
    unsigned = pixel_heatmap(picture, (), FEATURES, {"brightness": 1.5, "local-entropy": 2})
    assert not unsigned.signed
    assert pixel_heatmap(picture, (), FEATURES, {"red-green": 1}).signed


def test_a_vector_features_name_holds_for_all_its_parts():
    stack = feature_stack(photograph(), ("brightness", "rgb"))
    assert given_weights(stack, {"rgb": 2}).values == (0, 2, 2, 2)
    assert given_weights(stack, {"rgb 2": 2}).values == (0, 0, 2, 0)


def test_the_same_vector_feature_twice_can_be_told_apart():
    stack = feature_stack(photograph(step=16), ("rgb", "rgb", "brightness"))
    assert given_weights(stack, {"rgb": 1}).values == (1, 1, 1, 0, 0, 0, 0)
    assert given_weights(stack, {"rgb, 2": 2}).values == (0, 0, 0, 2, 2, 2, 0)
    assert given_weights(stack, {"rgb 3, 2": 3}).values == (0, 0, 0, 0, 0, 3, 0)


def test_weights_may_be_an_array():
    import torch

    picture = photograph(step=16)
    expected = pixel_heatmap(picture, (), ("brightness", "gradient"), [1.0, -2.0]).values
    for weights in (np.array([1.0, -2.0]), np.array([1, -2]), torch.tensor([1.0, -2.0])):
        found = pixel_heatmap(picture, (), ("brightness", "gradient"), weights).values
        np.testing.assert_array_equal(found, expected)


def test_tiny_features_are_not_taken_for_constant_ones():
    """Harris's measure of a faint picture is 1e-9, and yet no rounding."""
    faint = Image((0.4 + 0.1 * photograph("camera").unit()).astype(np.float32), "YX", (0, 1))
    harris = ("corner-strength", {"method": "harris"})
    stack = feature_stack(faint, (harris, "brightness"))
    z = (stack.rows - stack.rows.mean(0, dtype=float)) / stack.rows.std(0, dtype=float)
    for weights in ("pca", "equal"):
        heat = pixel_heatmap(faint, (), (harris, "brightness"), weights)
        assert not heat.provenance.notes
        w = np.array(list(heat.provenance.info["weights"].values()))
        assert w.min() > 0.4
        np.testing.assert_allclose(heat.values.ravel(), z @ w, atol=1e-4)
    own = pixel_heatmap(faint, (), (lambda image: image.unit() * 1e-12, "brightness"), "equal")
    assert not own.provenance.notes


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_rounding_is_taken_for_a_constant_in_every_unit(unit):
    def rounded(image):
        noise = np.random.default_rng(0).integers(-1, 2, image.size)
        return (unit * (1 + noise * 6e-8)).astype(np.float32)

    heat = pixel_heatmap(photograph(step=16), (), (rounded, "brightness"), "variance")
    assert heat.provenance.info["weights"]["rounded"] == 0
    assert heat.provenance.notes == ("constant over the picture, without say: rounded",)


def test_pca_is_scikit_learns():
    picture = photograph()
    stack = feature_stack(picture, FEATURES)
    z = (stack.rows - stack.rows.mean(0, dtype=float)) / stack.rows.std(0, dtype=float)
    fitted = PCA(1, svd_solver="full").fit(z)
    axis = fitted.components_[0]
    axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
    heat = pixel_heatmap(picture, (), FEATURES, "pca")
    np.testing.assert_allclose(heat.values.ravel(), z @ axis, atol=2e-4)
    share = heat.provenance.info["share of variance"]
    assert share == pytest.approx(fitted.explained_variance_ratio_[0], abs=1e-4)
    assert heat.values.mean() == pytest.approx(0, abs=1e-4)


def test_variance_weighs_by_variance():
    picture = photograph()
    variances = feature_stack(picture, FEATURES).rows.var(axis=0, dtype=float)
    weights = pixel_heatmap(picture, (), FEATURES, "variance").provenance.info["weights"]
    np.testing.assert_allclose(list(weights.values()), variances / variances.sum(), atol=1e-5)


def test_a_constant_feature_has_no_say_and_a_note_says_so():
    grey = Image(np.arange(48, dtype=np.uint8).reshape(6, 8), "YX")
    for weights in ("pca", "variance", "equal"):
        heat = pixel_heatmap(grey, (), ("brightness", "red-green"), weights)
        assert "constant over the picture, without say: red-green" in heat.provenance.notes
        assert not heat.empty


def test_provenance_tells_how_it_was_made():
    heat = pixel_heatmap(photograph(), ["median", ("gaussian", {"sigma": 2.0})], FEATURES, "pca")
    told = heat.provenance
    assert told.parameters["preprocess"] == ["median(size=3)", "gaussian(sigma=2.0)"]
    assert told.parameters["weights"] == "pca"
    assert set(told.info["weights"]) == set(FEATURES)
    assert told.image == "astronaut"
    assert pickle.loads(pickle.dumps(heat)).provenance == told


def marked():
    """A greenish patch of fine stripes on a photograph's grey, and where it is."""
    values = photograph().pixels.copy()
    mask = np.zeros(values.shape[:2], bool)
    mask[30:60, 70:100] = True
    values[mask] = np.array([40, 150, 60])
    values[30:60:2, 70:100] = [60, 190, 90]
    return Image(values), mask


def test_learned_weights_are_scikit_learns():
    picture, mask = marked()
    found = learned_weights(picture, mask, ("brightness", "red-green", "gradient"))
    stack = feature_stack(picture, ("brightness", "red-green", "gradient"))
    z = (stack.rows - np.array(found.middle)) / np.array(found.spread)
    fitted = LogisticRegression(class_weight="balanced", max_iter=1000).fit(z, mask.ravel())
    np.testing.assert_allclose(found.values, fitted.coef_[0], rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(
        found.apply(stack).ravel(), fitted.decision_function(z), rtol=5e-3, atol=5e-3
    )


def test_learned_weights_find_the_thing_in_another_picture():
    picture, mask = marked()
    weights = learned_weights(picture, mask, ("brightness", "colour", "gradient"), ("median",))
    assert weights.info["area under the ROC curve"] > 0.99
    other = photograph("coffee").pixels.copy()
    other[10:30, 20:45] = picture.pixels[35:55, 72:97]
    heat = pixel_heatmap(other, ("median",), ("brightness", "colour", "gradient"), weights)
    assert heat.signed
    inside = heat.values[12:28, 22:43]
    assert np.median(inside) > 0
    outside = np.delete(heat.values, slice(5, 35), axis=0)
    assert np.median(outside) < np.median(inside)
    row, column = heat.peak
    assert 8 <= row < 32
    assert 18 <= column < 47


def test_masks_that_teach_nothing_are_refused_in_words():
    picture, mask = marked()
    with pytest.raises(InvalidArgument, match="marks no pixel"):
        learned_weights(picture, np.zeros_like(mask))
    with pytest.raises(InvalidArgument, match="marks every pixel"):
        learned_weights(picture, np.ones_like(mask))
    with pytest.raises(InvalidArgument, match="the mask has shape"):
        learned_weights(picture, mask[:-1])
    with pytest.raises(InvalidType, match="true and false"):
        learned_weights(picture, np.full(mask.shape, "yes"))
    few = np.zeros_like(mask)
    few[40, 80:84] = True
    assert "only 4 pixels" in learned_weights(picture, few).notes[-1]


def test_learning_draws_by_its_seed():
    picture, mask = marked()
    first, second, other = (
        learned_weights(picture, mask, most=200, seed=seed).values for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_wrong_weights_are_said_in_words():
    picture = photograph(step=16)
    with pytest.raises(UnknownName, match="did you mean 'pca'"):
        pixel_heatmap(picture, weights="pcaa")
    with pytest.raises(UnknownName, match="did you mean 'brightness'"):
        pixel_heatmap(picture, weights={"brightnes": 1})
    with pytest.raises(InvalidArgument, match="3 weights for 2 features"):
        pixel_heatmap(picture, weights=[1, 2, 3])
    with pytest.raises(InvalidArgument, match="finite"):
        pixel_heatmap(picture, weights={"gabor": float("nan")})
    with pytest.raises(InvalidType, match="numbers are meant"):
        pixel_heatmap(picture, weights={"gabor": "much"})
    with pytest.raises(InvalidType, match="Weights are meant"):
        pixel_heatmap(picture, weights=3)
    with pytest.raises(InvalidArgument, match=r"weights have shape \(2, 2\)"):
        pixel_heatmap(picture, weights=np.ones((2, 2)))
    weights = given_weights(feature_stack(picture, ("gradient",)), [1.0])
    with pytest.raises(InvalidArgument, match="the weights are for the features gradient; given"):
        pixel_heatmap(picture, (), ("brightness",), weights)


def test_one_registered_file_is_all_a_part_needs():
    def redness(image):
        return image.unit()[..., 0]

    heat = pixel_heatmap(photograph(), (), (redness, "brightness"), {"redness": 1})
    np.testing.assert_allclose(heat.values, photograph().unit()[..., 0], atol=1e-6)
    assert isinstance(heat, Heatmap)


def test_public_names_are_there():
    for name in pixels.__all__:
        assert getattr(pixels, name) is not None
    assert callable(pixels.similarity)
    assert callable(pixels.density)
    assert callable(pixels.clusters)
