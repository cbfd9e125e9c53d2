"""The ResNet of keras.applications as a torch module, with every weight and statistic random.

Keras strides in the first convolution of a block, gives convolutions biases, and pads with zeros
before it pools; torchvision's does none of this. Layers bear Keras's own names.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["RESNET50", "TorchTwin", "keras_network", "keras_weights"]

RESNET50 = (3, 4, 6, 3)
_EPSILON = 1.001e-5


class TorchTwin(nn.Module):
    """Probabilities (N, classes) of pictures (N, 3, H, W)."""

    def __init__(
        self, blocks: tuple[int, ...] = RESNET50, classes: int = 1000, *, smooth: bool = False
    ) -> None:
        super().__init__()
        self.conv1_conv = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.conv1_bn = nn.BatchNorm2d(64, eps=_EPSILON)
        self.conv1_relu = nn.SiLU() if smooth else nn.ReLU()
        self.pool1_pad, self.pool1_pool = nn.ZeroPad2d(1), nn.MaxPool2d(3, stride=2)
        self.blocks = nn.ModuleList()
        width = 64
        for stack, count in enumerate(blocks):
            filters = 64 * 2**stack
            for place in range(count):
                stride = 2 if place == 0 and stack > 0 else 1
                name = f"conv{stack + 2}_block{place + 1}"
                self.blocks.append(
                    Block(name, width, filters, stride, shortcut=place == 0, smooth=smooth)
                )
                width = 4 * filters
        self.predictions = nn.Linear(width, classes)

    def forward(self, batch: Tensor) -> Tensor:
        return self.scores(batch).softmax(1)

    def scores(self, batch: Tensor) -> Tensor:
        """What goes into the softmax."""
        batch = self.conv1_relu(self.conv1_bn(self.conv1_conv(batch)))
        batch = self.pool1_pool(self.pool1_pad(batch))
        for block in self.blocks:
            batch = block(batch)
        return self.predictions(batch.mean((2, 3)))

    @classmethod
    def drawn(
        cls,
        blocks: tuple[int, ...] = RESNET50,
        side: int = 64,
        seed: int = 0,
        *,
        smooth: bool = False,
    ) -> TorchTwin:
        """One whose weights are random, and whose statistics are near those of what it sees."""
        generator = torch.Generator().manual_seed(seed)
        network = cls(blocks, smooth=smooth)
        for name, part in network.named_modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                spread = math.sqrt(2.0 / part.weight[0].numel())
                part.weight.data = spread * torch.randn(part.weight.shape, generator=generator)
                part.bias.data = 0.1 * torch.randn(part.bias.shape, generator=generator)
            elif isinstance(part, nn.BatchNorm2d):
                part.momentum = None  # statistics of the whole batch below
                # Branches small beside the sum, as in trained networks: else rounding errors grow
                # from block to block.
                gain = 0.25 if name.endswith("3_bn") else 1.0
                scale = 0.6 + 0.4 * torch.rand(part.weight.shape, generator=generator)
                part.weight.data = gain * scale
                part.bias.data = 0.2 * torch.randn(part.bias.shape, generator=generator)
        with torch.no_grad():
            network.train()(torch.randn(8, 3, side, side, generator=generator))
            for part in network.modules():
                if isinstance(part, nn.BatchNorm2d):
                    near = torch.rand(part.running_var.shape, generator=generator)
                    noise = torch.randn(part.running_var.shape, generator=generator)
                    part.running_mean += 0.2 * noise * part.running_var.sqrt()
                    part.running_var *= 0.7 + 0.6 * near
            # Scores of a spread at which no probability is 0 or 1.
            network.eval()
            pictures = torch.randn(8, 3, side, side, generator=generator)
            head = network.predictions
            head.weight /= network.scores(pictures).std()
            head.weight *= 2.0
        return network.requires_grad_(False)


class Block(nn.Module):
    """A bottleneck as Keras builds it."""

    def __init__(
        self, name: str, width: int, filters: int, stride: int, *, shortcut: bool, smooth: bool
    ) -> None:
        super().__init__()
        self.name, self.shortcut = name, shortcut
        shapes = [
            (width, filters, 1, stride),
            (filters, filters, 3, 1),
            (filters, 4 * filters, 1, 1),
        ]
        if shortcut:
            shapes.insert(0, (width, 4 * filters, 1, stride))
        for place, (before, after, side, step) in enumerate(shapes, start=0 if shortcut else 1):
            convolution = nn.Conv2d(before, after, side, stride=step, padding=side // 2)
            self.add_module(f"{place}_conv", convolution)
            self.add_module(f"{place}_bn", nn.BatchNorm2d(after, eps=_EPSILON))
        kind = nn.SiLU if smooth else nn.ReLU
        self.relu, self.out = kind(), kind()

    def forward(self, batch: Tensor) -> Tensor:
        parts = dict(self.named_children())
        beside = parts["0_bn"](parts["0_conv"](batch)) if self.shortcut else batch
        for place in (1, 2):
            batch = self.relu(parts[f"{place}_bn"](parts[f"{place}_conv"](batch)))
        return self.out(beside + parts["3_bn"](parts["3_conv"](batch)))


def keras_weights(network: TorchTwin) -> dict[str, list[np.ndarray]]:
    """Weights by the names of Keras's layers, in its own order of axes."""
    found: dict[str, list[np.ndarray]] = {}
    for path, part in network.named_modules():
        name = path
        if path.startswith("blocks."):
            _, place, *rest = path.split(".")
            block = network.blocks[int(place)]
            name = "_".join([str(block.name), *rest])
        if isinstance(part, nn.Conv2d):
            found[name] = [part.weight.permute(2, 3, 1, 0).numpy(), part.bias.numpy()]
        elif isinstance(part, nn.Linear):
            found[name] = [part.weight.T.numpy(), part.bias.numpy()]
        elif isinstance(part, nn.BatchNorm2d):
            found[name] = [
                item.numpy()
                for item in (part.weight, part.bias, part.running_mean, part.running_var)
            ]
    return found


def keras_network(
    weights: dict[str, list[np.ndarray]],
    side: int,
    blocks: tuple[int, ...] = RESNET50,
    *,
    smooth: bool = False,
) -> Any:
    """Keras's own ResNet50 with those weights; with other `blocks` a shallower one of its kind.

    `smooth` puts SiLU in the place of every ReLU.
    """
    import keras

    if blocks == RESNET50:
        network = keras.applications.ResNet50(weights=None, input_shape=(side, side, 3))
    else:
        from keras.src.applications import resnet

        def stacks(batch: Any) -> Any:
            for place, count in enumerate(blocks):
                batch = resnet.stack_residual_blocks_v1(
                    batch, 64 * 2**place, count, stride1=2 if place else 1, name=f"conv{place + 2}"
                )
            return batch

        network = resnet.ResNet(stacks, False, True, weights=None, input_shape=(side, side, 3))
    layers = {layer.name: layer for layer in network.layers if layer.weights}
    if set(layers) != set(weights):
        raise ValueError(f"layers differ: {sorted(set(layers) ^ set(weights))[:5]}")
    for name, layer in layers.items():
        layer.set_weights(weights[name])
    for layer in network.layers:
        if smooth and isinstance(layer, keras.layers.Activation):
            layer.activation = keras.activations.silu
    return network
