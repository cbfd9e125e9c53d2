"""The network in Flax (linen): channels last, logits out."""

import jax.numpy as jnp
from flax import linen as nn

from twins.weights import BLOCKS, EPSILON, channels_last, normalisation, trained


class Convolved(nn.Module):
    """A convolution without bias and its normalisation."""

    channels: int
    side: int = 3
    stride: int = 1

    @nn.compact
    def __call__(self, x):
        around = self.side // 2
        x = nn.Conv(
            self.channels,
            (self.side, self.side),
            (self.stride, self.stride),
            padding=((around, around), (around, around)),
            use_bias=False,
            name="convolution",
        )(x)
        return nn.BatchNorm(use_running_average=True, epsilon=EPSILON, name="normalisation")(x)


class Block(nn.Module):
    """Two convolutions and a shortcut, which is projected where the shape changes."""

    channels: int
    stride: int

    @nn.compact
    def __call__(self, x):
        y = nn.relu(Convolved(self.channels, 3, self.stride, name="first")(x))
        y = Convolved(self.channels, name="second")(y)
        if x.shape != y.shape:
            x = Convolved(self.channels, 1, self.stride, name="project")(x)
        return nn.relu(x + y)


class SceneCNN(nn.Module):
    """From (N, H, W, 3) to ten logits."""

    @nn.compact
    def __call__(self, x):
        for place, channels in enumerate((16, 32)):
            x = nn.relu(Convolved(channels, stride=2, name=f"stem_{place}")(x))
        for name, (channels, stride) in BLOCKS.items():
            x = Block(channels, stride, name=name.replace(".", "_"))(x)
        return nn.Dense(10, name="head")(x.mean((1, 2)))


def variables() -> dict:
    """The trained weights as `SceneCNN().apply(variables, batch)` takes them."""
    weights = trained()
    found: dict = {"params": {}, "batch_stats": {}}

    def put(path: tuple[str, ...], kernel: str, norm: str) -> None:
        scale, bias, mean, var = map(jnp.asarray, normalisation(weights, norm))
        params, stats = found["params"], found["batch_stats"]
        for key in path:
            params, stats = params.setdefault(key, {}), stats.setdefault(key, {})
        params["convolution"] = {"kernel": jnp.asarray(channels_last(weights[f"{kernel}.weight"]))}
        params["normalisation"] = {"scale": scale, "bias": bias}
        stats["normalisation"] = {"mean": mean, "var": var}

    for place in range(2):
        put((f"stem_{place}",), f"stem.{place}.0", f"stem.{place}.1")
    for name in BLOCKS:
        block = name.replace(".", "_")
        put((block, "first"), f"{name}.conv1", f"{name}.norm1")
        put((block, "second"), f"{name}.conv2", f"{name}.norm2")
        if f"{name}.project.0.weight" in weights:
            put((block, "project"), f"{name}.project.0", f"{name}.project.1")
    found["params"]["head"] = {
        "kernel": jnp.asarray(weights["head.weight"].T),
        "bias": jnp.asarray(weights["head.bias"]),
    }
    return found


def scene_cnn() -> nn.Module:
    """The module bound to the trained weights: call it on a batch (N, 96, 96, 3)."""
    return SceneCNN().bind(variables())
