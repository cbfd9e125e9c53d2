"""Pools of opinions, against their formulas on maps that are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.images.area import reduced
from heatlens.perception.channels import seen
from heatlens.perception.displays import hit, popout
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY
from heatlens.perception.static.ensemble import ensemble

QUICK = ("spectral-residual", "image-signature")


@pytest.fixture(scope="module")
def image():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    pixels[5:9, 20:24] = (255, 0, 0)
    return Image(pixels)


@pytest.fixture(scope="module")
def maps(image):
    return [SALIENCY[name](image).astype(float) for name in QUICK]


def on_the_grid(image, name):
    return reduced(SALIENCY[name](image), image.size).astype(float)


def test_the_linear_pool_is_the_weighted_mean(image, maps):
    first, second = (values / values.mean() for values in maps)
    ours = ensemble(image, members=QUICK, weights=(1, 3))
    np.testing.assert_allclose(ours, first / 4 + 3 * second / 4, rtol=1e-5)
    assert ours.mean() == pytest.approx(1, rel=1e-5)


def test_weights_may_be_an_array(image):
    ours = ensemble(image, members=QUICK, weights=np.array([1, 3]))
    np.testing.assert_array_equal(ours, ensemble(image, members=QUICK, weights=(1, 3)))


def test_members_see_the_picture_averaged_down_once():
    """As one too large for memory is: what its own model sees of it is not an average of all."""
    pixels = np.random.default_rng(5).integers(0, 256, (700, 1301, 3), dtype=np.uint8)
    shown = SALIENCY["itti-koch"](seen(Image(pixels), 640))
    ours = ensemble(Image(pixels), members=["itti-koch"])
    expected = enlarged(shown, ours.shape)
    np.testing.assert_allclose(ours, expected / expected.mean(), rtol=1e-5)


def test_the_logarithmic_pool_is_the_geometric_mean(image, maps):
    first, second = (0.95 * values / values.mean() + 0.05 for values in maps)
    ours = ensemble(image, members=QUICK, pool="logarithmic")
    np.testing.assert_allclose(ours, np.sqrt(first * second), rtol=1e-5)


def test_ranks_are_even(image, maps):
    ours = ensemble(image, members=QUICK[:1], scale="rank")
    ranks = scipy.stats.rankdata(maps[0]).reshape(ours.shape)
    np.testing.assert_allclose(ours, (ranks - 0.5) / ours.size * 2, rtol=1e-5)


def test_one_member_is_itself(image, maps):
    np.testing.assert_allclose(
        ensemble(image, members=[QUICK[0]]), maps[0] / maps[0].mean(), rtol=1e-5
    )


def test_the_centre_has_its_share(image):
    prior = on_the_grid(image, "centre-prior")
    alone = ensemble(image, members=QUICK)
    mixed = ensemble(image, members=QUICK, centre=0.25)
    np.testing.assert_allclose(mixed, 0.75 * alone + 0.25 * prior / prior.mean(), rtol=1e-5)
    np.testing.assert_allclose(
        ensemble(image, members=QUICK, centre=1.0), prior / prior.mean(), rtol=1e-5
    )


def test_of_one_colour_only_the_prior_is_left():
    plain = Image(np.full((24, 32), 90, np.uint8), "YX")
    assert not ensemble(plain, members=QUICK).any()
    prior = on_the_grid(plain, "centre-prior")
    np.testing.assert_allclose(
        ensemble(plain, members=QUICK, centre=0.1), prior / prior.mean(), rtol=1e-5
    )


def test_members_of_any_grid():
    pixels = np.random.default_rng(1).integers(0, 256, (200, 333, 3), dtype=np.uint8)
    values = ensemble(Image(pixels), members=["fine-grained", "spectral-residual"])
    assert values.shape == (96, 160)
    assert np.isfinite(values).all()


@pytest.mark.parametrize("kind", ["colour", "orientation"])
def test_finds_the_odd_item(kind):
    displays = [popout(kind, seed=seed) for seed in range(20)]
    assert np.mean([hit(ensemble(one.image), one) for one in displays]) >= 0.9


@pytest.mark.parametrize(
    ("parameters", "kind", "words"),
    [
        ({"members": ["spectral-residul"]}, UnknownName, "did you mean 'spectral-residual'"),
        ({"members": "spectral-residual"}, InvalidType, "a list of names"),
        ({"members": []}, InvalidArgument, "at least one"),
        ({"members": ["ensemble"]}, InvalidArgument, "itself"),
        ({"members": QUICK * 2}, InvalidArgument, "twice"),
        ({"members": QUICK, "weights": (1,)}, InvalidArgument, "1 weights for 2 members"),
        ({"members": QUICK, "weights": (1, -1)}, InvalidArgument, "0 or more"),
        ({"members": QUICK, "weights": (0, 0)}, InvalidArgument, "not all 0"),
        ({"members": QUICK, "weights": 3.0}, InvalidType, "a list of numbers"),
        ({"members": [3]}, InvalidType, "3 among members is not a name"),
        ({"members": [["aim"]]}, InvalidType, "is not a name"),
        ({"weights": ["a", "b", "c"]}, InvalidType, "a list of numbers"),
        ({"weights": "123"}, InvalidType, "a list of numbers"),
        ({"weights": [[1.0, 2.0, 3.0]]}, InvalidType, "a list of numbers"),
        ({"weights": [float("nan"), 1, 1]}, InvalidArgument, "0 or more"),
        ({"pool": "log"}, UnknownName, "pool of ensemble"),
        ({"scale": "ranks"}, UnknownName, "did you mean 'rank'"),
        ({"centre": 1.5}, InvalidArgument, "from 0 to 1"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_wrong_parameters_are_told(image, parameters, kind, words):
    with pytest.raises(kind, match=words):
        ensemble(image, **parameters)
