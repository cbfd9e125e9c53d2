"""The network in Equinox: one picture (3, H, W) in, ten logits out, as is usual there."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp

from twins.weights import BLOCKS, EPSILON, normalisation, trained


def without_weights(layer, *shape, **settings):
    """A layer whose weights are shapes: none are drawn that would be replaced at once."""
    build = functools.partial(layer, *shape, **settings)
    return eqx.filter_eval_shape(lambda key: build(key=key), jax.random.key(0))


class Convolved(eqx.Module):
    """A convolution, and its normalisation as a scale and a shift of each channel."""

    convolution: eqx.nn.Conv2d
    scale: jax.Array
    shift: jax.Array

    def __init__(self, weights, kernel, norm, stride=1):
        array = jnp.asarray(weights[f"{kernel}.weight"])
        out, inside, side, _ = array.shape
        blank = without_weights(eqx.nn.Conv2d, inside, out, side, stride, side // 2, use_bias=False)
        self.convolution = eqx.tree_at(lambda layer: layer.weight, blank, array)
        scale, bias, mean, variance = map(jnp.asarray, normalisation(weights, norm))
        self.scale = (scale / jnp.sqrt(variance + EPSILON))[:, None, None]
        self.shift = (bias - mean * scale / jnp.sqrt(variance + EPSILON))[:, None, None]

    def __call__(self, x):
        return self.convolution(x) * self.scale + self.shift


class Block(eqx.Module):
    """Two convolutions and a shortcut, which is projected where the shape changes."""

    first: Convolved
    second: Convolved
    project: Convolved | None

    def __init__(self, weights, name, stride):
        self.first = Convolved(weights, f"{name}.conv1", f"{name}.norm1", stride)
        self.second = Convolved(weights, f"{name}.conv2", f"{name}.norm2")
        projected = f"{name}.project.0.weight" in weights
        project = f"{name}.project.0", f"{name}.project.1"
        self.project = Convolved(weights, *project, stride) if projected else None

    def __call__(self, x):
        y = self.second(jax.nn.relu(self.first(x)))
        return jax.nn.relu(y + (x if self.project is None else self.project(x)))


class SceneCNN(eqx.Module):
    """From (3, H, W) to ten logits."""

    stem: list[Convolved]
    blocks: list[Block]
    head: eqx.nn.Linear

    def __init__(self, weights):
        stem = ("stem.0", "stem.1")
        self.stem = [Convolved(weights, f"{part}.0", f"{part}.1", 2) for part in stem]
        self.blocks = [Block(weights, name, stride) for name, (_, stride) in BLOCKS.items()]
        blank = without_weights(eqx.nn.Linear, 96, 10)
        learnt = jnp.asarray(weights["head.weight"]), jnp.asarray(weights["head.bias"])
        self.head = eqx.tree_at(lambda layer: (layer.weight, layer.bias), blank, learnt)

    def __call__(self, x):
        for part in self.stem:
            x = jax.nn.relu(part(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((1, 2)))


def scene_cnn() -> SceneCNN:
    """The module with the trained weights."""
    return SceneCNN(trained())
