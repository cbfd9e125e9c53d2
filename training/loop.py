"""The training loop: AdamW, one cycle of the learning rate, a running mean of the weights."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from augment import batch as pictures
from heatlens.models.bundled.vit import SceneViT
from recipes import Training
from scene_arrays import Arrays


@dataclass(frozen=True)
class Step:
    """Where a run stands, for its progress line."""

    number: int
    total: int
    window: int
    loss: float
    accuracy: float
    seconds: float


def train(
    training: Training,
    data: Arrays,
    seed: int,
    report: Callable[[Step, nn.Module], None],
    every: int = 50,
) -> nn.Module:
    """Train a network and return the running mean of its weights, in evaluation mode.

    The same seed gives the same weights on the same machine with the same number of threads.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 7])
    model = training.architecture().to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    plan = list(_plan(training, len(data.labels), rng))
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    plain = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": training.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ],
        lr=training.learning_rate,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=training.learning_rate,
        total_steps=len(plan),
        pct_start=0.15,
        final_div_factor=1000.0,
    )
    started = time.monotonic()
    losses, hits, seen = 0.0, 0, 0
    model.train()
    for number, (window, chosen) in enumerate(plan, start=1):
        labels = torch.from_numpy(data.labels[chosen])
        inputs = pictures(data, chosen, window, rng, training.grid, training.varied)
        logits = _scores(model, inputs, rng)
        loss = evidence_loss(logits, labels, training.smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        _follow(average, model, min(training.kept, 1 - 1 / number))
        losses += float(loss.detach())
        hits += int((logits.argmax(1) == labels).sum())
        seen += int((labels >= 0).sum())
        if number % every == 0 or number == len(plan):
            since = number % every or every
            spent = time.monotonic() - started
            step = Step(number, len(plan), window, losses / since, hits / max(seen, 1), spent)
            report(step, average)
            losses, hits, seen = 0.0, 0, 0
    return average.eval()


def evidence_loss(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Cross entropy; a picture without an object (label -1) should score all classes evenly."""
    classes = logits.shape[1]
    even = torch.full_like(logits, 1 / classes)
    sure = F.one_hot(labels.clamp_min(0), classes).to(logits.dtype)
    wanted = torch.where((labels >= 0)[:, None], sure * (1 - smoothing) + even * smoothing, even)
    return F.cross_entropy(logits, wanted)


def _plan(
    training: Training, count: int, rng: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    for phase in training.phases:
        for _ in range(phase.epochs):
            order = rng.permutation(count)
            for first in range(0, count - training.batch + 1, training.batch):
                yield phase.window, order[first : first + training.batch]


def _scores(model: nn.Module, inputs: Tensor, rng: np.random.Generator) -> Tensor:
    """Run a network; a transformer takes a window as lying anywhere in its token grid."""
    if isinstance(model, SceneViT):
        rows, columns = model.patch_grid
        side = inputs.shape[-1] // 12
        corner = (int(rng.integers(rows - side + 1)), int(rng.integers(columns - side + 1)))
        logits: Tensor = model(inputs, corner)
        return logits
    return model(inputs)


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, kept: float) -> None:
    for mean, now in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - kept)
        else:
            mean.copy_(now)
