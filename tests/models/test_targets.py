"""One mechanism says what the evidence is for: every kind of target, alone and through methods."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.errors import HeatlensError, InvalidArgument, InvalidType, UnknownName
from heatlens.models.contract import Contract
from heatlens.models.predict import ranked
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import (
    ClassIndex,
    Difference,
    Label,
    OutputFunction,
    Predicted,
    Region,
    Similarity,
    Target,
    TopK,
    as_target,
    pooled,
)
from tests.attribution.networks import ResidualNet, pictures, seeded

LABELS = ("tabby, tabby cat", "tiger cat", "white stork", "crane", "crane")
OUTPUT = torch.tensor([[5.0, 7.0, 1.0, 0.0, -2.0], [4.0, 3.0, 9.0, 8.0, 2.0]])


class Segmenter(nn.Module):
    """Logits (N, 3, H/2, W/2): class 0 left, 1 right, 2 nowhere."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 6, 3, 2, padding=1)
        self.head = nn.Conv2d(6, 3, 1)

    def forward(self, x):
        logits = self.head(torch.tanh(self.body(x)))
        side = torch.linspace(3, -3, logits.shape[3])
        return logits + torch.stack([side, -side, torch.full_like(side, -9)])[:, None]


class Dictionary(nn.Module):
    """A network whose output is a dictionary, as torchvision's segmenters' is."""

    def __init__(self):
        super().__init__()
        self.inner = Segmenter()

    def forward(self, x):
        return {"aux": torch.zeros(len(x), 1), "out": self.inner(x)}


@pytest.fixture(scope="module")
def network():
    return seeded(ResidualNet(classes=5))


@pytest.fixture(scope="module")
def batch():
    return pictures(3)


# --- reading a specification ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "kind", "row_0"),
    [
        (1, ClassIndex, 7.0),
        ("1", ClassIndex, 7.0),
        (np.int64(1), ClassIndex, 7.0),
        (torch.tensor(1), ClassIndex, 7.0),
        ([0, 3], ClassIndex, 5.0),
        ((0, 3), ClassIndex, 5.0),
        (np.array([0, 3]), ClassIndex, 5.0),
        (torch.tensor([0, 3]), ClassIndex, 5.0),
        ("predicted", Predicted, 7.0),
        (" predicted ", Predicted, 7.0),
        (Predicted(rank=1), Predicted, 5.0),
        ("top-2", TopK, 12.0),
        ("1 - 0", Difference, 2.0),
        ("tiger cat", Label, 7.0),
        ("tabby", Label, 5.0),
        ("TABBY, Tabby Cat", Label, 5.0),
        ("tiger cat - white stork", Difference, 6.0),
        ("predicted - tabby", Difference, 2.0),
        (Difference("predicted", Predicted(rank=1)), Difference, 2.0),
        (lambda output: output.square().sum(1), OutputFunction, 79.0),
    ],
)
def test_specifications(spec, kind, row_0):
    target = as_target(spec)
    assert type(target) is kind
    target = target.bind(LABELS)
    scores = target.scores(OUTPUT)
    assert scores.shape == (2,)
    assert scores[0].item() == row_0
    if not target.is_fixed:
        fixed = target.fixed(OUTPUT)
        assert fixed.is_fixed
        assert fixed.scores(OUTPUT)[0].item() == row_0
        assert as_target(fixed) is fixed


@pytest.mark.parametrize("spec", [1.5, None, True, [], [1.5, 2], [True], {"a": 1}, object()])
def test_what_is_no_target(spec):
    with pytest.raises(InvalidType, match="target"):
        as_target(spec)


@pytest.mark.parametrize(
    ("label", "error", "message"),
    [
        ("white strok", UnknownName, "did you mean 'white stork'"),
        ("stork", UnknownName, "did you mean 'white stork'"),
        ("crane", InvalidArgument, r"names 2 classes \(3, 4\); give the class index"),
    ],
)
def test_labels_that_name_no_single_class(label, error, message):
    with pytest.raises(error, match=message):
        as_target(label).bind(LABELS)


def test_labels_need_a_model_that_knows_them(network, batch):
    for target in ("stork", "stork - 1", Region("stork")):
        with pytest.raises(InvalidArgument, match=r"'stork'.*labels"):
            attribute(network, batch, "gradient", target)


def test_labels_through_a_model(network, batch):
    model = TorchModel(network, Contract(labels=LABELS))
    found = attribute(model, batch, "gradient", "white stork")
    assert torch.equal(found, attribute(model, batch, "gradient", 2))


@pytest.mark.parametrize("index", [5, -1, (0, 9, 0)])
def test_classes_out_of_range(network, batch, index):
    with pytest.raises(InvalidArgument, match="out of range: the model has 5 classes, 0 to 4"):
        attribute(network, batch, "gradient", ClassIndex(index))


@pytest.mark.parametrize("target", [Predicted(rank=5), Predicted(rank=-1), "top-6", "top-0"])
def test_ranks_out_of_range(network, batch, target):
    with pytest.raises(InvalidArgument, match="the model has 5 classes"):
        attribute(network, batch, "gradient", target)


# --- one choice a row ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gradient", "integrated-gradients", "gradcam", "scorecam"])
@pytest.mark.parametrize(
    "target",
    ["predicted", [2, 0, 1], "top-2", "predicted - 0", Difference([0, 1, 2], "predicted")],
    ids=str,
)
def test_rows_keep_their_choice_in_pieces(network, batch, method, target, monkeypatch):
    settings = {"integrated-gradients": {"steps": 3}, "scorecam": {"samples": 4}}.get(method, {})
    if method in ("gradcam", "scorecam"):
        settings["layer"] = "conv3"
    whole = attribute(network, batch, method, target, **settings)
    monkeypatch.setenv("HEATLENS_MEMORY", "1K")  # one row at a time
    pieces = attribute(network, batch, method, target, **settings)
    torch.testing.assert_close(pieces, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "target",
    [
        [0, 1],
        [0, 1, 2, 3],
        Difference([0, 1], 2),
        TopK(1, classes=((0,), (1,))),
        Similarity(torch.ones(2, 5)),
    ],
    ids=lambda target: type(target).__name__,
)
@pytest.mark.parametrize("method", ["gradient", "gradcam", "integrated-gradients"])
def test_choices_for_another_number_of_rows(network, batch, method, target):
    with pytest.raises(InvalidArgument, match=r"one choice for each of \d rows, the batch has 3"):
        attribute(network, batch, method, target)


def test_sides_for_different_numbers_of_rows():
    with pytest.raises(InvalidArgument, match="different numbers of rows: 2 and 3"):
        Difference([0, 1], [0, 1, 2])


@pytest.mark.parametrize(
    "target",
    [
        ClassIndex((3, 1)),
        TopK(2).fixed(OUTPUT),
        Predicted().fixed(OUTPUT),
        Difference(ClassIndex((3, 1)), TopK(2)).fixed(OUTPUT),
        Similarity(torch.randn(2, 5)),
        Similarity(torch.randn(5)),
        Similarity(torch.randn(1, 5)),
        ClassIndex(2),
    ],
    ids=lambda target: type(target).__name__,
)
def test_take_follows_the_rows(target):
    rows = torch.tensor([1, 0, 1, 1])
    torch.testing.assert_close(target.take(rows).scores(OUTPUT[rows]), target.scores(OUTPUT)[rows])


# --- each kind --------------------------------------------------------------------------------------


def test_top_k_sums_the_first(network, batch):
    order = network(batch).argsort(1, descending=True)
    parts = sum(attribute(network, batch, "gradient", order[:, rank].tolist()) for rank in (0, 1))
    torch.testing.assert_close(attribute(network, batch, "gradient", "top-2"), parts)


def test_difference_is_the_difference_of_the_maps(network, batch):
    first, second = (attribute(network, batch, "gradient", index) for index in (3, 1))
    torch.testing.assert_close(attribute(network, batch, "gradient", "3 - 1"), first - second)


def test_a_difference_is_read_from_one_layer():
    reference = torch.ones(4)
    both = Difference(Similarity(reference, layer="body"), Similarity(-reference, layer="body"))
    assert both.layer == "body"
    assert both.bind(LABELS).layer == "body"
    for first, second in (("body", None), ("body", "head"), (None, "body")):
        with pytest.raises(InvalidArgument, match="must be read from the same layer"):
            Difference(Similarity(reference, layer=first), Similarity(reference, layer=second))
    with pytest.raises(InvalidArgument, match="must be read from the same layer"):
        Difference(Similarity(reference, layer="a"), Similarity(reference, layer="a"), layer="b")


def test_callables(network, batch):
    def entropy(output):
        return -(output.softmax(1) * output.log_softmax(1)).sum(1)

    assert as_target(entropy).describe(LABELS) == "entropy"
    found = attribute(network, batch, "gradient", entropy)
    leaf = batch.clone().requires_grad_()
    (expected,) = torch.autograd.grad(entropy(network(leaf)).sum(), leaf)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda output: 3.0, InvalidType, "returned float, not a tensor"),
        (lambda output: output.sum(), InvalidArgument, r"returned shape \(\) for 3 rows"),
        (lambda output: output, InvalidArgument, r"it must return \(3,\)"),
        (lambda output: output.detach().sum(1), HeatlensError, "does not depend on the input"),
    ],
)
def test_callables_that_give_no_score(network, batch, function, error, message):
    with pytest.raises(error, match=message):
        attribute(network, batch, "gradient", function)


def test_callables_leave_no_trace_in_the_random_state():
    state = torch.get_rng_state()
    OutputFunction(lambda output: output.sum(1) + torch.rand(len(output))).scores(OUTPUT)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("build", [Segmenter, Dictionary])
@pytest.mark.parametrize("method", ["gradient", "gradcam", "integrated-gradients", "scorecam"])
def test_region_of_a_segmentation(build, method):
    network, batch = seeded(build()), pictures(2, (16, 24))
    found = attribute(network, batch, method, Region(1))
    assert found.abs().max() > 0
    mask = torch.zeros(16, 24, dtype=torch.bool)
    mask[:, 20:] = True
    corner = attribute(network, batch, "gradient", Region(1, mask=mask))
    assert corner[..., 16:].abs().max() > 0
    assert corner[..., :16].abs().max() == 0  # out of the region's sight


def test_region_is_the_mean_logit_inside():
    logits = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    own = Region(1).scores(logits)
    for row in range(2):
        inside = logits[row].argmax(0) == 1
        assert own[row].item() == pytest.approx(logits[row, 1][inside].mean().item())
    mask = torch.zeros(2, 8, 12)
    mask[0, :4], mask[1, :, 6:] = 1, 1
    found = Region(2, mask=mask).scores(logits)
    assert found[0].item() == pytest.approx(logits[0, 2, :2].mean().item())
    assert found[1].item() == pytest.approx(logits[1, 2, :, 3:].mean().item())


def test_region_stays_where_the_picture_put_it():
    """Along the path of integrated gradients the class would be somewhere else."""
    network, batch = seeded(Segmenter()), pictures(2, (16, 24))
    scope = network(batch).argmax(1) == 1
    settings = {"steps": 4, "baseline": torch.zeros_like(batch)}
    found = attribute(network, batch, "integrated-gradients", Region(1), **settings)
    given = attribute(network, batch, "integrated-gradients", Region(1, mask=scope), **settings)
    torch.testing.assert_close(found, given)


@pytest.mark.parametrize("method", ["gradient", "gradcam"])
def test_a_mask_a_row_follows_the_rows(method, monkeypatch):
    network, batch = seeded(Segmenter()), pictures(3, (16, 24))
    mask = torch.zeros(3, 16, 24, dtype=torch.bool)
    for row in range(3):
        mask[row, :, 8 * row : 8 * row + 8] = True
    whole = attribute(network, batch, method, Region(0, mask=mask))
    monkeypatch.setenv("HEATLENS_MEMORY", "1K")
    torch.testing.assert_close(attribute(network, batch, method, Region(0, mask=mask)), whole)
    for row in range(3):
        one = attribute(network, batch[row : row + 1], method, Region(0, mask=mask[row]))
        torch.testing.assert_close(one, whole[row : row + 1])


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (lambda: Region(2), "empty region in row 0: the model sees that class nowhere"),
        (lambda: Region(0, mask=torch.zeros(16, 24)), "empty region in row 0: the mask is empty"),
        (lambda: Region(7), "class 7 is out of range: the output has 3 classes"),
        (lambda: Region(-1), "out of range"),
        (lambda: Region(0, mask=torch.ones(5)), r"a mask of shape \(5,\); \(h, w\) or"),
        (lambda: Region(0, mask=torch.ones(3, 16, 24)), "one choice for each of 3 rows"),
        (lambda: 1, r"is a segmentation: give the target as\s+heatlens.Region"),
    ],
)
def test_regions_that_are_none(region, message):
    network, batch = seeded(Segmenter()), pictures(2, (16, 24))
    with pytest.raises(InvalidArgument, match=message):
        attribute(network, batch, "gradient", region())


def test_region_of_a_classifier(network, batch):
    with pytest.raises(InvalidArgument, match=r"needs a segmentation output .*gave \(3, 5\)"):
        attribute(network, batch, "gradient", Region(1))


def test_region_by_label():
    model = TorchModel(seeded(Segmenter()), Contract(labels=("left", "right", "nowhere")))
    batch = pictures(2, (16, 24))
    found = attribute(model, batch, "gradient", Region("right"))
    assert torch.equal(found, attribute(model, batch, "gradient", Region(1)))
    assert Region("right").describe(model.contract.labels) == "region of right"


def test_similarity_to_an_embedding(network, batch):
    reference = network(pictures(1, seed=7)).detach()
    scores = Similarity(reference).scores(network(batch))
    expected = torch.cosine_similarity(network(batch), reference)
    torch.testing.assert_close(scores, expected)
    torch.testing.assert_close(Similarity(reference[0]).scores(reference), torch.ones(1))
    with pytest.raises(InvalidType, match="call explain"):
        attribute(network, batch, "gradient", Similarity("stork.jpg"))
    with pytest.raises(InvalidArgument, match=r"the reference has 3 numbers.*embedding 5"):
        attribute(network, batch, "gradient", Similarity(torch.ones(3)))


@pytest.mark.parametrize("method", ["gradient", "gradcam", "integrated-gradients", "scorecam"])
def test_similarity_in_a_layer(network, batch, method):
    """The head is not looked at: randomising it changes nothing."""
    model = TorchModel(network)
    reference = pooled(model.predict(pictures(1, seed=7), layer="conv4"))
    target = Similarity(reference, layer="conv4")
    settings = {"layer": "conv3"} if method in ("gradcam", "scorecam") else {}
    found = attribute(network, batch, method, target, **settings)
    other = seeded(ResidualNet(classes=5))
    other.head.weight.data.normal_()
    assert found.abs().max() > 0
    torch.testing.assert_close(attribute(other, batch, method, target, **settings), found)


def test_a_unit_of_a_layer(network, batch):
    """A class index in a layer is one of its units, if the layer's output is a vector."""
    found = attribute(network, batch, "gradient", ClassIndex(3, layer="hidden"))
    leaf = batch.clone().requires_grad_()
    kept = []
    handle = network.hidden.register_forward_hook(lambda m, i, o: kept.append(o))
    network(leaf)
    handle.remove()
    (expected,) = torch.autograd.grad(kept[0][:, 3].sum(), leaf)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_a_layer_above_the_target_has_no_part_in_it(network, batch):
    with pytest.raises(HeatlensError, match="'conv4'"):
        attribute(
            network, batch, "gradcam", Similarity(torch.ones(16), layer="conv3"), layer="conv4"
        )


@pytest.mark.parametrize("shape", [(2, 5), (2, 7, 5), (2, 5, 3, 4)])
def test_pooled(shape):
    assert pooled(torch.ones(shape)).shape == (2, 5)


def test_outputs_that_are_no_embedding_or_classification():
    with pytest.raises(InvalidArgument, match="no embedding"):
        pooled(torch.ones(2))
    with pytest.raises(InvalidArgument, match=r"is not \(N, classes\)"):
        ClassIndex(0).scores(torch.ones(2, 3, 4))
    with pytest.raises(InvalidArgument, match="NaN or infinite on this input"):
        Predicted().scores(torch.tensor([[1.0, torch.nan]]))


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (ClassIndex(1), "tiger cat"),
        (ClassIndex((1, 2)), "tiger cat"),
        (ClassIndex(17), "class 17"),
        (Label("stork"), "stork"),
        (Predicted(), "predicted"),
        (Predicted(rank=1), "predicted, rank 2"),
        (TopK(2), "top-2"),
        (TopK(2).fixed(OUTPUT), "tiger cat + tabby, tabby cat"),
        (Difference(1, 2), "tiger cat - white stork"),
        (Region(2), "region of white stork"),
        (Similarity(OUTPUT, "stork.jpg"), "similarity to stork.jpg"),
        (Similarity(OUTPUT), "similarity to the reference"),
    ],
)
def test_descriptions(target, words):
    assert target.describe(LABELS) == words


def test_a_target_of_ones_own(network, batch):
    class Margin(Target):
        def scores(self, output):
            first, second = output.topk(2, dim=1).values.unbind(1)
            return first - second

    found = attribute(network, batch, "gradient", Margin())
    expected = attribute(network, batch, "gradient", Difference("predicted", Predicted(rank=1)))
    torch.testing.assert_close(found, expected)
    with pytest.raises(NotImplementedError, match="does not define scores"):
        Target().scores(OUTPUT)


def test_of_equal_scores_the_first_class_counts_everywhere():
    even = torch.zeros(2, 1000)
    assert Predicted().fixed(even).index == (0, 0)
    assert TopK(3).fixed(even).classes == ((0, 1, 2), (0, 1, 2))
    assert [item.index for item in ranked(even[0], (), 3)] == [0, 1, 2]
