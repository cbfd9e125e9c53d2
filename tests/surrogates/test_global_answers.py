"""What a network says of pictures: kinds of output, alignment, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import FeatureTable
from heatlens.surrogates import network_answers, tree_surrogate
from heatlens.surrogates.aligned import aligned
from heatlens.surrogates.answers import Answers
from heatlens.testing.scenes import scenes


@pytest.fixture(scope="module")
def batch():
    return scenes(40, split="test")


def test_a_bundled_network_is_asked_the_same_in_every_way(batch, tmp_path):
    model = hl.load_model("bundled:scene-cnn")
    tensor = model.contract.normalise(torch.from_numpy(batch.images).permute(0, 3, 1, 2) / 255)
    wanted = model.predict(tensor).softmax(1).numpy()
    for i, image in enumerate(batch.images[:10]):
        Pillow.fromarray(image).save(tmp_path / f"{i}.png")
    ticks = []
    given = {
        "pixels": batch.images,
        "tensor": tensor,
        "list": list(batch.images),
    }
    for name, pictures in given.items():
        found = network_answers(model, pictures)
        assert found.values == pytest.approx(wanted, abs=1e-4), name
        assert found.labels[3] == "digit 3"
    folder = network_answers(model, tmp_path, progress=lambda *done: ticks.append(done))
    assert folder.values == pytest.approx(wanted[:10], abs=1e-4)
    assert ticks[-1] == (10, 10)


def test_pictures_of_several_sizes_keep_their_order():
    class Mean(nn.Module):
        def forward(self, x):
            return x.mean(dim=(1, 2, 3))[:, None]

    model = Mean()
    levels = [0, 60, 120, 180, 240]
    pictures = [np.full((8 + 4 * (i % 2), 8, 3), v, np.uint8) for i, v in enumerate(levels)]
    found = network_answers(model, pictures, output="number")
    assert found.values[:, 0] == pytest.approx(np.array(levels) / 255, abs=1e-5)


@pytest.mark.parametrize(
    ("scores", "options", "kind", "labels", "first"),
    [
        ([[0.0, 0.0]], {}, "classes", ("class 0", "class 1"), [0.5, 0.5]),
        ([[0.25, 0.75]], {}, "classes", ("class 0", "class 1"), [0.25, 0.75]),
        ([[0.0]], {"output": "logit"}, "classes", ("no", "yes"), [0.5, 0.5]),
        ([0.25], {"output": "probability"}, "classes", ("no", "yes"), [0.75, 0.25]),
        ([[0.0]], {"output": "logit", "labels": ["cat"]}, "classes", ("not cat", "cat"), [0.5, 0.5]),
        ([[0.0]], {"output": "logit", "labels": ["a", "b"]}, "classes", ("a", "b"), [0.5, 0.5]),
        ([7.0], {"output": "number", "labels": ["age"]}, "number", ("age",), [7]),
        ([[0.0, 0.0]], {"target": 1}, "number", ("class 1",), [0.5]),
        ([[1.0, 0.0]], {"target": "b", "labels": "ab", "output": "separate"}, "number", ("b",), [0.5]),
        ([[1.0, 8.0]], {"target": 1, "output": "number"}, "number", ("class 1",), [8]),
    ],
)  # fmt: skip
def test_what_scores_can_be(scores, options, kind, labels, first):
    found = network_answers(None, np.array(scores), **options)
    assert found.kind == kind
    assert found.labels == labels
    assert found.values[0] == pytest.approx(first)
    assert network_answers(None, torch.tensor(scores), **options).values[0] == pytest.approx(first)


@pytest.mark.parametrize(
    ("scores", "options", "error", "words"),
    [
        ([[1.0]], {}, InvalidArgument, "say what it is"),
        ([[1.0, 2.0]], {"output": "logit"}, InvalidArgument, "one score, the network gives 2"),
        ([[1.0, 2.0]], {"output": "number"}, InvalidArgument, "name one as target"),
        ([[1.0, 2.0]], {"output": "logits"}, UnknownName, "did you mean 'logit'"),
        ([[3.0]], {"output": "probability"}, InvalidArgument, "take output='logit'"),
        ([[1.0]], {"output": "logit", "target": 2}, InvalidArgument, "only one output"),
        ([[1.0, 2.0]], {"target": 2}, InvalidArgument, "classes 0 to 1"),
        ([[1.0, 2.0]], {"target": "dgo", "labels": ["cat", "dog"]}, UnknownName, "dog"),
        ([[1.0, 2.0]], {"target": 1.0}, InvalidType, "a label or the number"),
        ([[1.0, 2.0]], {"labels": ["a"]}, InvalidArgument, "1 labels for 2 outputs"),
        ([[1.0, np.nan]], {}, InvalidArgument, "NaN or infinity to 1 of 1"),
        ([[]], {}, InvalidArgument, "expected numbers"),
    ],
)
def test_scores_that_cannot_be_read(scores, options, error, words):
    with pytest.raises(error, match=words):
        network_answers(None, np.array(scores), **options)


def test_networks_that_cannot_be_asked(batch):
    with pytest.raises(InvalidType, match="without a model"):
        network_answers(None, batch.images)
    with pytest.raises(InvalidArgument, match="sum of 1"):
        Answers("classes", np.ones((2, 2)), ("a", "b"), "what")
    with pytest.raises(InvalidArgument, match="batch is empty"):
        network_answers("bundled:scene-cnn", torch.zeros(0, 3, 96, 96))
    with pytest.raises(InvalidArgument, match="one row of numbers"):
        network_answers(nn.Conv2d(3, 2, 1), torch.zeros(2, 3, 8, 8))


def test_answers_and_features_are_matched_by_name():
    answers = Answers("number", np.arange(3.0)[:, None], ("y",), "y", ("a", "b", "c"))
    table = FeatureTable(np.arange(3.0)[:, None] * 10, ("x",), rows=("c", "a", "d"))
    found, features, notes = aligned(answers, table)
    assert found.values[:, 0].tolist() == [2, 0]
    assert features.values[:, 0].tolist() == [0, 10]
    assert "2 pictures have both" in notes[0]
    with pytest.raises(InvalidArgument, match="give the same pictures"):
        aligned(answers, FeatureTable(np.zeros((2, 1)), ("x",), rows=("k", "l")))
    with pytest.raises(InvalidArgument, match="share a name"):
        aligned(answers, FeatureTable(np.zeros((2, 1)), ("x",), rows=("a", "a")))
    with pytest.raises(InvalidArgument, match=r"3 answers .* 2 rows"):
        aligned(answers, FeatureTable(np.zeros((2, 1)), ("x",)))
    numbered = FeatureTable(
        np.arange(3.0)[:, None], ("x",), rows=("picture 0", "picture 1", "picture 2")
    )
    assert aligned(answers, numbered)[1] is numbered


def test_whether_scores_are_probabilities_is_decided_once_for_all():
    # The first row alone would pass for probabilities.
    found = network_answers(None, np.array([[0.25, 0.75], [3.0, 1.0]]))
    assert found.values[0, 1] == pytest.approx(1 / (1 + np.exp(-0.5)))
    assert found.values.sum(axis=1) == pytest.approx(1)


class StopsAt:
    """Presses Ctrl-C when so many pictures are done."""

    def __init__(self, done):
        self.done = done

    def __call__(self, done, total):
        if done >= self.done:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["pixels", "tensor"])
def test_a_stopped_network_keeps_its_answers(batch, kind):
    model = hl.load_model("bundled:scene-cnn")
    given = batch.images
    if kind == "tensor":
        given = model.contract.normalise(torch.from_numpy(given).permute(0, 3, 1, 2) / 255)
    whole = network_answers(model, given)
    found = network_answers(model, given, progress=StopsAt(33 if kind == "pixels" else 32))
    assert len(found) == 32
    assert found.rows == whole.rows[:32]
    assert found.values == pytest.approx(whole.values[:32], abs=1e-5)
    assert found.skipped == (("the rest", "the network was stopped after 32 of 40 pictures"),)
    if kind == "pixels":
        with pytest.raises(KeyboardInterrupt):
            network_answers(model, given, progress=StopsAt(1))


def test_a_stand_in_says_that_it_was_stopped():
    x = np.random.default_rng(0).uniform(size=(120, 2))
    table = FeatureTable(x, ("a", "b"), rows=tuple(f"{i}.png" for i in range(120)))
    scores = np.stack([0 * x[:100, 0], 40 * (x[:100, 0] - 0.5)], axis=1)
    answers = network_answers(None, scores)
    stopped = Answers(
        *("classes", answers.values, answers.labels, answers.what, table.rows[:100]),
        (("the rest", "the network was stopped after 100 of 120 pictures"),),
    )
    found = tree_surrogate(
        None, stopped, table, progress=StopsAt(1 + 5 + 150), resamples=400, confidence=0.9
    )
    assert found.explains
    assert found.stability.resamples == 149
    assert "the network was stopped after 100 of 120 pictures" in found.notes
    assert "stopped after 149 of 400 resamples" in found.notes
    with pytest.raises(KeyboardInterrupt):
        tree_surrogate(None, stopped, table, progress=StopsAt(50))
