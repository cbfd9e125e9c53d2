"""Models with several inputs: each explained while the others are held, row by row."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens
from heatlens.attribution.attribute import attribute
from heatlens.attribution.explain import explain
from heatlens.errors import InvalidArgument, InvalidType, UnknownName, UnsupportedMethod
from heatlens.models.load import load_model
from tests.attribution.networks import pictures, seeded


class Chart(nn.Module):
    """A picture, a row of numbers and a whole number, multiplied together; two outputs."""

    def __init__(self):
        super().__init__()
        self.see = nn.Conv2d(3, 4, 8, stride=8)
        self.read = nn.Linear(5, 4)
        self.choose = nn.Embedding(3, 4)

    def forward(self, picture, numbers, kind=None):
        seen = torch.tanh(self.see(picture)).mean((2, 3)) * torch.tanh(self.read(numbers))
        if kind is not None:
            seen = seen * self.choose(kind)
        return {"features": seen, "logits": seen @ torch.ones(4, 2)}


def inputs(rows=3):
    generator = torch.Generator().manual_seed(1)
    return {
        "picture": pictures(rows),
        "numbers": torch.randn(rows, 5, generator=generator),
        "kind": torch.tensor([0, 1, 2][:rows]),
    }


def bare_gradient(network, given, name):
    leaf = given[name].clone().requires_grad_()
    network({**given, name: leaf}["picture"], {**given, name: leaf}["numbers"], given["kind"])[
        "logits"
    ][:, 1].sum().backward()
    return leaf.grad


def test_gradients_of_each_input_are_the_bare_ones():
    network = seeded(Chart())
    given = inputs()
    maps = attribute(network, given, "gradient", target=1)
    assert set(maps) == {"picture", "numbers"}
    for name, values in maps.items():
        torch.testing.assert_close(values, bare_gradient(network, given, name))


def test_a_tuple_gives_a_tuple_and_one_name_gives_one_map():
    network = seeded(Chart())
    given = inputs()
    whole = attribute(network, given, "input-x-gradient", target=0)
    ordered = attribute(network, tuple(given.values()), "input-x-gradient", target=0)
    assert ordered[2] is None
    assert torch.equal(ordered[0], whole["picture"])
    alone = attribute(network, given, "input-x-gradient", target=0, input_name="numbers")
    assert torch.equal(alone, whole["numbers"])


def test_integrated_gradients_are_complete_for_each_input():
    network = seeded(Chart())
    given = inputs()
    full = attribute(network, given, "integrated-gradients", target=0, full=True)
    for name, result in full.items():
        assert result.info["completeness_gap"].shape == (3,)
        empty = {**given, name: torch.zeros_like(given[name])}
        with torch.no_grad():
            fall = network(**given)["logits"][:, 0] - network(**empty)["logits"][:, 0]
        torch.testing.assert_close(result.values.flatten(1).sum(1), fall, atol=1e-5, rtol=1e-4)


def test_targets_follow_their_rows():
    network = seeded(Chart())
    given = inputs()
    apart = attribute(network, given, "gradient", target=[0, 1, 0])["picture"]
    first = attribute(network, given, "gradient", target=0)["picture"]
    assert torch.equal(apart[2], first[2])


@pytest.mark.parametrize("target", [[0, 1], [0, 1, 0, 1, 0]])
@pytest.mark.parametrize("name", ["picture", None])
def test_a_choice_for_another_number_of_rows_is_refused(target, name):
    with pytest.raises(InvalidArgument, match=f"each of {len(target)} rows, the batch has 3"):
        attribute(seeded(Chart()), inputs(), "gradient", target=target, input_name=name)


CELLS = torch.arange(4).view(2, 2).repeat_interleave(16, 0).repeat_interleave(16, 1)


@pytest.mark.parametrize(
    ("method", "each"),
    [
        ("integrated-gradients", {"baseline": pictures(3, seed=5)}),
        ("occlusion", {"baseline": pictures(3, seed=5).numpy()}),
        ("feature-ablation", {"features": torch.stack([CELLS, CELLS // 2, CELLS % 3 + 2])}),
        ("shapley", {"features": torch.stack([CELLS, CELLS // 2, CELLS % 3 + 2])[:, None]}),
    ],
)
def test_parameters_follow_their_rows(method, each):
    network, given = seeded(Chart()), inputs()
    call = {"method": method, "target": 1, "input_name": "picture"}
    found = attribute(network, given, **call, **each)
    for row in range(3):
        part = {name: value[row : row + 1] for name, value in given.items()}
        own = {name: value[row : row + 1] for name, value in each.items()}
        alone = attribute(network, part, **call, **own)
        torch.testing.assert_close(found[row : row + 1], alone)
    with pytest.raises(InvalidArgument, match=r"2 rows; the inputs have 3"):
        attribute(network, given, **call, **{name: value[:2] for name, value in each.items()})


def test_features_keep_their_columns_where_rows_have_others():
    network, given = seeded(Chart()), inputs()
    maps = torch.stack([CELLS, CELLS // 2, CELLS % 3 + 2])
    call = {"target": 1, "input_name": "picture", "features": maps, "full": True}
    info = attribute(network, given, "feature-ablation", **call).info
    assert info["features"] == 5
    assert (info["feature_values"] != 0).tolist() == [
        [True, True, True, True, False],
        [True, True, False, False, False],
        [False, False, True, True, True],
    ]


def test_rows_one_by_one_go_on_where_they_were():
    network, given = seeded(Chart()), inputs()
    call = {"method": "rise", "target": 1, "input_name": "picture", "full": True}
    whole = attribute(network, given, **call, samples=90)
    first = attribute(network, given, **call, samples=40)
    more = attribute(network, given, **call, samples=90, resume=first)
    torch.testing.assert_close(more.values, whole.values)
    assert more.info["forward_passes"] == 50 + 2
    assert more.info["stopped"] == "samples"
    alike = {**given, "numbers": given["numbers"][:1].expand(3, 5), "kind": torch.zeros(3).long()}
    together = attribute(network, alike, **call, samples=40)
    for other, resume, words in (
        ({**given, "numbers": given["numbers"] + 1}, first, "held have changed"),
        (given, together, "3 rows are run one by one"),
        (alike, first, "its rows were run one by one"),
        ({**alike, "numbers": alike["numbers"] + 1}, together, "held have changed"),
        (given, 3, "resume is"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            attribute(network, other, **call, samples=90, resume=resume)


def test_cam_of_one_input():
    cells = attribute(seeded(Chart()), inputs(), "gradcam", target=0, input_name="picture")
    assert cells.shape == (3, 1, 4, 4)


def test_the_wanted_output_is_read():
    network = seeded(Chart())
    given = inputs()
    model = load_model(network, output="features")
    maps = attribute(model, given, "gradient", target=3)
    leaf = given["picture"].clone().requires_grad_()
    network(leaf, given["numbers"], given["kind"])["features"][:, 3].sum().backward()
    torch.testing.assert_close(maps["picture"], leaf.grad)
    with pytest.raises(UnknownName, match="did you mean 'features'"):
        attribute(load_model(network, output="feature"), given, "gradient", target=0)


def test_explain_with_the_other_inputs_given():
    model = load_model(seeded(Chart()), input_size=32, mean=0.5, std=0.5)
    given = {"numbers": np.ones((1, 5), np.float32), "kind": np.array([1])}
    photo = np.zeros((40, 50, 3), np.uint8)
    photo[:20] = 255
    heat = explain(model, photo, "input-x-gradient", 0, given=given)
    assert heat.size == (40, 50)
    assert not heat.empty


def test_other_inputs_may_be_written_as_lists():
    model = load_model(seeded(Chart()), input_size=32, mean=0.5, std=0.5)
    photo = np.full((32, 32, 3), 200, np.uint8)
    kind = torch.tensor([1])
    maps = [
        explain(model, photo, "gradient", 0, given={"numbers": numbers, "kind": kind}).values
        for numbers in ([[1, 2, 3, 4, 0.5]], np.array([[1, 2, 3, 4, 0.5]], np.float32))
    ]
    np.testing.assert_array_equal(*maps)
    for wrong in ([[1, 2], [3]], [["five"]]):
        with pytest.raises(InvalidArgument, match=r"'numbers' is .* no array of numbers"):
            explain(model, photo, "gradient", 0, given={"numbers": wrong, "kind": kind})


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"pictures": 1}, UnknownName, "did you mean 'picture'"),
        ({"numbers": torch.zeros(2, 5)}, InvalidArgument, "different numbers of rows"),
        ({"numbers": torch.full((3, 5), torch.nan)}, InvalidArgument, "NaN"),
        ({"numbers": "five"}, InvalidType, "str"),
    ],
)
def test_bad_inputs_are_named(change, error, words):
    with pytest.raises(error, match=words):
        attribute(seeded(Chart()), {**inputs(), **change}, "gradient", target=0)


def test_what_cannot_be_explained_is_said():
    with pytest.raises(InvalidArgument, match="only floating inputs"):
        attribute(seeded(Chart()), inputs(), "gradient", target=0, input_name="kind")
    with pytest.raises(InvalidArgument, match="input_name"):
        attribute(seeded(nn.Conv2d(3, 2, 3)), pictures(), "gradient", input_name="input")
    with pytest.raises(UnsupportedMethod, match="takes one input"):
        explain(
            load_model(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), input_size=2),
            np.zeros((2, 2, 3), np.uint8),
            "gradient",
            0,
            given={"x": torch.zeros(1, 3)},
        )
    assert heatlens.Sound


class Writes(nn.Module):
    """Normalises its input in place."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8), nn.Tanh(), nn.Flatten())
        self.head = nn.Linear(64, 2)

    def forward(self, x):
        x.sub_(0.5)
        return self.head(self.inner(x))


class Copies(Writes):
    """The same without a trace."""

    def forward(self, x):
        return self.head(self.inner(x - 0.5))


@pytest.mark.parametrize("method", ["gradient", "integrated-gradients", "gradcam", "occlusion"])
def test_a_network_that_writes_into_its_input_changes_nothing_of_ours(method):
    batch = pictures()
    before = batch.clone()
    found = attribute(seeded(Writes()), batch, method, target=0)
    assert torch.equal(batch, before)
    torch.testing.assert_close(found, attribute(seeded(Copies()), batch, method, target=0))


def test_inputs_that_are_missing_are_named():
    network = seeded(Chart())
    with pytest.raises(InvalidArgument, match=r"takes picture, numbers.*given="):
        attribute(network, pictures(), "gradient", target=0)
    with pytest.raises(InvalidArgument, match="needs numbers too"):
        attribute(network, {"picture": pictures()}, "gradient", target=0)


def test_of_several_outputs_without_a_usual_name_none_is_taken():
    class Two(nn.Module):
        def forward(self, x):
            return {"boxes": x.mean((2, 3)), "classes": x.amax((2, 3))}

    with pytest.raises(InvalidArgument, match="boxes, classes: say which"):
        attribute(Two(), pictures(), "gradient", target=0)
    assert attribute(load_model(Two(), output="classes"), pictures(), "gradient", target=0).any()
