"""From where on channels-last memory pays, and whether heatlens chooses it there."""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.models.load import as_model

USUAL, INPUT, BOTH, OURS = "contiguous", "input alone", "input and weights", "heatlens"


def run(settings: Settings, said: Said) -> Result:
    """Forward passes of two networks over batches and sizes, in three layouts and in ours."""
    names = settings.of(quick=["resnet18"], default=["resnet18", "resnet50"],
                        full=["resnet18", "resnet50", "densenet121", "convnext_tiny"])  # fmt: skip
    shapes = settings.of(
        quick=[(1, 64), (1, 224)],
        default=[(1, 64), (1, 128), (1, 224), (8, 64), (4, 224)],
        full=[(1, 64), (1, 96), (1, 128), (1, 224), (2, 128), (8, 64), (2, 224), (8, 224)],
    )
    rows: list[list[str | float | None]] = []
    lost: list[float] = []
    for name, (count, side) in itertools.product(names, shapes):
        said(f"{name}, {count} x {side}")
        net = peers.network(name, settings.device, settings.seed)
        times = race(_contenders(net, _batch(count, side, settings)), settings)
        shares = [ratio(times[one], times[USUAL]) for one in (INPUT, BOTH, OURS)]
        known = [value for value in (1.0, shares[0]) if value is not None]
        if shares[2] is not None:
            lost.append(shares[2] / min(known))
        rows.append([f"{name}, {count} x {side} px", times[USUAL].median, *shares])
    return Result(
        name="channels-last",
        title="Memory layout of convolutions",
        setting={"pass": "forward, under no_grad"},
        entries=[],
        extras=[
            Extra("Time of a pass, in seconds, and multiples of it with channels-last memory",
                  ["network", USUAL, INPUT, BOTH, OURS], rows),
        ],
        targets=[
            Target("heatlens / better layout of the input, worst case", 1.15,
                   round(max(lost), 3) if lost else None, True, "x"),
        ],
        notes=["heatlens lays out the input, never a caller's weights; its own time includes its "
               "checks of the batch."],
        rounds=settings.rounds,
    )  # fmt: skip


def _batch(count: int, side: int, settings: Settings) -> Tensor:
    generator = torch.Generator().manual_seed(settings.seed)
    return torch.randn(count, 3, side, side, generator=generator).to(settings.device)


def _contenders(net: nn.Module, batch: Tensor) -> list[Contender]:
    last = torch.channels_last
    net_last = copy.deepcopy(net).to(memory_format=last)
    batch_last = batch.contiguous(memory_format=last)
    model = as_model(net)
    runs: dict[str, Callable[[], object]] = {
        USUAL: functools.partial(_forward, net, batch),
        INPUT: functools.partial(_forward, net, batch_last),
        BOTH: functools.partial(_forward, net_last, batch_last),
        OURS: functools.partial(model.predict, batch),
    }
    return [Contender(name, run) for name, run in runs.items()]


def _forward(network: nn.Module, rows: Tensor) -> Tensor:
    with torch.no_grad():
        output: Tensor = network(rows)
    return output
