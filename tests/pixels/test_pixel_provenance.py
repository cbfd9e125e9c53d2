"""A map can be made again from what its provenance says, and from nothing less."""

import functools
import json

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.pixels import clusters, feature_stack, learned_weights, pixel_heatmap, similarity
from tests.pixels.pictures_for_pixels import photograph

PICTURE = photograph()
HARRIS = ("corner-strength", {"method": "harris"})


def marked():
    mask = np.zeros(PICTURE.size, bool)
    mask[30:60, 40:80] = True
    return mask


def test_the_numbers_of_the_weights_give_the_map_again():
    features = [HARRIS, "brightness"]
    learned = learned_weights(PICTURE, marked(), features)
    for weights in ("pca", "equal", "variance", learned):
        heat = pixel_heatmap(PICTURE, (), features, weights)
        told = json.loads(heat.provenance.to_json())["info"]
        values = feature_stack(PICTURE, features).values.astype(float)
        again = told["intercept"] + sum(
            told["weights"][name] * (values[..., i] - told["middle"][name]) / told["spread"][name]
            for i, name in enumerate(told["weights"])
        )
        np.testing.assert_allclose(heat.values, again, atol=1e-5 * np.ptp(again))


def test_the_spread_of_tiny_features_gives_the_map_again():
    heat = similarity(PICTURE, (30, 70), features=(HARRIS,))
    spread = json.loads(heat.provenance.to_json())["info"]["spread"]
    again = similarity(PICTURE, (30, 70), features=(HARRIS,), spread=spread)
    np.testing.assert_array_equal(again.values, heat.values)


def test_every_argument_is_told():
    weights = learned_weights(PICTURE, marked(), ("colour",), strength=0.5, most=300, seed=2**40)
    told = pixel_heatmap(PICTURE, weights=weights).provenance
    assert told.parameters["weights"] == f"learned(strength=0.5, most=300, seed={2**40})"
    assert told.seed == 2**40
    assert told.info["learned from"] == "astronaut"
    found = clusters(PICTURE, k=3, silhouette_sample=77).provenance.parameters
    assert found["silhouette_sample"] == 77
    compared = similarity(PICTURE, (3, 3), standardise=True).provenance.parameters
    assert compared["standardise"] is True


def test_masks_and_second_pictures_are_told_apart():
    one, two = marked(), np.roll(marked(), 1, axis=0)
    told = [similarity(PICTURE, mask).provenance.to_json() for mask in (one, one, two)]
    digests = [json.loads(text)["parameters"]["mask"]["sha256"] for text in told]
    assert digests[0] == digests[1] != digests[2]
    other = PICTURE.pixels.copy()
    other[3, 3] += 1
    pictures = [similarity(PICTURE, Image(p)).provenance for p in (PICTURE.pixels, other)]
    assert pictures[0].parameters["pixels"] != pictures[1].parameters["pixels"]
    learned = [learned_weights(PICTURE, mask, ("colour",)).info["mask"] for mask in (one, two)]
    assert learned[0] != learned[1]


def test_arrays_among_parameters_have_a_digest():
    def masked(image, *, where):
        return image.unit()[..., 0] * where

    stacks = [
        feature_stack(PICTURE, functools.partial(masked, where=where))
        for where in (marked(), ~marked())
    ]
    assert stacks[0].features[0].startswith("masked(where={'shape': [128, 128]")
    assert stacks[0].features != stacks[1].features


def test_weights_remember_what_they_are_for():
    gabor = ("gabor", {"wavelengths": 4.0})
    weights = learned_weights(PICTURE, marked(), [gabor, "brightness"], ["gaussian"])
    own = pixel_heatmap(PICTURE, weights=weights)
    np.testing.assert_array_equal(
        own.values, pixel_heatmap(PICTURE, ["gaussian"], [gabor, "brightness"], weights).values
    )
    assert own.provenance.parameters["preprocess"] == ["gaussian(sigma=1.0)"]
    other = ("gabor", {"wavelengths": 32.0})
    with pytest.raises(InvalidArgument, match=r"gabor\(wavelengths=4.0.*given are gabor.*=32.0"):
        pixel_heatmap(PICTURE, ["gaussian"], [other, "brightness"], weights)
    with pytest.raises(InvalidArgument, match=r"preprocessing gaussian\(sigma=1.0\); given are no"):
        pixel_heatmap(PICTURE, (), [gabor, "brightness"], weights)
    with pytest.raises(InvalidArgument, match="was measured already"):
        learned_weights(feature_stack(PICTURE, ("brightness",)), marked(), ("gabor",))
    ones = [learned_weights(PICTURE, marked(), lambda image: image.unit()[..., 0])]
    with pytest.raises(InvalidArgument, match="lambda"):
        pixel_heatmap(PICTURE, (), lambda image: image.unit()[..., 1], ones[0])


def test_what_can_be_read_once_is_read_once():
    steps, features = ["gaussian"], ["colour", "gradient"]
    assert (
        pixel_heatmap(PICTURE, iter(steps), iter(features), "pca").provenance.parameters
        == pixel_heatmap(PICTURE, steps, features, "pca").provenance.parameters
    )
    pairs = [
        (f(PICTURE, *a, iter(features), iter(steps)), f(PICTURE, *a, features, steps))
        for f, a in ((similarity, ((3, 3), "euclidean")), (similarity, (PICTURE, "cosine")))
    ]
    for once, many in pairs:
        np.testing.assert_array_equal(once.values, many.values)
        assert once.provenance.parameters == many.provenance.parameters
    np.testing.assert_array_equal(
        feature_stack(PICTURE, iter(features), iter(steps)).values,
        feature_stack(PICTURE, features, steps).values,
    )
    labels = [clusters(PICTURE, k=3, preprocess=one).labels for one in (iter(steps), steps)]
    np.testing.assert_array_equal(*labels)
    with pytest.raises(InvalidType, match="not in a dictionary"):
        feature_stack(PICTURE, {"gradient": {"sigma": 3.0}})


def test_steps_run_once_for_each_picture():
    calls = []

    def counted(image):
        calls.append(image.size)
        return image

    similarity(PICTURE, (3, 3), preprocess=[counted])
    assert len(calls) == 1
    similarity(PICTURE, PICTURE, preprocess=[counted])
    assert len(calls) == 3
