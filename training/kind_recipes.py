"""How each network of another kind is trained: data, schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from heatlens.models.bundled.kinds.event import EventNet
from heatlens.testing.kinds import SHAPES, events
from kind_captions import caption_clip
from kind_sounds import tone_net, tone_wave
from kind_task import Task, right

__all__ = ["KINDS", "Kind", "Task"]


@dataclass(frozen=True)
class Kind:
    """A recipe.

    Attributes:
        name: of the bundled model.
        task: builds network and data; the number of cases is its argument.
        data: one sentence for the card.
        cases: number of training cases.
        epochs: passes over them.
        batch: cases a step.
        learning_rate: peak of the one-cycle schedule.
    """

    name: str
    task: Callable[[int], Task]
    data: str
    cases: int
    epochs: int
    batch: int
    learning_rate: float


def event_net(count: int) -> Task:
    """Convolutions within frames and a GRU across them."""
    data, held = events(count, seed=1), events(500, seed=2, split="test")
    network = EventNet(len(SHAPES))

    def scaled(clips: NDArray[np.uint8]) -> Tensor:
        return (torch.from_numpy(clips).permute(0, 4, 1, 2, 3).float() / 255 - 0.5) / 0.25

    def loss(rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        flip = (slice(None), slice(None), slice(None), slice(None, None, rng.choice([-1, 1])))
        clips = scaled(np.ascontiguousarray(data.clips[rows][flip]))
        labels = torch.from_numpy(data.labels[rows])
        return F.cross_entropy(network(clips), labels, label_smoothing=0.05)

    return Task(network, count, loss, right(network, scaled(held.clips), held.labels))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("caption-clip", caption_clip, "two coloured shapes", 24_000, 10, 128, 2e-3),
        Kind("tone-net", tone_net, "a tone, a burst of noise", 9_000, 10, 64, 2e-3),
        Kind("tone-wave", tone_wave, "a tone, a burst of noise", 8_000, 8, 64, 3e-3),
        Kind("event-net", event_net, "a shape in one frame", 8_000, 12, 64, 4e-3),
    )
}
"""By name."""
