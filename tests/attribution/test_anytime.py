"""Sampling that stops by any limit, goes on where it was, and hangs on neither batch nor memory."""

from __future__ import annotations

import itertools
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import heatlens as hl
from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS, Attribution
from heatlens.attribution.perturbation import anytime
from heatlens.attribution.perturbation.resume import State
from heatlens.errors import InvalidArgument
from heatlens.models.load import load_model
from heatlens.testing.conformance import difference
from tests.attribution.networks import ResidualNet, TinyViT, pictures, seeded

CASES = {
    "rise": {},
    "lime": {"features": 4},
    "kernel-shap": {"features": (3, 6)},
    "shapley": {"features": (3, 6)},
    "spsa": {"features": 4},
}
"""Sampling methods, with few features so that errors are known soon."""

EACH = {"rise": 1, "lime": 1, "kernel-shap": 1, "shapley": 17, "spsa": 2}
"""Forward passes of one sample."""

FIXED = {"rise": 0, "lime": 0, "kernel-shap": 2, "shapley": 2, "spsa": 0}

CONFIRMED = {"rise": 2, "lime": 2, "kernel-shap": 2, "shapley": 2, "spsa": 4}
"""Forward passes of a call that goes on with a result and draws nothing."""


@pytest.fixture(scope="module")
def network():
    """Seen through a saturating function, so that no game is nearly additive."""
    return torch.nn.Sequential(seeded(ResidualNet()), torch.nn.Tanh())


def run(network, batch, method, target=1, **settings):
    return attribute(network, batch, method, target, full=True, **{**CASES[method], **settings})


def same(one, other):
    assert difference(one.values, other.values) < 1e-4
    assert difference(one.error, other.error) < 1e-4


def test_all_sampling_methods_are_here():
    assert set(CASES) == {name for name, m in METHODS.items() if "tolerance" in m.parameters}


@pytest.mark.parametrize("method", CASES)
def test_in_parts_it_is_what_it_is_at_once(network, method):
    """Stopped and gone on with twice, in the middle of blocks."""
    batch = pictures(2)
    whole = run(network, batch, method, samples=150)
    part = run(network, batch, method, samples=26)
    before = part.state.draws.clone(), {k: v.clone() for k, v in part.state.sums.items()}
    kept = pickle.loads(pickle.dumps(part))
    longer = run(network, batch, method, samples=90, resume=part)
    assert torch.equal(part.state.draws, before[0])
    for name, value in part.state.sums.items():
        assert torch.equal(value, before[1][name])
    assert longer.info["forward_passes"] == pytest.approx(64 * EACH[method] + CONFIRMED[method])
    same(run(network, batch, method, samples=150, resume=longer), whole)
    same(run(network, batch, method, samples=150, resume=kept), whole)


@pytest.mark.parametrize("method", CASES)
def test_more_samples_than_asked_for_stay(network, method):
    first = run(network, pictures(2), method, samples=100)
    again = run(network, pictures(2), method, samples=40, resume=first)
    same(again, first)
    assert again.info["forward_passes"] == CONFIRMED[method]


@pytest.mark.parametrize("method", CASES)
def test_a_tolerance_stops_each_row_by_itself(network, method):
    batch = pictures(4)
    settings = {"samples": 3000, "tolerance": 0.2}
    together = run(network, batch, method, **settings)
    assert together.info["stopped"] == "tolerance"
    assert (together.info["samples"] < 3000).all()
    for row in range(4):
        alone = run(network, batch[row : row + 1], method, **settings)
        assert alone.info["samples"].item() == together.info["samples"][row].item()
        assert difference(alone.values, together.values[row : row + 1]) < 1e-4
    largest = together.values.abs().flatten(1).amax(1)
    assert (together.error.flatten(1).amax(1) <= 0.2 * largest).all()
    passes = together.info["samples"].mean() * EACH[method] + FIXED[method]
    assert together.info["forward_passes"] == pytest.approx(passes.item())


@pytest.mark.parametrize("method", CASES)
def test_a_finer_tolerance_goes_on_where_one_run_would(network, method):
    batch = pictures(3)
    coarse = run(network, batch, method, samples=4000, tolerance=0.2)
    fine = run(network, batch, method, samples=4000, tolerance=0.06)
    resumed = run(network, batch, method, samples=4000, tolerance=0.06, resume=coarse)
    assert torch.equal(resumed.info["samples"], fine.info["samples"])
    assert (coarse.info["samples"] < fine.info["samples"]).any()
    same(resumed, fine)


@pytest.mark.parametrize("method", CASES)
def test_a_budget_is_kept(network, method):
    budget = 11 * EACH[method] + FIXED[method]
    found = run(network, pictures(2), method, samples=2000, budget=budget)
    assert found.info["stopped"] == "budget"
    assert 0.7 * budget <= found.info["forward_passes"] <= budget
    with pytest.raises(InvalidArgument, match="budget is 1; at least"):
        run(network, pictures(2), method, budget=1)


@pytest.mark.parametrize("method", CASES)
def test_the_clock_stops_in_the_middle_of_a_block(network, method, monkeypatch):
    """A clock that jumps an hour at each look: only what an error needs is drawn."""
    ticks = itertools.count(step=3600.0)
    monkeypatch.setattr(anytime.time, "monotonic", lambda: next(ticks))
    monkeypatch.setenv("HEATLENS_MEMORY", "256K")
    found = run(network, pictures(2), method, samples=2000, seconds=1.0)
    assert found.info["stopped"] == "seconds"
    assert (found.info["samples"] < 40).all()
    assert found.error is None or (found.error >= 0).all()
    more = run(network, pictures(2), method, samples=120, resume=found)
    same(more, run(network, pictures(2), method, samples=120))


@pytest.mark.parametrize("method", CASES)
def test_a_precise_result_says_samples(network, method):
    assert run(network, pictures(1), method, samples=20).info["stopped"] == "samples"


@pytest.mark.parametrize("method", CASES)
@pytest.mark.parametrize("memory", ["16K", "300K", "8M"])
def test_memory_and_neighbours_change_nothing(network, method, memory, monkeypatch):
    batch = pictures(5)
    roomy = run(network, batch, method, samples=150)
    monkeypatch.setenv("HEATLENS_MEMORY", memory)
    same(run(network, batch, method, samples=150), roomy)
    alone = run(network, batch[2:3], method, samples=150)
    assert difference(alone.values, roomy.values[2:3]) < 1e-4


@pytest.mark.parametrize("method", CASES)
def test_the_state_does_not_grow_with_the_samples(network, method):
    def size(state):
        return sum(value.numel() for value in (*state.sums.values(), state.pending))

    few, many = (run(network, pictures(2), method, samples=n).state for n in (64, 1024))
    # Regressions keep their scores, one number a sample and row.
    assert size(many) - size(few) <= 2 * 1024
    if method not in ("lime", "kernel-shap"):
        assert size(many) == size(few)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seed": 1}, "it differs in seed"),
        ({"features": 6}, "it differs in features"),
        ({"batch": pictures(2, seed=1)}, "it differs in batch"),
        ({"target": 2}, "it differs in target"),
        ({"target": [1, 1]}, "it differs in target"),
        ({"method": "shapley"}, "it differs in method"),
        ({"baseline": "white"}, "it differs in baseline"),
        ({"network": seeded(TinyViT())}, "it differs in model"),
    ],
)
def test_a_result_of_another_call_is_refused(network, changed, words):
    first = run(network, pictures(2), "kernel-shap", samples=20)
    call = {"network": network, "batch": pictures(2), "method": "kernel-shap", **changed}
    with pytest.raises(InvalidArgument, match=words):
        run(**call, resume=first)


def of_class(number, factor=1.0):
    """Functions of one name that are not one function."""
    return lambda output: factor * output[:, number]


@pytest.mark.parametrize("method", CASES)
def test_other_weights_and_functions_are_noticed(network, method):
    """What no name tells: the model is asked again, and nothing is added up."""
    other = torch.nn.Sequential(seeded(ResidualNet(), seed=1), torch.nn.Tanh())
    first = run(network, pictures(2), method, of_class(0), samples=20)
    run(network, pictures(2), method, of_class(0), samples=40, resume=first)
    for net, target in ((other, of_class(0)), (network, of_class(1)), (network, of_class(0, -5))):
        with pytest.raises(InvalidArgument, match=r"row 0 another score .* held have changed"):
            run(net, pictures(2), method, target, samples=40, resume=first)


def test_the_contract_and_the_baseline_it_gives_belong_to_the_call(network):
    plain = load_model(network, input_size=32, mean=0.0, std=1.0)
    first = run(plain, pictures(2), "rise", samples=20)
    black = run(plain, pictures(2), "rise", samples=40, baseline=torch.zeros(3, 1, 1), resume=first)
    same(black, run(plain, pictures(2), "rise", samples=40))
    for change, words in (({"mean": 0.5}, "mean, baseline"), ({"std": 0.5}, "differs in std")):
        other = load_model(network, **{"input_size": 32, "mean": 0.0, "std": 1.0, **change})
        with pytest.raises(InvalidArgument, match=words):
            run(other, pictures(2), "rise", samples=40, resume=first)


@pytest.mark.parametrize("score", [0.0, 1e-9, 5.0])
def test_rounding_is_no_other_model(score):
    """A score is compared with its row's, and a row of noise with the others'."""
    state = State({"precision": "fp32"}, torch.ones(2), witness=torch.tensor([[1.0], [score]]))
    batch = torch.zeros(1)
    state.confirm(torch.tensor([[1.0 + 1e-5], [score * (1 + 1e-4)]]), batch)
    state.confirm(torch.tensor([[1.0], [score + 1e-6]]), batch)
    state.confirm(state.witness * 1.01, batch.bfloat16())
    for wrong in (state.witness * 1.01, state.witness + 0.05, state.witness * torch.nan):
        with pytest.raises(InvalidArgument, match="another call"):
            state.confirm(wrong, batch)


def test_what_is_no_result_is_refused(network):
    first = run(network, pictures(2), "rise", samples=20)
    for wrong in (first.values, 3, replace(first, state=None), Attribution(torch.zeros(1))):
        with pytest.raises(InvalidArgument, match="full=True"):
            run(network, pictures(2), "rise", samples=40, resume=wrong)


def test_an_exact_result_has_nothing_to_go_on_with(network):
    settings = {"features": 2, "samples": 100}
    first = run(network, pictures(2), "kernel-shap", **settings)
    again = run(network, pictures(2), "kernel-shap", **settings, resume=first)
    assert first.info["stopped"] == again.info["stopped"] == "exact"
    with pytest.raises(InvalidArgument, match="differs in batch"):
        run(network, pictures(2, seed=1), "kernel-shap", **settings, resume=first)


def test_an_interruption_leaves_the_earlier_result_whole(network):
    batch = pictures(2)
    first = run(network, batch, "rise", samples=40)
    values = first.values.clone()
    made = itertools.count()

    def impatient(output):
        if next(made) == 1:
            raise KeyboardInterrupt
        return output[:, 1]

    with pytest.raises(KeyboardInterrupt):
        attribute(network, batch, "rise", impatient, samples=400)
    assert torch.equal(first.values, values)
    same(
        run(network, batch, "rise", samples=80, resume=first),
        run(network, batch, "rise", samples=80),
    )


@pytest.mark.parametrize("method", ["occlusion", "feature-ablation", *CASES])
def test_explain_keeps_error_sign_and_reason(network, method):
    photo = (np.random.default_rng(0).random((40, 50, 3)) * 255).astype(np.uint8)
    settings = {**CASES[method], "samples": 60} if method in CASES else {}
    heat = hl.explain(network, photo, method, 1, fit="squash", **settings)
    assert heat.size == (40, 50)
    assert heat.signed
    record = json.loads(heat.provenance.to_json())
    if method in CASES:
        assert heat.error.shape == (40, 50)
        assert record["info"]["stopped"] == "samples"
        assert record["info"]["samples"] == 60
        with pytest.raises(InvalidArgument, match="attribute"):
            hl.explain(network, photo, method, 1, resume=Attribution(torch.zeros(1)), **settings)
    else:
        assert heat.error is None
