"""Heat on the words of a text: against other pictures, in whose words, and what is refused."""

import numpy as np
import pytest

import heatlens
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.testing.kinds import captions

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model():
    return heatlens.load_model("bundled:caption-clip")


@pytest.fixture(scope="module")
def seen():
    """Captioned pictures of which the first two differ in a few words only."""
    return captions(4, seed=5, split="test")


def test_contrasted_words_are_the_difference_of_both_views(model, seen):
    pictures = list(seen.images)
    text = heatlens.Text(seen.caption(0), against=pictures[1:])
    heat = heatlens.explain(model, text, "integrated-gradients", pictures[0], steps=16)
    assert heat.axes == "L"
    assert heat.coordinates["L"] == tuple(seen.caption(0).split())
    scores = [
        heatlens.explain(model, heatlens.Text(seen.caption(0)), "occlusion", one, checks=False)
        for one in pictures
    ]
    own, *others = [one.provenance.score for one in scores]
    assert heat.provenance.score == pytest.approx(own - np.mean(others), abs=1e-5)
    assert heat.provenance.target == "fit with the picture rather than 3 others"
    assert heat.provenance.model == "bundled:caption-clip"


def test_no_word_tells_a_picture_from_itself(model, seen):
    same = heatlens.Text(seen.caption(0), against=[seen.images[0]])
    heat = heatlens.explain(model, same, "occlusion", seen.images[0], checks=False)
    np.testing.assert_allclose(heat.values, 0, atol=1e-6)
    assert heat.provenance.target == "fit with the picture rather than another"


def test_against_is_a_list_of_pictures(model, seen):
    with pytest.raises(InvalidType, match=r"also of one: \[picture\]; got str"):
        heatlens.Text("a red square", against="other.png")
    with pytest.raises(InvalidType, match="got ndarray"):
        heatlens.Text("a red square", against=seen.images[0])
    others = list(seen.images)
    assert heatlens.Text("a red square", against=others).against[2] is others[2]
    assert hash(heatlens.Text("a", against=[seen.images[0]])) == hash(heatlens.Text("a"))


def test_a_picture_is_needed(model):
    with pytest.raises(InvalidArgument, match="held against a picture"):
        heatlens.explain(model, heatlens.Text("a red square"), "occlusion")


def test_a_picture_in_tiles_is_refused(model, seen):
    wide = np.tile(seen.images[1], (1, 3, 1))
    text = heatlens.Text(seen.caption(0), against=[wide])
    with pytest.raises(InvalidArgument, match=r"goes in as \d+ tiles; fit="):
        heatlens.explain(model, text, "occlusion", seen.images[0], fit="tile")
