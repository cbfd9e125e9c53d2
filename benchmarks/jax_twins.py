"""Twins of a small residual network of PyTorch in Flax and Equinox, with its weights.

The network is `tests.attribution.networks.ResidualNet`: batch norm, residual add, dropout.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import torch
from flax import nnx


class LinenNet(nn.Module):
    width: int = 8
    classes: int = 4

    @nn.compact
    def __call__(self, x, train: bool):
        def conv(x, name, width, stride=1):
            pad = ((1, 1), (1, 1))
            return nn.Conv(width, (3, 3), (stride, stride), padding=pad, name=name)(x)

        def norm(x, name):
            return nn.BatchNorm(use_running_average=not train, epsilon=1e-5, name=name)(x)

        x = nn.relu(norm(conv(x, "conv1", self.width, 2), "norm1"))
        x = nn.relu(x + norm(conv(x, "conv2", self.width), "norm2"))
        x = nn.relu(norm(conv(x, "conv3", 2 * self.width, 2), "norm3"))
        x = nn.relu(conv(x, "conv4", 2 * self.width, 2))
        x = nn.Dropout(0.5, deterministic=not train)(x.mean((1, 2)))
        x = nn.relu(nn.Dense(2 * self.width, name="hidden")(x))
        return nn.Dense(self.classes, name="head")(x)


class NnxNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, width: int = 8, classes: int = 4):
        def conv(taken, given, stride=1):
            pad = ((1, 1), (1, 1))
            return nnx.Conv(taken, given, (3, 3), (stride, stride), padding=pad, rngs=rngs)

        def norm(channels):
            return nnx.BatchNorm(channels, epsilon=1e-5, rngs=rngs)

        self.conv1, self.norm1 = conv(3, width, 2), norm(width)
        self.conv2, self.norm2 = conv(width, width), norm(width)
        self.conv3, self.norm3 = conv(width, 2 * width, 2), norm(2 * width)
        self.conv4 = conv(2 * width, 2 * width, 2)
        self.dropout = nnx.Dropout(0.5)
        self.hidden = nnx.Linear(2 * width, 2 * width, rngs=rngs)
        self.head = nnx.Linear(2 * width, classes, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.norm1(self.conv1(x)))
        x = nnx.relu(x + self.norm2(self.conv2(x)))
        x = nnx.relu(self.norm3(self.conv3(x)))
        x = nnx.relu(self.conv4(x))
        return self.head(nnx.relu(self.hidden(self.dropout(x.mean((1, 2))))))


class Norm(eqx.Module):
    """A batch norm with its statistics as they are."""

    mean: Any
    var: Any
    weight: Any
    bias: Any

    def __call__(self, x):
        scale = self.weight / jnp.sqrt(self.var + 1e-5)
        return (x - self.mean[:, None, None]) * scale[:, None, None] + self.bias[:, None, None]


class EquinoxNet(eqx.Module):
    conv1: eqx.nn.Conv2d
    norm1: Norm
    conv2: eqx.nn.Conv2d
    norm2: Norm
    conv3: eqx.nn.Conv2d
    norm3: Norm
    conv4: eqx.nn.Conv2d
    dropout: eqx.nn.Dropout
    hidden: eqx.nn.Linear
    head: eqx.nn.Linear

    def __init__(self, state: dict[str, np.ndarray], width: int = 8, classes: int = 4):
        key = jax.random.key(0)

        # Shapes alone: drawing weights that are replaced anyway takes seconds of compilation.
        def conv(taken, given, stride=1):
            return eqx.filter_eval_shape(
                lambda: eqx.nn.Conv2d(taken, given, 3, stride, padding=1, key=key)
            )

        def linear(taken, given):
            return eqx.filter_eval_shape(lambda: eqx.nn.Linear(taken, given, key=key))

        def norm(name):
            keys = ("running_mean", "running_var", "weight", "bias")
            return Norm(*(jnp.asarray(state[f"{name}.{key}"]) for key in keys))

        def filled(layer, name):
            weight = jnp.array(state[f"{name}.weight"])
            bias = jnp.array(state[f"{name}.bias"].reshape(layer.bias.shape))
            return eqx.tree_at(lambda part: (part.weight, part.bias), layer, (weight, bias))

        self.conv1, self.norm1 = filled(conv(3, width, 2), "conv1"), norm("norm1")
        self.conv2, self.norm2 = filled(conv(width, width), "conv2"), norm("norm2")
        self.conv3, self.norm3 = filled(conv(width, 2 * width, 2), "conv3"), norm("norm3")
        self.conv4 = filled(conv(2 * width, 2 * width, 2), "conv4")
        self.dropout = eqx.nn.Dropout(0.5)
        self.hidden = filled(linear(2 * width, 2 * width), "hidden")
        self.head = filled(linear(2 * width, classes), "head")

    def __call__(self, x, key=None):
        x = jax.nn.relu(self.norm1(self.conv1(x)))
        x = jax.nn.relu(x + self.norm2(self.conv2(x)))
        x = jax.nn.relu(self.norm3(self.conv3(x)))
        x = jax.nn.relu(self.conv4(x))
        return self.head(jax.nn.relu(self.hidden(self.dropout(x.mean((1, 2)), key=key))))


def arrays_of(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def linen_twin(network: torch.nn.Module) -> tuple[LinenNet, dict[str, Any]]:
    """The module and variables that compute what `network` does, on NHWC."""
    params: dict[str, Any] = {}
    statistics: dict[str, Any] = {}
    state = arrays_of(network)
    for name in ("conv1", "conv2", "conv3", "conv4", "hidden", "head"):
        weight = state[f"{name}.weight"]
        kernel = weight.transpose(2, 3, 1, 0) if weight.ndim == 4 else weight.T
        params[name] = {"kernel": jnp.array(kernel), "bias": jnp.array(state[f"{name}.bias"])}
    for name in ("norm1", "norm2", "norm3"):
        params[name] = {
            "scale": jnp.array(state[f"{name}.weight"]),
            "bias": jnp.array(state[f"{name}.bias"]),
        }
        statistics[name] = {
            "mean": jnp.array(state[f"{name}.running_mean"]),
            "var": jnp.array(state[f"{name}.running_var"]),
        }
    return LinenNet(), {"params": params, "batch_stats": statistics}


def nnx_twin(network: torch.nn.Module) -> NnxNet:
    """The nnx module that computes what `network` does, on NHWC, left in training mode."""
    # Shapes alone: drawing weights that are replaced anyway takes seconds of compilation.
    twin = nnx.eval_shape(lambda: NnxNet(nnx.Rngs(0)))
    _, variables = linen_twin(network)
    for name, values in variables["params"].items():
        part = getattr(twin, name)
        for key, value in values.items():
            setattr(part, key, nnx.Param(value))
    for name, values in variables["batch_stats"].items():
        for key, value in values.items():
            setattr(getattr(twin, name), key, nnx.BatchStat(value))
    return twin


def equinox_twin(network: torch.nn.Module) -> EquinoxNet:
    """The Equinox module that computes what `network` does, on (C, H, W)."""
    return EquinoxNet(arrays_of(network))
