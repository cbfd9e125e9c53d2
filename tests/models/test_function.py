"""Callables as models: what goes in, what may come out, what is said when it cannot."""

import functools
import threading

import numpy as np
import pytest
import torch
from torch import nn

import heatlens
from heatlens.errors import (
    AssumptionWarning,
    InvalidArgument,
    InvalidType,
    NeedsGradient,
    OutOfMemory,
    UnknownName,
    UnsupportedMethod,
)
from heatlens.models.load import as_model, load_model
from heatlens.models.targets import ClassIndex, OutputFunction

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")

WEIGHTS = np.random.default_rng(0).normal(size=(4 * 5 * 3, 6))
BATCH = torch.rand(7, 3, 4, 5, generator=torch.Generator().manual_seed(1))


def linear(batch):
    return batch.reshape(len(batch), -1) @ WEIGHTS


def test_a_numpy_function_sees_nhwc_float32_and_gives_its_scores():
    seen = []

    def function(batch):
        seen.append((type(batch), batch.dtype, batch.shape, batch.flags.c_contiguous))
        return linear(batch)

    scores = as_model(function).predict(BATCH)
    expected = BATCH.permute(0, 2, 3, 1).reshape(7, -1).double() @ torch.from_numpy(WEIGHTS)
    torch.testing.assert_close(scores.double(), expected, rtol=1e-5, atol=1e-6)
    assert set(seen) == {(np.ndarray, np.dtype("float32"), (7, 4, 5, 3), True)}


def test_layout_says_how_the_batch_goes_in():
    model = load_model(lambda batch: batch.sum((2, 3)), layout="NCHW")
    torch.testing.assert_close(model.predict(BATCH), BATCH.sum((2, 3)))
    model = load_model(lambda batch: batch[:, :, 0] * 2, layout="NTF")
    assert model.predict(torch.ones(2, 1, 3, 4)).shape == (2, 4)


def test_what_is_assumed_is_said_and_what_is_given_is_not():
    with pytest.warns(AssumptionWarning, match=r"linear takes NHWC \(layout= says otherwise\)"):
        load_model(linear)
    model = load_model(linear, layout="NHWC", input_size=(4, 5), mean=0.5, std=0.5)
    assert model.contract.assumed == ()
    assert load_model(linear, layout="NT").contract.assumed == ()


def test_one_score_a_row_is_one_column():
    assert as_model(lambda batch: batch.mean((1, 2, 3))).predict(BATCH).shape == (7, 1)


def test_the_function_may_write_into_its_input():
    def greedy(batch):
        batch *= 0
        return batch.sum((1, 2))

    kept = BATCH.permute(0, 2, 3, 1).contiguous()
    before = kept.clone()
    as_model(greedy).predict(kept.permute(0, 3, 1, 2))
    assert torch.equal(kept, before)
    torch_model = load_model(lambda batch: batch.mul_(2).sum((2, 3)), framework="torch")
    assert torch.equal(torch_model.predict(BATCH), 2 * BATCH.sum((2, 3)))
    slope = torch_model.input_gradient(BATCH, ClassIndex(1))
    assert torch.equal(slope[:, 1], torch.full((7, 4, 5), 2.0))


def test_a_buffer_that_is_used_again_is_copied():
    buffer = np.empty((1, 3), np.float32)

    def function(batch):
        np.mean(batch, axis=(1, 2), out=buffer)
        return buffer

    model = as_model(function)
    model.engine.row_limit = 1
    torch.testing.assert_close(model.predict(BATCH), BATCH.mean((2, 3)))


@pytest.mark.parametrize(
    "kind",
    [
        lambda scores: scores.tolist(),
        lambda scores: torch.from_numpy(scores),
        lambda scores: scores.astype(">f8"),
        lambda scores: np.asfortranarray(scores)[::-1][::-1],
        lambda scores: scores.astype(np.float16),
    ],
    ids=["lists", "torch", "big-endian", "strided", "float16"],
)
def test_arrays_of_any_kind_come_back(kind):
    expected = as_model(linear).predict(BATCH).float()
    scores = as_model(lambda batch: kind(linear(batch))).predict(BATCH).float()
    torch.testing.assert_close(scores, expected, rtol=1e-2, atol=1e-2)


def test_one_of_several_outputs():
    def several(batch):
        return {"first": batch.sum((1, 2)), "second": linear(batch)}

    assert load_model(several, output="second").predict(BATCH).shape == (7, 6)
    assert load_model(several, output=0).predict(BATCH).shape == (7, 3)
    with pytest.raises(UnknownName, match="'second'"):
        load_model(several, output="second_one").predict(BATCH)
    with pytest.raises(InvalidType, match=r"'first', 'second'.*output=NAME"):
        as_model(several).predict(BATCH)


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (lambda batch: linear(batch)[:-1], InvalidArgument, r"shape \(6, 6\) for a batch of 7"),
        (lambda batch: 0.5, InvalidType, "returned float"),
        (lambda batch: np.float32(1), InvalidArgument, "one number for a batch of 7"),
        (lambda batch: None, InvalidType, "returned None; return an array"),
        (lambda batch: "cat", InvalidType, "returned str"),
        (lambda batch: ["cat"] * len(batch), InvalidType, "list with str inside, not numbers"),
        (lambda batch: [[None]] * len(batch), InvalidType, "list with None inside, not numbers"),
        (lambda batch: linear(batch)[:, None].tolist(), InvalidType, "lists nested 3 deep"),
        (lambda batch: linear(batch) > 0, InvalidArgument, r"\(7, 6\) values True or False"),
        (lambda batch: [True] * len(batch), InvalidArgument, "True or False, which are decisions"),
        (lambda batch: [[1.0]] * 6 + [[1.0, 2.0]], InvalidType, "a list of unequal parts"),
        (lambda batch: list(linear(batch)), InvalidType, r"list of 7 arrays.*numpy\.stack"),
        (lambda batch: (linear(batch), 1), InvalidType, "tuple of 2; say which"),
        (lambda batch: np.array(["cat"] * len(batch)), InvalidType, "names of classes"),
        (lambda batch: linear(batch) * 1j, InvalidType, "complex"),
        (lambda batch: linear(batch).argmax(1), InvalidArgument, "class numbers.*predict_proba"),
        (lambda batch: linear(batch) / 0, InvalidArgument, "infinite score in row 0"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_cannot_be_scores_is_named(function, error, words):
    with pytest.raises(error, match=words) as caught:
        as_model(function).predict(BATCH)
    assert "<lambda>" in str(caught.value)


def test_nan_is_named_with_its_row():
    def holed(batch):
        scores = linear(batch)
        scores[[3, 5], 2] = np.nan
        return scores

    with pytest.raises(InvalidArgument, match=r"holed returned NaN in row 3 \(2 of 7 rows"):
        as_model(holed).predict(BATCH)


def test_an_exception_keeps_its_cause():
    def broken(batch):
        raise KeyError("no such weight")

    with pytest.raises(InvalidArgument, match=r"broken raised KeyError: 'no such weight'") as told:
        as_model(broken).predict(BATCH)
    assert isinstance(told.value.__cause__, KeyError)
    assert "a float32 array of NumPy of shape (7, 4, 5, 3)" in str(told.value)


def test_other_columns_for_the_same_size_are_refused():
    widths = iter((2, 3))
    model = as_model(lambda batch: np.zeros((len(batch), next(widths))))
    model.predict(BATCH)
    with pytest.raises(InvalidArgument, match=r"returned shape \(7, 3\) after \(N, 2\)"):
        model.predict(BATCH)


def test_memory_that_runs_out_halves_the_batch():
    sizes = []

    def hungry(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise MemoryError
        return linear(batch)

    assert as_model(hungry).predict(BATCH).shape == (7, 6)
    assert max(sizes[2:]) <= 2

    def starved(batch):
        raise MemoryError("nothing left")

    with pytest.raises(OutOfMemory):
        as_model(starved).predict(BATCH)


def test_a_black_box_has_no_gradient_and_no_layers():
    model = as_model(linear)
    assert model.capabilities == {"predict"}
    assert model.layers() == ()
    with pytest.raises(UnsupportedMethod, match="linear cannot give gradient"):
        model.input_gradient(BATCH, ClassIndex(0))
    with pytest.raises(NeedsGradient):
        model.engine.gradient(BATCH, ClassIndex(0))
    assert model.with_random_head(BATCH, ClassIndex(0), 0) is None


def network() -> nn.Module:
    torch.manual_seed(3)
    made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(made, nn.Linear(4, 5)).eval()


@pytest.mark.parametrize("ambient", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_a_torch_function_has_gradients_and_leaves_no_trace(ambient):
    net = network()
    with ambient():
        model = load_model(lambda batch: net(batch), framework="torch")
        slope = model.input_gradient(BATCH, ClassIndex(2))
        scores = model.predict(BATCH)
    leaf = BATCH.clone().requires_grad_()
    (expected,) = torch.autograd.grad(net(leaf)[:, 2].sum(), leaf)
    torch.testing.assert_close(slope, expected)
    torch.testing.assert_close(scores, net(BATCH).detach())
    assert not slope.requires_grad
    assert not scores.requires_grad
    assert all(weight.grad is None for weight in net.parameters())


def test_a_bound_method_says_its_type_and_must_not_train():
    net = network().double()
    model = load_model(net.forward, framework="torch")
    assert model.engine.dtype == torch.float64
    with pytest.raises(InvalidArgument, match=r"training mode.*network\.eval"):
        load_model(net.train().forward, framework="torch")


@pytest.mark.parametrize("cut", [torch.Tensor.detach, lambda scores: scores.detach().numpy()])
def test_autograd_that_cannot_follow_is_said(cut):
    net = network()
    model = load_model(lambda batch: cut(net(batch)), framework="torch")
    assert model.predict(BATCH).shape == (7, 5)
    with pytest.raises(NeedsGradient, match="autograd cannot follow <lambda>"):
        model.input_gradient(BATCH, ClassIndex(0))
    constant = load_model(
        lambda batch: torch.ones(len(batch), 2, requires_grad=True), framework="torch"
    )
    with pytest.raises(NeedsGradient, match="back to its input"):
        constant.input_gradient(BATCH, ClassIndex(0))


def test_another_target_than_a_class():
    model = load_model(network().forward, framework="torch")
    slope = model.input_gradient(BATCH, OutputFunction(lambda output: output.square().sum(1)))
    assert slope.shape == BATCH.shape


def test_inputs_that_are_held():
    def product(pixels, weight, *, shift=0.0):
        return pixels.mean((1, 2)) * weight + shift

    model = as_model(product)
    assert model.inputs() == ("pixels", "weight", "shift")
    held = model.holding({"weight": np.array([[1.0, 2.0, 3.0]], np.float32), "shift": 4.0})
    expected = BATCH.mean((2, 3)) * torch.tensor([1.0, 2.0, 3.0]) + 4
    torch.testing.assert_close(held.predict(BATCH), expected)
    assert model.engine._held == {}
    other = load_model(product, layout="NT").holding({"pixels": torch.ones(1, 2, 2, 1)}, "weight")
    torch.testing.assert_close(other.predict(torch.full((2, 1, 3), 5.0)), torch.full((2, 3), 5.0))
    with pytest.raises(UnknownName, match="'weight'"):
        model.holding({"weights": 1.0})
    with pytest.raises(InvalidArgument, match=r"shape \(2, 3\).*one row"):
        model.holding({"weight": torch.ones(2, 3)}).predict(BATCH)


def test_a_scikit_learn_estimator():
    ensemble = pytest.importorskip("sklearn.ensemble")
    generator = np.random.default_rng(0)
    pictures = generator.random((60, 4, 5, 1), dtype=np.float32)
    words = np.where(pictures[:, 1, 1, 0] > 0.5, "bright", "dark")
    forest = ensemble.RandomForestClassifier(8, random_state=0).fit(pictures.reshape(60, -1), words)
    for given in (forest, forest.predict_proba):
        model = load_model(given, input_size=(4, 5))
        assert model.contract.labels == ("bright", "dark")
        assert model.contract.channels == 1
        assert model.name == "RandomForestClassifier.predict_proba"
        scores = model.predict(torch.from_numpy(pictures).permute(0, 3, 1, 2))
        np.testing.assert_allclose(scores, forest.predict_proba(pictures.reshape(60, -1)))
        assert any("takes rows of 20 numbers, the rows" in said for said in model.contract.assumed)
        assert not any("NHWC" in said for said in model.contract.assumed)
    with pytest.raises(InvalidArgument, match=r"20 features.*which are 60.*input_size="):
        model.predict(BATCH)
    table = pictures.reshape(60, -1)[:2]
    with pytest.raises(InvalidArgument, match="a table goes in with layout='NL'"):
        heatlens.attribute(forest, table, "occlusion", 0)
    by_feature = load_model(forest, layout="NL")
    heat = heatlens.attribute(by_feature, table, "occlusion", 0, window=1, stride=1)
    assert heat.shape == table.shape
    with pytest.raises(InvalidType, match="names of classes"):
        load_model(forest.predict).predict(torch.zeros(2, 1, 4, 5))


def test_an_estimator_without_probabilities_names_its_other_scores():
    svm = pytest.importorskip("sklearn.svm")
    ensemble = pytest.importorskip("sklearn.ensemble")
    generator = np.random.default_rng(0)
    rows = generator.random((30, 20))
    machine = svm.SVC().fit(rows, rows[:, 3] > 0.5)
    forest = ensemble.RandomForestRegressor(4, random_state=0).fit(rows, rows[:, 3])
    for estimator, score in ((machine, "decision_function"), (forest, "predict")):
        with pytest.raises(InvalidType, match=rf"has no predict_proba.*its \.{score}$"):
            load_model(estimator)
        function = getattr(estimator, score)
        found = load_model(function, layout="NL").predict(torch.from_numpy(rows).float()[:, None])
        expected = function(rows.astype(np.float32))
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5)


class Callable:
    def __call__(self, batch):
        return linear(batch)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (Callable(), "Callable"),
        (functools.partial(linear), "linear"),
        (functools.partial(np.mean, axis=(1, 2)), "mean"),
    ],
)
def test_every_kind_of_callable_has_a_name(function, name):
    model = as_model(function)
    assert model.name == name
    assert len(model.predict(BATCH)) == 7


def test_frameworks_and_non_callables():
    with pytest.raises(UnknownName, match="did you mean 'torch'"):
        load_model(linear, framework="pytorch")
    with pytest.raises(InvalidType, match="int is no model"):
        load_model(3)
    with pytest.raises(InvalidType, match="no model"):
        load_model(Callable)


def test_occlusion_of_a_linear_function_is_its_terms():
    batch = np.random.default_rng(2).random((2, 4, 5, 3), dtype=np.float32)
    found = heatlens.attribute(linear, batch, "occlusion", 4, window=1, stride=1)
    assert isinstance(found, np.ndarray)
    terms = batch * WEIGHTS[:, 4].reshape(4, 5, 3)
    np.testing.assert_allclose(found, terms.sum(3, keepdims=True), atol=1e-5)


def test_a_method_that_needs_a_gradient_names_those_that_work():
    with pytest.raises(NeedsGradient, match=r"linear cannot give; methods that work: .*occlusion"):
        heatlens.attribute(linear, np.zeros((1, 4, 5, 3), np.float32), "gradient", 0)
    with pytest.raises(NeedsGradient, match=r"framework='torch'\) or framework='jax'"):
        heatlens.attribute(linear, np.zeros((1, 4, 5, 3), np.float32), "integrated-gradients", 0)


def test_explain_of_a_function_hides_the_layout():
    model = load_model(linear, input_size=(4, 5), layout="NHWC", labels=list("abcdef"))
    picture = np.random.default_rng(3).integers(0, 256, (12, 15, 3), np.uint8)
    heat = heatlens.explain(model, picture, "occlusion", "b", window=1, stride=1)
    assert heat.values.shape == (12, 15)
    assert heat.provenance.model == "linear"


def test_threads_share_one_model():
    model = as_model(linear)
    expected = model.predict(BATCH)
    results = [None] * 8

    def work(place):
        results[place] = model.predict(BATCH)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(result, expected) for result in results)
