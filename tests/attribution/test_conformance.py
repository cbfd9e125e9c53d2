"""Every registered method keeps the rules, by its being registered; and the checks do bite."""

from __future__ import annotations

import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.attribution.method import METHODS, Attribution, Method
from heatlens.models.protocol import Passes
from heatlens.testing import conformance
from heatlens.testing.conformance import CHECKS, check_method, difference
from tests.attribution.networks import NETWORKS, pictures, seeded


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method", METHODS)
def test_every_method(method, name, check):
    check(method, seeded(NETWORKS[name]()), pictures(), None)


@pytest.mark.parametrize("method", METHODS)
def test_little_memory_gives_the_same_map(method, monkeypatch):
    network, batch = seeded(NETWORKS["residual"]()), pictures(5)
    settings = METHODS[method].quick
    roomy = attribute(network, batch, method, **settings)
    monkeypatch.setenv("HEATLENS_MEMORY", "64K")
    assert difference(attribute(network, batch, method, **settings), roomy) < 1e-4


# --- the checks find what they are for ---------------------------------------------------------


def mixes_rows(model, batch, target):
    slope = model.input_gradient(batch, target)
    return slope - slope.mean(0, keepdim=True)


def draws_globally(model, batch, target, *, seed=0):
    return model.input_gradient(batch + 0.1 * torch.randn_like(batch), target)


def seeds_globally(model, batch, target, *, seed=0):
    torch.manual_seed(seed)
    return model.input_gradient(batch, target)


def leaves_training_mode(model, batch, target):
    model.module.train()
    return model.input_gradient(batch, target)


def fills_gradients(model, batch, target):
    network = model.module
    with torch.enable_grad():
        leaf = batch.clone().requires_grad_()
        target.scores(network(leaf)).sum().backward()
    return leaf.grad


def keeps_a_hook(model, batch, target):
    model.module.register_forward_hook(lambda module, inputs, output: None)
    return model.input_gradient(batch, target)


def scales_to_one(model, batch, target):
    slope = model.input_gradient(batch, target)
    low, high = slope.amin((1, 2, 3), keepdim=True), slope.amax((1, 2, 3), keepdim=True)
    return (slope - low) / (high - low)


def overspends(model, batch, target):
    return sum(model.input_gradient(batch, target) for _ in range(3))


def wants_even_sizes(model, batch, target):
    halves = model.input_gradient(batch, target)[..., ::2, ::2]
    return halves.repeat_interleave(2, 2).repeat_interleave(2, 3)


def swallows_errors(model, batch, target):
    try:
        return model.input_gradient(batch, target)
    except Exception:
        return torch.zeros_like(batch)


def writes_into_the_batch(model, batch, target):
    slope = model.input_gradient(batch, target)
    batch.mul_(2)
    return slope


def breaks_in_half(model, batch, target):
    return model.input_gradient(batch, target) + 1e-2 * torch.finfo(batch.dtype).eps ** -0.5


def forgets_its_layer(model, batch, target):
    return Attribution(model.input_gradient(batch, target).mean((1, 2, 3), keepdim=True))


BROKEN = {
    mixes_rows: (conformance.check_rows_apart, "one by one differ"),
    draws_globally: (conformance.check_repeats, "same seed differ"),
    seeds_globally: (conformance.check_no_trace, "torch's random state changed after a run"),
    leaves_training_mode: (conformance.check_no_trace, "training mode of .* changed"),
    fills_gradients: (conformance.check_no_trace, "grad of .* changed"),
    keeps_a_hook: (conformance.check_threads, "hooks of .* changed"),
    scales_to_one: (conformance.check_flat_pictures, "no evidence: broken gave NaN"),
    overspends: (conformance.check_cost, "3 forward passes a row where 1 are declared"),
    wants_even_sizes: (conformance.check_sizes, "values .* for"),
    swallows_errors: (conformance.check_no_trace, "swallowed"),
    writes_into_the_batch: (conformance.check_no_trace, "the batch changed"),
    forgets_its_layer: (conformance.check_shape, "does not name the layer"),
    breaks_in_half: (conformance.check_dtypes, "float64 and float32 differ"),
}


@pytest.mark.parametrize("function", BROKEN, ids=lambda function: function.__name__)
def test_checks_find_broken_methods(function, monkeypatch):
    method = Method(
        name="broken",
        function=function,
        family="test",
        needs=frozenset({"gradient"}),
        cost=lambda p: Passes(1, 1),
        paper="",
        level="layer" if function is forgets_its_layer else "pixel",
        channels="sum",
        signed=True,
        fixed_target=False,
        quick={},
    )
    monkeypatch.setitem(METHODS._items, "broken", method)
    batch = pictures().to(memory_format=torch.channels_last)
    network = seeded(NETWORKS["residual"]())
    check, message = BROKEN[function]
    with pytest.raises(AssertionError, match=message):
        check("broken", network, batch)


def test_all_checks_at_once(monkeypatch):
    network, batch = seeded(NETWORKS["residual"]()), pictures()
    check_method("gradient", network, batch)

    def check_the_weather(method, network, batch, parameters):
        raise AssertionError("it rains")

    monkeypatch.setattr(conformance, "CHECKS", (check_the_weather,))
    with pytest.raises(AssertionError, match="gradient, check_the_weather: it rains"):
        check_method("gradient", network, batch)
