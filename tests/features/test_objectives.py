"""Objectives against the formulas they stand for, on activations written down by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from heatlens.errors import InvalidArgument, InvalidType, NoSpatialLayer
from heatlens.features.activations.unknown import UnknownLayer
from heatlens.features.visualisation.objectives.alignment import Alignment
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.caricature import Caricature
from heatlens.features.visualisation.objectives.channel import Channel
from heatlens.features.visualisation.objectives.direction import Direction
from heatlens.features.visualisation.objectives.diversity import Diversity
from heatlens.features.visualisation.objectives.layer import Layer
from heatlens.features.visualisation.objectives.logit import Logit
from heatlens.features.visualisation.objectives.match import Match
from heatlens.features.visualisation.objectives.neuron import Neuron
from heatlens.features.visualisation.objectives.objective import OBJECTIVES
from heatlens.features.visualisation.objectives.style import Style
from heatlens.features.visualisation.objectives.words import as_objective
from heatlens.features.visualisation.visualize import visualize
from heatlens.models.load import as_model, load_model
from heatlens.models.targets import Difference, OutputFunction


class Net(nn.Module):
    """A convolution on a grid of 4 x 5 cells, and a head."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def anatomy():
    torch.manual_seed(0)
    return Anatomy(as_model(Net()), 3, (8, 10))


@pytest.fixture(scope="module")
def outputs():
    generator = torch.Generator().manual_seed(1)
    return {
        "body": torch.randn(3, 6, 4, 5, generator=generator),
        "head": torch.randn(3, 4, generator=generator),
        "": torch.randn(3, 4, generator=generator),
    }


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (8, 10, 3)).astype(np.uint8)


def test_units(anatomy, outputs):
    body = outputs["body"]
    cases = [
        (Channel("body", 2), body[:, 2].mean((1, 2))),
        (Channel("head", 1), outputs["head"][:, 1]),
        (Neuron("body", 5, (3, 1)), body[:, 5, 3, 1]),
        (Neuron("body", 5), body[:, 5, 2, 2]),
        (Layer("body"), (body**2).mean((1, 2, 3))),
        (Logit(3), outputs[""][:, 3]),
        (Logit(Difference(0, 1)), outputs[""][:, 0] - outputs[""][:, 1]),
        (
            Logit(OutputFunction(lambda out: out[:, 0, 0, 0], layer="body")),
            body[:, 0, 0, 0],
        ),
    ]
    for objective, expected in cases:
        torch.testing.assert_close(objective.bound(anatomy).values(outputs), expected)


@pytest.mark.parametrize("power", [0, 1, 2.5])
def test_direction(anatomy, outputs, power):
    vector = torch.tensor([3.0, 0, 0, 4.0, 0, 0])
    found = Direction("body", vector, power).bound(anatomy).values(outputs)
    for row in range(3):
        parts = []
        for cell in outputs["body"][row].flatten(1).T:
            part = float(cell @ vector) / 5
            parts.append(part * max(part / float(cell.norm()), 0.1) ** power)
        assert float(found[row]) == pytest.approx(np.mean(parts), rel=1e-4)


def test_likeness_to_a_picture(anatomy, outputs, picture):
    batch = anatomy.rows([picture])
    own = anatomy.model.activations(batch, ["body"])
    assert torch.equal(anatomy.seen(picture, "body"), own["body"])
    answer = own["body"].flatten(1)
    body = outputs["body"].flatten(1)
    # The picture itself matches itself, in content and in texture.
    assert float(Match("body", picture).bound(anatomy).values(own)) == 0
    assert float(Style(picture, ("body",)).bound(anatomy).values(own)) == 0
    length = float(answer.norm())
    assert float(Caricature("body", picture).bound(anatomy).values(own)) == pytest.approx(length)
    torch.testing.assert_close(
        Match("body", picture).bound(anatomy).values(outputs),
        -((body - answer) ** 2).sum(1) / (answer**2).sum(),
    )
    cosine = torch.cosine_similarity(body, answer, dim=1)
    torch.testing.assert_close(
        Caricature("body", picture, 2.0).bound(anatomy).values(outputs),
        (body @ answer[0] / length) * cosine.clamp(min=0.1) ** 2,
    )
    theirs = np.einsum("kp,lp->kl", *[answer.view(6, 20).numpy()] * 2) / 20
    mine = [np.einsum("kp,lp->kl", row, row) / 20 for row in outputs["body"].flatten(2).numpy()]
    np.testing.assert_allclose(
        Style(picture, ("body",)).bound(anatomy).values(outputs),
        [-((one - theirs) ** 2).sum() / (theirs**2).sum() for one in mine],
        rtol=1e-4,
    )


def test_alignment_sums_to_the_weighted_pairs(anatomy, outputs):
    found = Alignment("body", decay=3.0).bound(anatomy).values(outputs)
    a = outputs["body"].flatten(1)
    gap = {(i, j): float(((a[i] - a[j]) ** 2).mean()) for i in range(3) for j in range(3)}
    assert float(found.sum()) == pytest.approx(-(gap[0, 1] + gap[1, 2] + gap[0, 2] / 3), rel=1e-4)
    assert float(found[0]) == pytest.approx(-0.5 * (gap[0, 1] + gap[0, 2] / 3), rel=1e-4)


def test_diversity_is_minus_the_mean_cosine_of_styles(anatomy, outputs):
    found = Diversity("body").bound(anatomy).values(outputs)
    rows = [(row @ row.T).flatten().numpy() for row in outputs["body"].flatten(2)]
    cosine = [[a @ b / math.sqrt((a @ a) * (b @ b)) for b in rows] for a in rows]
    assert float(found[1]) == pytest.approx(-(cosine[1][0] + cosine[1][2]) / 2, rel=1e-4)
    same = {"body": outputs["body"][:1].expand(3, -1, -1, -1)}
    np.testing.assert_allclose(Diversity("body").bound(anatomy).values(same), -1, rtol=1e-5)
    for between in (Diversity("body"), Alignment("body")):
        assert (1 + 2 * between).between
        with pytest.raises(InvalidArgument, match="between canvases"):
            between.bound(anatomy).values({"body": outputs["body"][:1]})


def test_algebra(anatomy, outputs):
    a, b = Channel("body", 0), Logit(1)
    x, y = outputs["body"][:, 0].mean((1, 2)), outputs[""][:, 1]
    cases = [
        (a + b, x + y, "body:0 + logit:class 1"),
        (a - 2 * b, x - 2 * y, "body:0 - 2 * logit:class 1"),
        (a * b, x * y, "logit:class 1 * body:0"),
        (1 - a, 1 - x, "1 - body:0"),
        (-(a + 1), -(x + 1), "-(body:0 + 1)"),
        ((-1) * (-a), x, "-(-body:0)"),
        (a - (b - 1), x - (y - 1), "body:0 - (logit:class 1 - 1)"),
    ]
    for objective, expected, words in cases:
        torch.testing.assert_close(objective.bound(anatomy).values(outputs), expected)
        assert str(objective) == words
        assert set(objective.layers) <= {"body", ""}
    for wrong in ("layer4", True, None):
        with pytest.raises(InvalidType, match="added to an objective"):
            a + wrong
    with pytest.raises(InvalidArgument, match="finite"):
        math.nan * a


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("body:2", "body:2"),
        ("body : 2@centre", "body:2@2,2"),
        ("body:2@1, 3", "body:2@1,3"),
        ("body", "body"),
        ("logit:3", "logit:d"),
        ("a - b", "logit:a - b"),
        ("logit:a - b", "logit:a - b"),
        ("c", "logit:c"),
        ("2*body:1 - .5", None),
        ("2 * body:1 - 0.5*logit:c + body:0 * body:1", None),
        ("-body:1", "-body:1"),
    ],
)
def test_words(words, expected):
    model = load_model(Net(), labels=["a - b", "b", "c", "d"])
    if words == "2*body:1 - .5":
        with pytest.raises(InvalidArgument):
            as_objective(words, model)
        return
    found = as_objective(words, model).bound(Anatomy(model, 3, (8, 8)))
    written = expected or "2 * body:1 - 0.5 * logit:c + body:1 * body:0"
    assert str(found) == written


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("", InvalidArgument, "write LAYER:CHANNEL"),
        ("body:", InvalidArgument, "write LAYER:CHANNEL"),
        ("body:two", InvalidArgument, "no number of a channel"),
        ("body:2@x", InvalidArgument, "@ROW,COLUMN"),
        ("2 * 3", InvalidArgument, "names no layer"),
        (2.5, InvalidType, "no objective"),
        (True, InvalidType, "no objective"),
        ("bdoy:2", UnknownLayer, r"did you mean 'body'\?\n  body  \(Conv2d 6 x 4"),
        ("body:6", InvalidArgument, "no channel 6: it has 6, 0 to 5"),
        ("body:2@4,0", InvalidArgument, "not in the grid of 'body', 4 x 5"),
        ("head:1@centre", NoSpatialLayer, "write 'head:1'"),
        ("logit:4", InvalidArgument, "out of range"),
        (Caricature("body", np.ones((8, 8, 3), np.uint8), -1.0), InvalidArgument, "power"),
        ("logit:predicted", InvalidArgument, "hangs on the input"),
        (Direction("body", [1.0, 2.0]), InvalidArgument, "2 numbers; 'body' has 6"),
        (Direction("body", [0.0] * 6), InvalidArgument, "length 0"),
        (Style(np.zeros((8, 8, 3), np.uint8), ("head",)), NoSpatialLayer, "no texture"),
    ],
)
def test_what_cannot_be_is_refused_in_words(anatomy, spec, error, message):
    with pytest.raises(error, match=message):
        as_objective(spec, anatomy.model).bound(anatomy)


def test_a_layer_named_logit_is_a_layer():
    net = nn.Sequential()
    net.add_module("logit", nn.Conv2d(3, 2, 1))
    found = as_objective("logit:1", as_model(net))
    assert isinstance(found, Channel)


def test_a_word_that_is_a_class_and_a_layer_is_refused():
    model = load_model(Net(), labels=["head", "b", "c", "d"])
    with pytest.raises(InvalidArgument, match="a class and a layer"):
        as_objective("head", model)
    assert str(as_objective("logit:head", model)) == "logit:head"


def test_whole_numbers_of_numpy_are_taken(anatomy, outputs):
    bound = Channel("body", np.int64(2)).bound(anatomy)
    assert str(bound) == "body:2"
    assert isinstance(as_objective(np.int64(1), anatomy.model), Logit)


def test_of_probabilities_the_logarithm_is_climbed(outputs):
    torch.manual_seed(0)
    net = nn.Sequential(Net(), nn.Softmax(1))
    bound = Logit(1).bound(Anatomy(as_model(net), 3, (8, 10)))
    shares = outputs[""].softmax(1)
    torch.testing.assert_close(bound.values({"": shares}), shares[:, 1].log())
    assert str(bound) == "log probability:class 1"


def test_pictures_keep_their_shape_on_the_canvas():
    """A disc stays a disc: the middle of the picture, or as the model's contract fits it."""
    y, x = np.mgrid[:100, :300]
    photo = np.repeat((((y - 50) ** 2 + (x - 150) ** 2 < 900) * 255)[..., None], 3, -1)
    for size in (None, 64):
        model = load_model(Net(), input_size=size, mean=0.0, std=1.0)
        seen = Anatomy(model, 3, (64, 64)).pixels([photo.astype(np.uint8)])[0, 0] > 0.5
        height, width = (int(seen.any(axis).sum()) for axis in (1, 0))
        assert abs(height - width) <= 1
        assert height > 30


PHOTO = np.random.default_rng(0).integers(0, 256, (8, 10, 3)).astype(np.uint8)
EXAMPLES = {
    "Alignment": Alignment("body"),
    "Caricature": Caricature("body", PHOTO),
    "Channel": Channel("body", 1),
    "Direction": Direction("body", [1.0, 0, 0, 2.0, 0, 0]),
    "Diversity": Diversity("body"),
    "Layer": Layer("body"),
    "Logit": Logit(1),
    "Match": Match("body", PHOTO),
    "Neuron": Neuron("body", 1),
    "Style": Style(PHOTO, ("body",)),
}


def test_every_objective_has_an_example():
    assert set(EXAMPLES) == set(OBJECTIVES)
    for name, item in OBJECTIVES.items():
        assert isinstance(EXAMPLES[name], item.make)
        assert item.summary.endswith((".", ":"))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_objective_gives_one_number_a_row_with_a_gradient(anatomy, outputs, name):
    bound = EXAMPLES[name].bound(anatomy)
    assert 0 < len(str(bound)) < 40
    leaves = {key: outputs[key].clone().requires_grad_() for key in bound.layers}
    values = bound.values(leaves)
    assert values.shape == (3,)
    values.sum().backward()
    for leaf in leaves.values():
        assert bool(torch.isfinite(leaf.grad).all())
        assert bool(leaf.grad.any())
    if not bound.between:  # then a row's number is the same alone
        for row in range(3):
            alone = {key: output[row : row + 1] for key, output in outputs.items()}
            torch.testing.assert_close(bound.values(alone), values[row : row + 1].detach())


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - {"Alignment", "Diversity"}))
def test_every_objective_is_climbed(anatomy, name):
    """A few steps of ascent on a small network make it larger."""
    found = [
        visualize(anatomy.model, EXAMPLES[name], size=(8, 10), steps=steps, transforms="none")
        for steps in (1, 30)
    ]
    first, last = (image.metadata["visualisation"]["value"] for image in found)
    assert last > first
