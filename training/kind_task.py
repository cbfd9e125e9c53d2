"""What every recipe of another kind gives to the loop: a network, its data and its loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Task", "right"]


@dataclass(frozen=True)
class Task:
    """A network with its data.

    Attributes:
        network: to be trained.
        size: number of training cases.
        loss: of the cases with the given numbers.
        accuracy: share of held-out cases that the network gets right.
        processors: what has to be saved beside the weights.
        extra: parameters that training alone needs.
        pixels: how pictures are prepared, in the words of transformers.
    """

    network: nn.Module
    size: int
    loss: Callable[[NDArray[np.int64], np.random.Generator], Tensor]
    accuracy: Callable[[], float]
    processors: tuple[Any, ...] = ()
    extra: nn.Module | None = None
    pixels: dict[str, Any] | None = None


def right(network: nn.Module, inputs: Tensor, labels: NDArray[np.int64]) -> Callable[[], float]:
    """Measures the share of inputs whose class a network gets right."""

    def accuracy() -> float:
        found = []
        for part in inputs.split(50):
            output = network(part)
            found.append(getattr(output, "logits", output).argmax(1))
        return float((torch.cat(found).numpy() == labels).mean())

    return accuracy
