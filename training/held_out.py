"""Accuracy on held-out scenes: photographs and digits that training never saw."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from augment import normalised
from heatlens.testing.scenes import SceneBatch, Shortcut, scenes

COUNT = 2000
SEED = 100


def held_out(shortcut: Shortcut | None = None, count: int = COUNT) -> SceneBatch:
    """Render the scenes on which accuracy is stated."""
    return scenes(count, split="test", seed=SEED, shortcut=shortcut)


@torch.no_grad()
def predictions(model: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Classify pictures (N, H, W, 3) uint8; return (N,) classes."""
    was_training = model.training
    model.eval()
    classes = []
    for first in range(0, len(images), 250):
        pixels = torch.from_numpy(images[first : first + 250]).permute(0, 3, 1, 2).float() / 255
        classes.append(model(normalised(pixels)).argmax(1).numpy())
    model.train(was_training)
    return np.concatenate(classes)


def accuracy(model: nn.Module, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    """Share of pictures classified rightly, 0..1."""
    return float((predictions(model, images) == labels).mean())
