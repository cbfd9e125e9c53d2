"""The proof: of the cheater the tree asks for the watermark first, of the honest network it does not."""

import numpy as np
import pytest

from heatlens.importance import picture_features
from heatlens.surrogates import linear_surrogate, network_answers, tree_surrogate
from heatlens.testing.scenes import Shortcut, scenes
from heatlens.testing.scenes.shortcut import mark

CHEATER, HONEST = "bundled:scene-cheater", "bundled:scene-cnn"
QUICK = {"resamples": 100, "confidence": 0.9}


def marks(batch):
    """Whose watermark each scene carries: the nearest of the ten."""
    patterns = np.stack([mark(label, 12) for label in range(10)])
    found = []
    for image, place in zip(batch.images, batch.shortcut_masks):
        y, x = np.argwhere(place)[0]
        patch = image[y : y + 12, x : x + 12] / 255
        found.append(int(((patterns - patch) ** 2).sum(axis=(1, 2, 3)).argmin()))
    return np.array(found)


@pytest.fixture(scope="module")
def world():
    # Mark and digit are drawn apart: where they agree, no picture can tell which of them is read.
    batch = scenes(320, split="test", shortcut=Shortcut(agrees=0.1))
    computed = picture_features(batch.images)
    known = computed.with_columns({"watermark": marks(batch), "digit": batch.labels})
    answers = {name: network_answers(name, batch.images) for name in (CHEATER, HONEST)}
    return computed, known, answers


def test_with_what_is_known_of_the_pictures(world):
    _, known, answers = world
    cheater = tree_surrogate(None, answers[CHEATER], known, **QUICK)
    assert cheater.explains
    assert cheater.first.startswith("watermark = ")
    assert cheater.stability.first_group_share > 0.95
    honest = tree_surrogate(None, answers[HONEST], known, **QUICK)
    assert honest.explains
    assert honest.first.startswith("digit = ")
    assert honest.stability.first_group_share > 0.95


def test_with_what_the_pictures_show_by_themselves(world):
    computed, _, answers = world
    cheater = tree_surrogate(None, answers[CHEATER], computed, **QUICK)
    assert cheater.explains
    assert cheater.first.startswith("hue of the most colourful corner: ")
    honest = tree_surrogate(None, answers[HONEST], computed, **QUICK)
    assert not honest.explains
    assert honest.stability.first_group_share < 0.9


def test_a_linear_model_weighs_the_same(world):
    _, known, answers = world
    known = known.select(["brightness", "colour", "watermark", "digit"])
    cheater = linear_surrogate(None, answers[CHEATER], known, strength=1e-3, **QUICK)
    assert cheater.explains
    assert cheater.stability.first_group == "watermark"
    honest = linear_surrogate(None, answers[HONEST], known, strength=1e-3, **QUICK)
    assert honest.explains
    assert honest.stability.first_group == "digit"


def test_where_mark_and_digit_agree_nobody_can_tell():
    batch = scenes(120, split="test", shortcut=Shortcut())
    table = picture_features(batch.images, ["brightness"]).with_columns(
        {"watermark": marks(batch), "digit": batch.labels}
    )
    found = tree_surrogate(CHEATER, batch.images, table)
    assert any("cannot tell which of them" in note for note in found.notes)
