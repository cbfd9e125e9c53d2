"""Integrated gradients on a ResNet-50: as many passes as steps and hardly more?"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from benchmarks import memory, peers
from benchmarks.agreement import largest_difference
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens.attribution.attribute import attribute
from heatlens.attribution.gradient.integrated_gradients import quadrature
from heatlens.models.load import as_model

TOGETHER = 8
BARE, BARE_LAST = "bare passes, contiguous", "bare passes, channels-last"
OURS = "heatlens"
CAPTUM, CAPTUM_ALL = f"captum, internal_batch_size={TOGETHER}", "captum, defaults"
BYTES_PER_PIXEL = 6000
"""What captum's defaults take for one row of a ResNet-50 with its graph, measured, rounded up."""


def run(settings: Settings, said: Said) -> Result:
    """Time it beside the bare passes and captum; measure memory over the number of steps."""
    count = settings.of(quick=2, default=2, full=8)
    side = settings.of(quick=64, default=128, full=224)
    steps = settings.of(quick=10, default=50, full=50)
    rounds = settings.at_most(settings.of(quick=2, default=5, full=7))
    net = peers.network("resnet50", settings.device, settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    batch = torch.randn(count, 3, side, side, generator=generator).to(settings.device)
    index = as_model(net).predict(batch).argmax(1).tolist()
    needed = BYTES_PER_PIXEL * count * steps * side * side
    fits = needed < memory.available(settings.device) / 2
    contenders = _contenders(net, batch, index, steps, fits)
    times = race(contenders, settings, rounds=rounds, said=said)
    if not fits:
        times[CAPTUM_ALL] = Timing(
            CAPTUM_ALL, peer=True, error=f"not tried: about {needed / 2**30:.0f} GB at once"
        )
    runs = {contender.name: contender.run for contender in contenders}
    said("memory")
    extras, flat = _memory(settings)
    return Result(
        name="integrated-gradients",
        title=f"Integrated gradients, {steps} steps, ResNet-50",
        setting={"model": "torchvision resnet50 (seeded weights)", "batch": count,
                 "input": f"{side} x {side}", "steps": steps, "rule": "Gauss-Legendre",
                 "baseline": "zeros"},
        entries=entries(times.values()),
        reference=BARE,
        targets=[*_targets(times), *flat],
        agreements=[
            Agreement(f"{name} and {OURS}", largest_difference(runs[name](), runs[OURS]()))
            for name in (BARE, CAPTUM)
        ],
        extras=extras,
        notes=[
            f"The bare passes go through the same {count * steps} points, {TOGETHER} rows at a "
            "time, with gradients of the input alone.",
            "heatlens does two passes forward more, for the completeness gap.",
            *([] if settings.size == "full" else ["Smaller than the issue's batch of 8 at 224 "
              "pixels, which takes a minute per contender and round; `--full` runs that."]),
        ],
        rounds=rounds,
    )  # fmt: skip


def bare(
    net: nn.Module, batch: Tensor, index: Sequence[int], steps: int, last: bool = False
) -> Tensor:
    """The passes alone, and the sum that makes a map of them."""
    positions, weights = quadrature("gauss-legendre", steps)
    count = len(batch)
    chosen = torch.tensor(list(index) * steps, device=batch.device)
    nodes = torch.as_tensor(positions).to(batch).view(-1, 1, 1, 1, 1)
    shares = torch.as_tensor(weights).to(batch).repeat_interleave(count)
    points = (nodes * batch).flatten(0, 1)
    total = torch.zeros_like(batch)
    for rows in torch.arange(count * steps).split(TOGETHER):
        leaf = points[rows]
        if last:
            leaf = leaf.contiguous(memory_format=torch.channels_last)
        leaf.requires_grad_()
        score = net(leaf).gather(1, chosen[rows, None]).sum()
        (slope,) = torch.autograd.grad(score, leaf)
        total.index_add_(0, rows.to(batch.device) % count, slope * shares[rows].view(-1, 1, 1, 1))
    return total * batch


def _contenders(
    net: nn.Module, batch: Tensor, index: Sequence[int], steps: int, fits: bool
) -> list[Contender]:
    frozen = copy.deepcopy(net).requires_grad_(False)
    frozen_last = copy.deepcopy(frozen).to(memory_format=torch.channels_last)
    model = as_model(net)
    version = f"captum {peers.version('captum')}"
    found = [
        Contender(BARE, functools.partial(bare, frozen, batch, index, steps)),
        Contender(
            BARE_LAST,
            functools.partial(bare, frozen_last, batch, index, steps, True),
            note="weights converted beforehand",
        ),
        Contender(
            OURS,
            lambda: attribute(
                model, batch, "integrated-gradients", list(index), steps=steps, baseline="black"
            ),
        ),
        Contender(CAPTUM, _captum(net, batch, index, steps, TOGETHER), peer=True, note=version),
    ]
    if fits:
        found.append(
            Contender(
                CAPTUM_ALL,
                _captum(net, batch, index, steps, None),
                peer=True,
                note=f"{version}, all {len(batch) * steps} rows at once",
            )
        )
    return found


def _captum(
    net: nn.Module, batch: Tensor, index: Sequence[int], steps: int, together: int | None
) -> Callable[[], Tensor]:
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(copy.deepcopy(net))
    target = torch.tensor(list(index), device=batch.device)
    return lambda: method.attribute(
        batch, target=target, n_steps=steps, internal_batch_size=together
    )


def _targets(times: dict[str, Timing]) -> list[Target]:
    fastest = min((BARE, BARE_LAST), key=lambda name: times[name].median)
    return [
        Target("Integrated gradients / fastest bare passes", 1.05,
               ratio(times[OURS], times[fastest]), True, "x", why=f"the fastest was: {fastest}"),
        Target("Integrated gradients / contiguous bare passes", 1.05,
               ratio(times[OURS], times[BARE]), True, "x"),
        Target("faster than captum in batches of 8", 1.0,
               ratio(times[CAPTUM], times[OURS]), False, "x"),
    ]  # fmt: skip


def _memory(settings: Settings) -> tuple[list[Extra], list[Target]]:
    """Growth of the peak over the number of steps, each in a process of its own."""
    if settings.device != "cpu":
        return [], []
    steps = settings.of(quick=(5, 20), default=(10, 50, 200), full=(10, 50, 200))
    rows: list[list[str | float | None]] = []
    ours: list[float] = []
    for label in settings.of(quick=(OURS,), default=memory.METHODS, full=memory.METHODS):
        grown = [memory.growth(label, number, settings) for number in steps]
        rows.append([label, *grown])
        if label == OURS:
            ours = [value for value in grown if value is not None]
    title = (
        f"Growth of the peak memory in MB (ResNet-18, batch {memory.BATCH}, {memory.SIDE} pixels; "
        "a new process each; - where half of the free memory would not do)"
    )
    flat = ours[-1] / ours[0] if len(ours) == len(steps) and ours[0] > 0 else None
    target = Target(
        f"memory at {steps[-1]} steps / at {steps[0]}", 1.1, flat, True, "x",
        why="" if flat is not None else "a process failed",
    )  # fmt: skip
    return [Extra(title, ["contender", *(f"{n} steps" for n in steps)], rows)], [target]
