"""Networks of JAX that cannot do what is asked: each error says what was given and what helps."""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from benchmarks.jax_twins import LinenNet, linen_twin
from heatlens import load_model
from heatlens.errors import (
    InvalidArgument,
    InvalidType,
    NeedsGradient,
    UnknownName,
    UnsupportedMethod,
)
from heatlens.models.targets import ClassIndex, OutputFunction
from tests.attribution.networks import ResidualNet, pictures, seeded

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


def of(function, **wish):
    return load_model(function, framework="jax", **wish)


def test_a_linen_module_without_variables():
    with pytest.raises(InvalidArgument, match=r"holds no weights.*module\.bind\(variables\)"):
        load_model(LinenNet())


@pytest.mark.parametrize(
    ("variables", "words"),
    [([1], "variables of LinenNet are list"), ({"conv1": {}}, "collections conv1 and no 'params'")],
)
def test_variables_that_are_none(variables, words):
    with pytest.raises(InvalidArgument, match=words):
        load_model((LinenNet(), variables))


def test_axes_in_another_order():
    model = load_model(linen_twin(seeded(ResidualNet())), layout="NCHW")
    with pytest.raises(
        InvalidArgument, match=r"LinenNet cannot be called .*\(2, 3, 32, 32\).*layout="
    ):
        model.predict(pictures(2))


def test_a_function_that_cannot_be_traced():
    for wrapped in (lambda function: function, jax.jit):
        model = of(wrapped(lambda batch: jnp.asarray(np.asarray(batch).mean((1, 2)))))
        with pytest.raises(InvalidArgument, match=r"cannot be traced by JAX.*framework='numpy'"):
            model.input_gradient(pictures(1), ClassIndex(0))
    with pytest.raises(InvalidArgument, match="cannot be traced by JAX"):
        model.predict(pictures(1))


def test_a_loop_without_a_derivative():
    def function(batch):
        def step(state):
            return state[0] + 1, state[1] * 1.1

        return jax.lax.while_loop(lambda state: state[0] < 3, step, (0, batch))[1].mean((1, 2))

    model = of(function)
    assert model.predict(pictures(1)).shape == (1, 3)
    with pytest.raises(NeedsGradient, match="gradients cannot go back"):
        model.input_gradient(pictures(1), ClassIndex(0))


def test_whole_numbers_as_output():
    model = of(lambda batch: batch.mean((1, 2)).astype(int))
    with pytest.raises(NeedsGradient, match="returns int32"):
        model.input_gradient(pictures(1), ClassIndex(0))


def test_zeros_that_say_nothing():
    stopped = of(lambda batch: jax.lax.stop_gradient(batch).mean((1, 2)))
    within = of(jax.jit(lambda batch: jax.lax.stop_gradient(batch).mean((1, 2))))
    rounded = of(lambda batch: batch.astype(int).mean((1, 2)))
    for model in (stopped, within, rounded):
        with pytest.raises(NeedsGradient, match="back to its input"):
            model.input_gradient(pictures(1), ClassIndex(0))
    dark = of(lambda batch: jax.nn.relu(batch - 99).mean((1, 2)) if batch.any() else batch)
    assert not dark.input_gradient(pictures(1), ClassIndex(0)).any()

    class Stopped(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = jax.lax.stop_gradient(nn.Dense(4, name="below")(x))
            return nn.Dense(3, name="head")(x).mean((1, 2))

    variables = Stopped().init(jax.random.key(0), jnp.zeros((1, 4, 4, 3)))
    model = load_model((Stopped(), variables))
    assert model.layer_gradient(pictures(1, (4, 4)), "head", ClassIndex(0))[1].any()
    with pytest.raises(NeedsGradient, match="back to its layer 'below'"):
        model.layer_gradient(pictures(1, (4, 4)), "below", ClassIndex(0))


def test_nothing_as_output():
    with pytest.raises(InvalidType, match="returned dict without an array"):
        of(lambda batch: {"name": "cat"}).predict(pictures(1))


def test_another_number_of_rows():
    with pytest.raises(InvalidArgument, match="for a batch of 2"):
        of(lambda batch: batch.mean((0, 1, 2))).predict(pictures(2))
    with pytest.raises(InvalidArgument, match="for a batch of 2"):
        of(lambda batch: batch.mean((1, 2))[:1]).input_gradient(pictures(2), ClassIndex(0))


def test_what_the_function_raises_is_named():
    def function(batch):
        raise KeyError("weights")

    with pytest.raises(InvalidArgument, match=r"function cannot be called .* KeyError: 'weights'"):
        of(function).predict(pictures(1))


def test_what_the_target_raises_is_its_own():
    def target(output):
        raise ZeroDivisionError("in the target")

    with pytest.raises(ZeroDivisionError, match="in the target"):
        of(lambda batch: batch.mean((1, 2))).input_gradient(pictures(1), OutputFunction(target))


def test_a_network_that_trains():
    class Trains(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.BatchNorm(use_running_average=False)(x).mean((1, 2))

    variables = Trains().init(jax.random.key(0), jnp.zeros((1, 4, 4, 3)))
    with pytest.raises(InvalidArgument, match="updates its statistics as in training"):
        load_model((Trains(), variables)).predict(pictures(1, (4, 4)))

    class Drops(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dropout(0.5, deterministic=False)(x).mean((1, 2))

    with pytest.raises(InvalidArgument, match="draws random numbers as it does in training"):
        load_model((Drops(), {"params": {}})).predict(pictures(1, (4, 4)))


def test_unknown_names():
    model = load_model(linen_twin(seeded(ResidualNet())))
    with pytest.raises(UnknownName, match="unknown layer 'conv5'; did you mean"):
        model.activations(pictures(1), ["conv5"])
    with pytest.raises(UnknownName, match="unknown layer"):
        model.input_gradient(pictures(1), ClassIndex(0, layer="conv5"))
    with pytest.raises(UnknownName, match="unknown output 'b'"):
        of(lambda batch: {"a": batch.mean((1, 2))}, output="b").predict(pictures(1))


def test_a_targets_layer_before_the_layer_asked_for():
    model = load_model(linen_twin(seeded(ResidualNet())))
    with pytest.raises(NeedsGradient, match="runs before layer 'conv3'"):
        model.layer_gradient(pictures(1), "conv3", ClassIndex(0, layer="conv1"))


def test_layers_of_a_function():
    with pytest.raises(UnsupportedMethod, match="cannot give activations"):
        of(lambda batch: batch.mean((1, 2))).activations(pictures(1), ["a"])


def test_inputs_that_are_not_there():
    def function(image, text):
        return image.mean((1, 2)) + text

    model = of(function)
    with pytest.raises(UnknownName, match="unknown input 'sound'"):
        model.holding({"sound": torch.zeros(1, 3)}, "image")
    with pytest.raises(InvalidArgument, match=r"\(2, 3\); give one row \(1, ...\)"):
        model.holding({"text": torch.zeros(2, 3)}, "image")
    with pytest.raises(InvalidArgument, match="name the input that the batch goes to"):
        of(lambda inputs: inputs["a"]).holding({"b": torch.zeros(1, 3)})
    with pytest.raises(InvalidArgument, match=r"text.*function cannot be called|cannot be called"):
        model.predict(pictures(1))
