"""Feature visualisation of a channel: as fast as its bare passes, twice as fast as torch-lucent?"""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.features import Channel, visualize
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.models.load import load_model
from heatlens.models.protocol import Model

LAYER, CHANNEL = "layer4", 12
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BARE, BARE_LAST, OURS = "bare passes, contiguous", "bare passes, channels-last", "heatlens"
FROZEN = "torch-lucent, weights frozen by hand"
_WHY = (
    "spectrum to pixels, five transforms and Adam add about 7 ms to the 34 of a step's passes, "
    "whatever the network: a smaller share of a larger one"
)


def run(settings: Settings, said: Said) -> Result:
    """Time an ascent of a channel beside its bare passes and the peer's loop."""
    steps = settings.of(quick=4, default=512, full=512)
    rounds = settings.at_most(settings.of(quick=1, default=2, full=5))
    side = settings.of(quick=64, default=224, full=224)
    net = peers.network("resnet18", settings.device, settings.seed)
    model = load_model(net, input_size=side, mean=MEAN, std=STD)
    lucent = f"torch-lucent {peers.version('torch-lucent')}"
    made: dict[str, Tensor] = {}

    # The peer leaves its hooks in a network, so it is given a new one each time.
    thawed = copy.deepcopy(net).requires_grad_(True)
    frozen = copy.deepcopy(net).requires_grad_(False)
    body = _body(frozen)
    last = copy.deepcopy(body).to(memory_format=torch.channels_last)

    def kept(name: str, work: Callable[[], Tensor]) -> None:
        made[name] = work()

    def ours(steps: int) -> Tensor:
        image = visualize(model, Channel(LAYER, CHANNEL), steps=steps)
        return torch.from_numpy(image.pixels.copy()).movedim(-1, 0)[None]

    def contenders(steps: int) -> list[Contender]:
        return [
            Contender(
                BARE, lambda: _bare(body, steps, side), note="weights frozen, up to the layer"
            ),
            Contender(
                BARE_LAST,
                lambda: _bare(last, steps, side, torch.channels_last),
                note="likewise, weights and input converted beforehand",
            ),
            Contender(
                OURS,
                lambda: kept(OURS, lambda: ours(steps)),
                note="Fourier, robust transforms, Adam",
            ),
            Contender(
                lucent,
                lambda: kept(lucent, lambda: _lucent(copy.deepcopy(thawed), steps, side)),
                peer=True,
                note="render_vis with its own defaults, at this size",
            ),
            Contender(
                FROZEN,
                lambda: kept(FROZEN, lambda: _lucent(copy.deepcopy(frozen), steps, side)),
                peer=True,
                note="which its users have to know of: it spares the gradients of all weights",
            ),
        ]

    race(contenders(2), settings, rounds=1, said=said)  # a warm-up of 512 steps warms no better
    times = race(contenders(steps), settings, rounds=rounds, warm_up=0, said=said)
    bare = min((times[BARE], times[BARE_LAST]), key=lambda timing: timing.median)
    return Result(
        name="feature-visualisation",
        title="Feature visualisation of a channel, ResNet-18",
        setting={"model": "torchvision resnet18 (seeded weights)", "unit": f"{LAYER}:{CHANNEL}",
                 "steps": steps, "size": f"{side} x {side}"},
        entries=entries(times.values()),
        reference=bare.name,
        targets=[
            Target("feature visualisation of a channel / bare forward and backward passes", 1.1,
                   ratio(times[OURS], bare), True, "x", _WHY),
            Target("feature visualisation of a channel: faster than torch-lucent's loop", 2.0, ratio(times[lucent], times[OURS]),
                   False, "x"),
        ],
        agreements=[Agreement("slope of the first step, bare and ours", _slope_gap(model, net))],
        extras=[_reached(model, made)],
        notes=[
            "Bare passes go from the pixels to the layer and back; the ascent makes the same, and "
            "a picture from its spectrum, five transforms in one resampling, and a step of Adam.",
            "torch-lucent goes through the whole network and through all gradients of its weights "
            "unless they are frozen by hand.",
        ],
        rounds=rounds,
    )  # fmt: skip


def _body(net: nn.Module) -> nn.Sequential:
    """The network up to the layer, and no further."""
    names = [name for name, _ in net.named_children()]
    return nn.Sequential(*[getattr(net, name) for name in names[: names.index(LAYER) + 1]])


def _bare(
    body: nn.Module, steps: int, side: int, layout: torch.memory_format = torch.contiguous_format
) -> Tensor:
    batch = torch.zeros(1, 3, side, side).contiguous(memory_format=layout).requires_grad_()
    slope = torch.zeros(())
    for _ in range(steps):
        (slope,) = torch.autograd.grad(body(batch)[:, CHANNEL].mean(), batch)
    return slope


def _lucent(net: nn.Module, steps: int, side: int) -> Tensor:
    """The peer's whole loop; what it prints is swallowed."""
    from lucent.optvis import param, render

    with contextlib.redirect_stdout(io.StringIO()), torch.random.fork_rng():
        torch.manual_seed(0)
        images: Any = render.render_vis(
            net,
            f"{LAYER}:{CHANNEL}",
            param_f=lambda: param.image(side),
            thresholds=(steps,),
            progress=False,
            show_image=False,
        )
    return torch.from_numpy(images[0]).movedim(-1, 1)


def _slope_gap(model: Model, net: nn.Module) -> float:
    """Largest relative difference of the channel's slope between our passes and bare ones."""
    size = (64, 64)
    batch = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (bare,) = torch.autograd.grad(_body(net)(batch)[:, CHANNEL].mean(), batch)
    unit = Channel(LAYER, CHANNEL).bound(Anatomy(model, 3, size))
    (slope,) = torch.autograd.grad(unit.values(model.traced(batch, [LAYER])).sum(), batch)
    return float((slope - bare).abs().max() / bare.abs().max())


def _reached(model: Model, made: dict[str, Tensor]) -> Extra:
    """What the channel says of each picture itself."""
    rows: list[list[str | float | None]] = []
    for name, pixels in made.items():
        seen = model.activations(model.contract.normalise(pixels.float()), [LAYER])[LAYER]
        rows.append([name, round(float(seen[:, CHANNEL].mean()), 3)])
    return Extra("The channel's mean on the finished picture", ["made by", "activation"], rows)
