"""What is read of models and what labels are: never guessed in parts, never silently wrong."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import SVC
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance import partial_dependence, permutation_importance, shapley_values
from heatlens.importance.network import NetworkSubject
from heatlens.importance.reading import Reading
from heatlens.importance.scores import Score
from heatlens.importance.stack import Stack

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] + 0.3 * RNG.normal(size=60) > 0).astype(int)
WORDS = np.array(["cat", "dog"])[Y]
NUMBERS, TEXTS = (LogisticRegression().fit(X, labels) for labels in (Y, WORDS))
REGRESSOR = LinearRegression().fit(X, X[:, 0])
TWO_NUMBERS = LinearRegression().fit(X, X[:, :2])


def lone(end=None, weight=1.0, bias=-1.2, **contract):
    """A network with one number: w (R + G + B) + b of flat pictures."""
    linear = nn.Linear(3, 1)
    linear.weight.data.fill_(weight)
    linear.bias.data.fill_(bias)
    layers = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear, *([end] if end else [])]
    return hl.load_model(nn.Sequential(*layers), input_size=8, mean=0.0, std=1.0, **contract)


def flat(levels):
    return np.stack([np.full((8, 8, 3), round(level), np.uint8) for level in levels])


LEVELS = np.linspace(20, 230, 80)
LOGITS = 3 * np.round(LEVELS) / 255 - 1.2


@pytest.mark.parametrize("part", [slice(0, 80), slice(36, 60)], ids=["all", "logits-within-0-1"])
def test_one_logit_is_a_logit_in_every_part(part):
    model, pictures, logits = lone(), flat(LEVELS)[part], LOGITS[part]
    subject = NetworkSubject(model, pictures, reads="probabilities", features=["brightness"])
    for rows in (np.array([10]), np.array([10, 0]), subject.all_rows()):
        expected = 1 / (1 + np.exp(-logits[rows]))
        np.testing.assert_allclose(subject.outputs(rows)[:, 1], expected, atol=1e-6)
    found = permutation_importance(
        model, pictures, (logits > 0).astype(int), features="brightness", repeats=1
    )
    assert found.baseline == 1


def test_one_probability_stays_one():
    model, pictures = lone(nn.Sigmoid(), weight=20.0, bias=-30.0), flat(LEVELS)
    subject = NetworkSubject(model, pictures, reads="probabilities", features=["brightness"])
    expected = 1 / (1 + np.exp(30 - 60 * np.round(LEVELS) / 255))
    np.testing.assert_allclose(subject.outputs(subject.all_rows())[:, 1], expected, atol=1e-5)


def test_probabilities_that_turn_out_to_be_none_are_refused():
    read = Reading("probabilities", 1, True, "net")
    assert read(torch.tensor([[0.25]])).tolist() == [[0.75, 0.25]]
    with pytest.raises(InvalidArgument, match="sigmoid or softmax at the end"):
        read(torch.tensor([[1.5]]))


def test_one_label_is_the_second_class():
    model, pictures = lone(weight=10.0, bias=-15.0, labels=["dog"]), flat(LEVELS[::4])
    dogs = np.array(["not dog", "dog"])[(np.round(LEVELS[::4]) > 127.5).astype(int)]
    curve = partial_dependence(model, pictures, "brightness", target="dog", grid=[0.1, 0.9])
    assert curve.average[0] < 0.01 < 0.99 < curve.average[1]
    assert curve.aim == "probability of dog"
    for score in ("accuracy", "probability"):
        found = permutation_importance(
            model, pictures, dogs, features="brightness", score=score, repeats=1
        )
        assert found.baseline > 0.9
    with pytest.raises(UnknownName, match="not dog"):
        permutation_importance(model, pictures, ["cat"] * 20, features="brightness")
    score = partial_dependence(
        model, pictures, "brightness", target="dog", output="score", grid=[0.5]
    )
    assert score.average[0] == pytest.approx(0, abs=1e-2)
    assert score.aim == "score of dog"
    with pytest.raises(InvalidArgument, match="other sign"):
        partial_dependence(model, pictures, "brightness", target="not dog", output="score")
    with pytest.raises(InvalidArgument, match="3 labels"):
        permutation_importance(lone(labels=["a", "b", "c"]), pictures, features="brightness")


SAME = {
    "bool": (NUMBERS, Y.astype(bool)),
    "float": (NUMBERS, Y.astype(float)),
    "list": (NUMBERS, Y.tolist()),
    "column": (NUMBERS, Y[:, None]),
    "texts": (TEXTS, WORDS),
    "objects": (TEXTS, WORDS.astype(object)),
    "columns-of-texts": (TEXTS, Y),
    "bool-of-texts": (TEXTS, Y.astype(bool)),
}


@pytest.mark.parametrize("score", ["accuracy", "probability"])
@pytest.mark.parametrize("kind", list(SAME))
def test_labels_mean_the_same_for_both_scores(kind, score):
    model, labels = SAME[kind]
    plain = permutation_importance(NUMBERS, X, Y, score=score, repeats=1)
    found = permutation_importance(model, X, labels, score=score, repeats=1)
    assert found.baseline == pytest.approx(plain.baseline, abs=1e-6)
    assert found.values == pytest.approx(plain.values, abs=1e-6)


def hard(rows):
    return (rows[:, 0] > 0).astype(int)


def soft(rows):
    one = 1 / (1 + np.exp(-rows[:, 0]))
    return np.stack([1 - one, one], 1)


WRONG = {
    "shifted": (NUMBERS, Y + 1, UnknownName, "label '2'"),
    "seven": (NUMBERS, np.full(60, 7), UnknownName, "7"),
    "negative": (NUMBERS, -Y, UnknownName, "-1"),
    "half": (NUMBERS, Y + 0.5, UnknownName, r"\.5"),
    "none": (NUMBERS, [None] * 60, InvalidArgument, "60 of 60 labels are missing"),
    "nan": (NUMBERS, np.where(Y, 1, np.nan), InvalidArgument, "are missing"),
    "mixed": (TEXTS, ["cat", 1] * 30, InvalidType, "mixed"),
    "one-hot": (NUMBERS, np.eye(2)[Y], InvalidArgument, "one-hot"),
    "numbers-for-texts": (TEXTS, np.full(60, 2), InvalidArgument, "2 classes, 0 to 1"),
    "columns-of-a-function": (soft, Y + 1, InvalidArgument, "2 classes, 0 to 1"),
    "texts-of-a-function": (soft, WORDS, InvalidType, "names no classes"),
}


@pytest.mark.parametrize("score", ["accuracy", "probability"])
@pytest.mark.parametrize("kind", list(WRONG))
def test_labels_that_no_model_says_are_refused(kind, score):
    model, labels, error, words = WRONG[kind]
    with pytest.raises(error, match=words):
        permutation_importance(model, X, labels, score=score, repeats=1)


def test_labels_of_models_that_name_no_classes():
    assert permutation_importance(hard, X, hard(X), repeats=1).baseline == 1
    with pytest.raises(InvalidArgument, match="not once one of the labels, 5, 6"):
        permutation_importance(hard, X, Y + 5, repeats=1)
    with pytest.raises(InvalidArgument, match="of the same kind"):
        permutation_importance(hard, X, WORDS, repeats=1)
    digits = RandomForestClassifier(3, random_state=0).fit(X, Y.astype(str))
    with pytest.raises(InvalidArgument, match="give labels as texts"):
        permutation_importance(digits, X, Y, repeats=1)


REFUSED = {
    "regressor": (REGRESSOR, None, {}, InvalidType, "is a regressor"),
    "function-of-numbers": (lambda x: x[:, 0], None, {}, InvalidArgument, "score='r2'"),
    "scores-as-probabilities": (
        lambda x: np.stack([-x[:, 0], x[:, 0]], 1), Y, {"score": "probability"}, InvalidArgument,
        "no probabilities",
    ),
    "several-outputs": (
        MultiOutputClassifier(LogisticRegression()).fit(X, np.stack([Y, 1 - Y], 1)), Y,
        {"score": "probability"}, InvalidArgument, "several outputs",
    ),
    "not-fitted": (RandomForestClassifier(), Y, {}, InvalidArgument, "not fitted"),
    "other-width": (LinearRegression().fit(X[:, :2], Y), Y, {"score": "r2"}, InvalidArgument, "2 features"),
    "score-of-classes": (NUMBERS, Y, {"score": f1_score}, InvalidArgument, "'classes', None, f1_score"),
    "rare-class": (
        NUMBERS, np.arange(60) == 0, {"score": roc_auc_score}, InvalidArgument, "several rows",
    ),
    "confidence": (NUMBERS, Y, {"confidence": "0.95"}, InvalidType, "a number between 0 and 1"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Only one class")
@pytest.mark.parametrize("kind", list(REFUSED))
def test_models_and_scores_that_do_not_go_together(kind):
    model, labels, extra, error, words = REFUSED[kind]
    with pytest.raises(error, match=words):
        permutation_importance(model, X, labels, **{"repeats": 1, **extra})


def test_own_scores_get_the_second_of_two_classes():
    found = permutation_importance(NUMBERS, X, Y, score=roc_auc_score, repeats=2)
    assert found.baseline == pytest.approx(roc_auc_score(Y, NUMBERS.predict_proba(X)[:, 1]))
    of_classes = Score("f1", "F1", "classes", None, f1_score)
    found = permutation_importance(NUMBERS, X, Y, score=of_classes, repeats=2)
    assert found.baseline == pytest.approx(f1_score(Y, NUMBERS.predict(X)))


def test_numbers_that_belong_to_no_class_have_to_be_named():
    curve = partial_dependence(TWO_NUMBERS, X, "feature 1", target=1, grid=[-1.0, 1.0])
    np.testing.assert_allclose(curve.average, [-1, 1], atol=1e-9)
    assert curve.aim == "output 1 of LinearRegression"
    for target in (None, "predicted", 2, True):
        with pytest.raises(InvalidArgument, match="target=0 to 1"):
            shapley_values(TWO_NUMBERS, X[:12], target=target)
    assert shapley_values(soft, X[:12]).aim == "output of class 1"  # its rows are probabilities
    pairwise = SVC(decision_function_shape="ovo").fit(X, np.digitize(X[:, 0], [-1, 0, 1]))
    with pytest.raises(InvalidArgument, match="6 numbers for 4 classes"):
        shapley_values(pairwise, X[:12], target=2)
    with pytest.raises(InvalidType, match="says classes"):
        shapley_values(lambda x: np.where(x[:, 0] > 0, "a", "b"), X[:12])


def test_the_one_score_of_two_classes_is_the_seconds():
    model = SVC().fit(X, Y)
    expected = shapley_values(model, X[:12]).values
    np.testing.assert_array_equal(shapley_values(model, X[:12], target=1).values, expected)
    with pytest.raises(InvalidArgument, match="that of class 1"):
        shapley_values(model, X[:12], target=0)


def test_an_array_of_pictures_has_one_range():
    model = lone()
    levels = np.stack([np.full((8, 8, 3), 0.5), np.full((8, 8, 3), 0.25)])
    found = Stack(model, levels).pixels(np.array([0, 1]))
    assert [float(one.max()) for one in found] == [0.5, 0.25]
    deep = np.stack([np.full((8, 8), 13107, np.uint16), np.full((8, 8), 100, np.uint16)])
    assert float(Stack(lone(), deep).pixels(np.array([0])).max()) == pytest.approx(0.2, abs=1e-4)
    batch = torch.full((2, 3, 8, 8), 0.75)
    assert float(Stack(model, batch).pixels(np.array([1])).min()) == 0.75
    with pytest.raises(InvalidArgument, match=r"floats lie in 0\.\.1"):
        Stack(model, np.stack([np.full((8, 8, 3), 200.0), np.full((8, 8, 3), 1.0)]))
    one_picture = np.zeros((20, 8, 3), np.uint8)
    with pytest.raises(InvalidArgument, match=r"is one picture.*give \[picture\]"):
        permutation_importance(model, one_picture, np.zeros(20, int), features="brightness")
