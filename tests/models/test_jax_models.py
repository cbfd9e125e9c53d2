"""Networks of JAX: recognised, run, differentiated and left as they were."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import nnx

from benchmarks.equality_jax import METHODS, differences, twins
from benchmarks.jax_twins import equinox_twin, linen_twin, nnx_twin
from heatlens import attribute, explain, load_model
from heatlens.errors import AssumptionWarning
from heatlens.models.arrays import as_tensor, to_jax
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex
from tests.attribution.networks import ResidualNet, pictures, seeded

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


@pytest.fixture(scope="module")
def network():
    return seeded(ResidualNet())


@pytest.fixture(scope="module")
def models(network):
    return twins(network)


def channels_last(batch):
    return batch.permute(0, 2, 3, 1).contiguous()


# --- the same maps as PyTorch's ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("frameworks", "methods"),
    [
        (["flax.linen"], list(METHODS)),
        (["flax.nnx", "equinox", "jax.jit"], ["gradient", "gradcam"]),
    ],
)
def test_maps_equal_those_of_pytorch(frameworks, methods):
    for method, by_framework in differences(methods, frameworks).items():
        for framework, difference in by_framework.items():
            assert difference < 1e-4, (method, framework, difference)


def test_layers_in_the_order_in_which_they_run(models):
    expected = ("conv1", "norm1", "conv2", "norm2", "conv3", "norm3", "conv4")
    for name in ("flax.linen", "flax.nnx", "equinox"):
        layers = models[name].layers()
        assert layers[:7] == expected
        assert layers[-2:] == ("hidden", "head")
    assert models["jax.jit"].layers() == ()
    assert models["jax.jit"].capabilities == {"predict", "gradient"}


def test_the_layer_of_a_cam_is_found(models):
    batch = pictures(2)
    for name, layout in (("flax.linen", "NHWC"), ("flax.nnx", "NHWC"), ("equinox", "NCHW")):
        found = models[name].spatial_layer(batch)
        assert (found.name, found.layout, found.grid) == ("conv4", layout, (4, 4))


def test_random_head_is_another_network_and_the_first_stays(network, models):
    batch = pictures(2)
    for name in ("flax.linen", "flax.nnx", "equinox"):
        model = models[name]
        before = model.predict(batch)
        twin = model.with_random_head(batch, ClassIndex(1), seed=0)
        assert (twin.predict(batch) - before).abs().max() > 0.1
        assert torch.equal(twin.activations(batch, ["hidden"])["hidden"],
                           model.activations(batch, ["hidden"])["hidden"])  # fmt: skip
        assert torch.equal(model.predict(batch), before)
    # Equinox keeps weights in PyTorch's order, so even the numbers drawn are the same.
    theirs = TorchModel(network).with_random_head(batch, ClassIndex(1), seed=0)
    torch.testing.assert_close(twin.predict(batch), theirs.predict(batch), rtol=1e-4, atol=1e-4)
    assert models["jax.jit"].with_random_head(batch, ClassIndex(1), 0) is None


# --- whose object it is -----------------------------------------------------------------------


def test_every_way_to_give_a_network(network):
    batch = pictures(2)
    expected = TorchModel(network).predict(batch)
    module, variables = linen_twin(network)
    quiet = eqx.nn.inference_mode(equinox_twin(network))
    for given, layout in (
        (module.bind(variables), None),
        ((module, variables), None),
        (nnx_twin(network), None),
        (equinox_twin(network), None),
        (eqx.filter_jit(equinox_twin(network)), None),
        (eqx.filter_vmap(quiet), None),
        (jax.vmap(quiet), "NCHW"),
        (jax.jit(jax.vmap(quiet)), "NCHW"),
    ):
        model = load_model(given, layout=layout)
        torch.testing.assert_close(model.predict(batch), expected, rtol=1e-4, atol=1e-4)
    plain = load_model(lambda x: module.apply(variables, x, train=False), framework="jax")
    torch.testing.assert_close(plain.predict(batch), expected, rtol=1e-4, atol=1e-4)


def test_what_is_assumed_is_said(network):
    with pytest.warns(AssumptionWarning, match=r"the axes of a batch are NHWC"):
        model = load_model(nnx_twin(network))
    assert (model.contract.channels, model.contract.input_size) == (3, None)
    model = load_model(equinox_twin(network), layout="NCHW", input_size=32, mean=0.5, std=0.5)
    assert model.contract.assumed == ()


def test_channels_and_axes_are_read_from_the_first_convolution():
    volume = eqx.nn.Sequential(
        [
            eqx.nn.Conv3d(2, 4, 3, key=jax.random.key(0)),
            eqx.nn.Lambda(lambda x: x.mean((1, 2, 3))),
        ]
    )
    model = load_model(volume)
    assert (model.contract.layout, model.contract.channels) == ("NCDHW", 2)
    assert model.layers() == ("layers.0", "layers.1")
    sound = nnx.Sequential(nnx.Conv(5, 3, (3,), rngs=nnx.Rngs(0)), lambda x: x.mean(1))
    model = load_model(sound)
    assert (model.contract.layout, model.contract.channels) == ("NTC", 5)
    assert model.input_gradient(torch.randn(2, 5, 12), ClassIndex(0)).shape == (2, 5, 12)


def test_attribute_answers_in_the_callers_framework_and_layout(models):
    batch = channels_last(pictures(2))
    heat = attribute(models["flax.linen"], jnp.asarray(batch.numpy()), "gradient", 1)
    assert isinstance(heat, jax.Array)
    assert heat.shape == (2, 32, 32, 3)
    again = attribute(models["flax.linen"], batch, "gradient", 1)
    np.testing.assert_array_equal(np.asarray(heat), again.numpy())


def test_explain_takes_a_picture(network):
    image = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    heat = explain(nnx_twin(network), image, method="gradcam", target=1)
    assert heat.values.shape == (40, 48)


# --- other networks ---------------------------------------------------------------------------


def test_a_stateful_equinox_module_comes_with_its_state():
    class Net(eqx.Module):
        conv: eqx.nn.Conv2d
        norm: eqx.nn.BatchNorm

        def __init__(self):
            self.conv = eqx.nn.Conv2d(3, 4, 3, key=jax.random.key(0))
            self.norm = eqx.nn.BatchNorm(4, "batch", mode="batch")

        def __call__(self, x, state):
            x, state = self.norm(self.conv(x), state)
            return x.mean((1, 2)), state

    module, state = eqx.nn.make_with_state(Net)()
    quiet = eqx.nn.inference_mode(module)
    batch = pictures(2)
    expected = jax.vmap(lambda x: quiet(x, state)[0])(to_jax(batch))
    model = load_model((module, state))
    torch.testing.assert_close(model.predict(batch), as_tensor(expected))
    assert model.layers() == ("conv", "norm")


def test_an_equinox_module_that_wants_whole_batches_gets_them():
    class Flat(eqx.Module):
        linear: eqx.nn.Linear

        def __call__(self, batch):
            return jax.vmap(self.linear)(batch.reshape(len(batch), -1))

    model = load_model(Flat(eqx.nn.Linear(48, 2, key=jax.random.key(0))))
    assert model.predict(torch.zeros(5, 3, 4, 4)).shape == (5, 2)


def test_a_module_that_runs_twice_has_two_names():
    class Twice(nn.Module):
        @nn.compact
        def __call__(self, x):
            conv = nn.Conv(3, (3, 3), name="conv")
            return conv(conv(x)).mean((1, 2))

    variables = Twice().init(jax.random.key(0), jnp.zeros((1, 8, 8, 3)))
    model = load_model((Twice(), variables))
    assert model.layers() == ("conv", "conv#2")
    batch = pictures(1, (8, 8))
    seen = model.activations(batch, ["conv", "conv#2"])
    inner, slope = model.layer_gradient(batch, "conv#2", ClassIndex(0))
    assert torch.equal(inner, seen["conv#2"])
    assert not torch.equal(seen["conv"], seen["conv#2"])
    torch.testing.assert_close(slope[..., 0], torch.full((1, 8, 8), 1 / 64))


def test_layers_inside_a_scan_are_passed_over():
    class Block(nn.Module):
        @nn.compact
        def __call__(self, x, _):
            return nn.relu(nn.Dense(4, name="inside")(x)), None

    class Deep(nn.Module):
        @nn.compact
        def __call__(self, x):
            scanned = nn.scan(
                Block, variable_axes={"params": 0}, split_rngs={"params": True}, length=3
            )
            x = nn.Conv(4, (4, 4), (4, 4), name="patches")(x).mean((1, 2))
            return nn.Dense(2, name="head")(scanned(name="blocks")(x, None)[0])

    variables = Deep().init(jax.random.key(0), jnp.zeros((1, 8, 8, 3)))
    model = load_model((Deep(), variables))
    assert "patches" in model.layers()
    assert not any("inside" in name for name in model.layers())
    batch = pictures(2, (8, 8))
    assert model.layer_gradient(batch, "patches", ClassIndex(0))[1].abs().sum() > 0


def test_tokens_of_a_transformer_are_a_grid():
    class Tokens(nn.Module):
        @nn.compact
        def __call__(self, x, deterministic):
            x = nn.Conv(8, (8, 8), (8, 8), name="patches")(x)
            x = x.reshape(len(x), -1, 8)
            first = self.param("first", nn.initializers.normal(), (1, 1, 8))
            x = jnp.concatenate([jnp.broadcast_to(first, (len(x), 1, 8)), x], 1)
            x = x + nn.MultiHeadDotProductAttention(2, name="mix")(nn.LayerNorm(name="norm")(x))
            x = nn.Dropout(0.1, deterministic=deterministic)(x)
            return nn.Dense(3, name="head")(nn.LayerNorm(name="last")(x).mean(1))

    variables = Tokens().init(jax.random.key(0), jnp.zeros((1, 32, 32, 3)), True)
    model = load_model((Tokens(), variables))
    found = model.spatial_layer(pictures(1))
    assert (found.name, found.layout, found.grid, found.prefix) == ("last", "NLC", (4, 4), 1)
    heat = attribute(model, channels_last(pictures(2)), "gradcam", 1)
    assert heat.shape == (2, 4, 4, 1)


def test_several_inputs_by_name_and_in_a_dictionary():
    def by_name(image, factor):
        return (image * factor[:, None, None]).mean((1, 2))

    batch, factor = torch.rand(3, 4, 4, 2), torch.tensor([[2.0, -1.0]])
    expected = batch.mean((1, 2)) * factor
    model = load_model(by_name, framework="jax")
    assert model.inputs() == ("image", "factor")
    held = model.holding({"factor": factor}, "image")
    torch.testing.assert_close(held.predict(batch.permute(0, 3, 1, 2)), expected)
    both = load_model(lambda inputs: by_name(inputs["a"], inputs["b"]), framework="jax")
    held = both.holding({"b": factor}, "a")
    torch.testing.assert_close(held.predict(batch.permute(0, 3, 1, 2)), expected)
    slope = held.input_gradient(batch.permute(0, 3, 1, 2), ClassIndex(1))
    torch.testing.assert_close(slope[:, 1], torch.full((3, 4, 4), -1 / 16))


def test_one_of_several_outputs():
    def function(batch):
        return {"extra": batch.sum((1, 2)), "logits": batch.mean((1, 2))}

    batch = pictures(2, (4, 4))
    usual = load_model(function, framework="jax").predict(batch)
    torch.testing.assert_close(usual, batch.mean((2, 3)))
    extra = load_model(function, framework="jax", output="extra").predict(batch)
    torch.testing.assert_close(extra, batch.sum((2, 3)))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_a_network_of_half_precision(network, dtype):
    halved = jax.tree_util.tree_map(
        lambda leaf: leaf.astype(dtype) if eqx.is_inexact_array(leaf) else leaf,
        equinox_twin(network),
    )
    model = load_model(halved)
    batch = pictures(2)
    whole = TorchModel(network).input_gradient(batch, ClassIndex(1))
    slope = model.input_gradient(batch.double(), ClassIndex(1))
    assert slope.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(slope.flatten(), whole.flatten(), 0) > 0.98


# --- cost, and no trace -----------------------------------------------------------------------


def test_nothing_is_compiled_or_traced_twice():
    traced = []

    @jax.jit
    def function(batch):
        traced.append(batch.shape)
        return batch.mean((1, 2))

    model = load_model(function)
    for _ in range(3):
        for target in (0, 1):
            model.input_gradient(pictures(2, (8, 8)), ClassIndex(target))
            model.predict(pictures(2, (8, 8), seed=target))
        attribute(function, channels_last(pictures(2, (8, 8))), "gradient", 0)
    assert len(traced) <= 2
    conv = nnx.Conv(3, 2, (1, 1), rngs=nnx.Rngs(0))
    model = load_model(nnx.Sequential(conv, lambda x: x.mean((1, 2))))
    for target in (0, 1):
        model.input_gradient(pictures(2, (8, 8)), ClassIndex(target))
    assert model.engine._compiled.pullback._cache_size() == 1
    assert model.engine._compiled.pull._cache_size() == 1


def test_what_a_plain_function_reads_from_outside_is_read_in_each_call():
    weights = {"head": jnp.eye(3)}
    model = load_model(lambda batch: batch.mean((1, 2)) @ weights["head"], framework="jax")
    batch = pictures(2, (4, 4))
    output, slope = model.predict(batch), model.input_gradient(batch, ClassIndex(1))
    weights["head"] = 2 * jnp.eye(3)
    torch.testing.assert_close(model.predict(batch), 2 * output)
    torch.testing.assert_close(model.input_gradient(batch, ClassIndex(1)), 2 * slope)
    branching = load_model(lambda x: x.mean((1, 2)) if x.sum() > 0 else x, framework="jax")
    slope = branching.input_gradient(pictures(1, (4, 4)).abs(), ClassIndex(1))
    torch.testing.assert_close(slope[:, 1], torch.full((1, 4, 4), 1 / 16))


def test_memory_is_shared_both_ways():
    batch = torch.zeros(4, 8, 8, 3)
    assert to_jax(batch).unsafe_buffer_pointer() == batch.data_ptr()
    array = jnp.ones((4, 8))
    assert as_tensor(array).data_ptr() == array.unsafe_buffer_pointer()


def test_changed_weights_are_seen_at_once_and_compile_nothing(network):
    batch = pictures(2)
    module = nnx_twin(network)
    model = load_model(module)
    before = model.predict(batch)
    bias = module.head.bias[...]
    module.head.bias[...] = bias + 1
    torch.testing.assert_close(model.predict(batch), before + 1)
    assert model.engine._compiled.forward._cache_size() == 1


def test_changed_parts_and_settings_of_nnx_are_seen_at_once():
    class Scaled(nnx.Module):
        def __init__(self):
            self.scale = 1.0
            self.conv = nnx.Conv(3, 2, (1, 1), rngs=nnx.Rngs(0))

        def __call__(self, batch):
            return self.scale * self.conv(batch).mean((1, 2))

    module, batch = Scaled(), pictures(2, (4, 4))
    model = load_model(module)
    slope = model.input_gradient(batch, ClassIndex(1))
    assert model.layers() == ("conv",)
    module.scale = 5.0
    torch.testing.assert_close(model.input_gradient(batch, ClassIndex(1)), 5 * slope)
    module.conv = nnx.Sequential(nnx.Conv(3, 2, (1, 1), rngs=nnx.Rngs(7)), nnx.relu)
    expected = module(to_jax(channels_last(batch)))
    torch.testing.assert_close(model.predict(batch), as_tensor(expected))
    assert model.layers() == ("conv.layers.0", "conv")


def test_the_users_network_stays_as_it_was(network):
    module = nnx_twin(network)
    before = jax.tree_util.tree_leaves(nnx.state(module))
    kinds = {path: type(part) for path, part in nnx.iter_modules(module)}
    attribute(load_model(module), channels_last(pictures(2)), "gradcam", 1)
    after = jax.tree_util.tree_leaves(nnx.state(module))
    assert all(bool((one == other).all()) for one, other in zip(before, after, strict=True))
    assert {path: type(part) for path, part in nnx.iter_modules(module)} == kinds
    assert module.dropout.deterministic is False
    assert not jax.config.jax_enable_x64


def test_the_batch_stays_as_it_was_when_its_map_is_changed():
    model = load_model(jax.jit(lambda batch: batch.reshape(len(batch), -1)))
    batch = pictures(2, (4, 4))
    kept = batch.clone()
    model.predict(batch).mul_(0)
    assert torch.equal(batch, kept)


ELSEWHERE = """
import jax, numpy as np, torch
from heatlens import load_model
from heatlens.models.targets import ClassIndex

weights = jax.device_put(np.arange(6, dtype=np.float32).reshape(3, 2), jax.devices()[1])
import equinox as eqx

class Net(eqx.Module):
    weight: jax.Array

    def __call__(self, x):
        return x.mean((1, 2)) @ self.weight

model = load_model(Net(weights), layout="NCHW", input_size=4, mean=0.0)
slope = model.input_gradient(torch.rand(2, 3, 4, 4), ClassIndex(1))
assert slope[:, :, 0, 0].mul(16).tolist() == [[1.0, 3.0, 5.0]] * 2
assert weights.devices() == {jax.devices()[1]}
"""


def test_weights_on_another_device_of_jax():
    flags = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], env=flags, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_threads_do_not_mix(models):
    batch = pictures(4)
    expected = [
        models["flax.nnx"].input_gradient(batch[i : i + 1], ClassIndex(i)) for i in range(4)
    ]
    found = {}

    def work(row):
        found[row] = models["flax.nnx"].input_gradient(batch[row : row + 1], ClassIndex(row))

    threads = [threading.Thread(target=work, args=(row,)) for row in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[row], expected[row]) for row in range(4))
