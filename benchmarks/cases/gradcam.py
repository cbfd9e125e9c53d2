"""Grad-CAM on a ResNet-50: one forward pass and hardly more?"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import peers
from benchmarks.agreement import correlation, largest_difference
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens.attribution.attribute import attribute
from heatlens.models.load import as_model

LAYER = "layer4"
FORWARD, FORWARD_LAST = "forward pass, contiguous", "forward pass, channels-last"
OURS, OURS_AUTO, OURS_LARGE = "heatlens", "heatlens, precision auto", "heatlens, at input size"
OURS_BARE = "heatlens, bare nn.Module"
CAPTUM, LIBRARY, PLAIN = "captum LayerGradCam", "grad-cam GradCAM", "fifteen plain lines"


def run(settings: Settings, said: Said) -> Result:
    """Time it beside a bare forward pass, captum, grad-cam and the lines one would write."""
    count = settings.of(quick=2, default=8, full=8)
    side = settings.of(quick=128, default=224, full=224)
    net = peers.network("resnet50", settings.device, settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    batch = torch.randn(count, 3, side, side, generator=generator).to(settings.device)
    model = as_model(net)
    index = model.predict(batch).argmax(1).tolist()
    chosen = model.at("auto")._precision  # what the public face has no word for
    contenders = _contenders(net, batch, index)
    times = race(contenders, settings, said=said)
    return Result(
        name="gradcam",
        title="Grad-CAM, ResNet-50",
        setting={"model": "torchvision resnet50 (seeded weights)", "layer": LAYER, "batch": count,
                 "input": f"{side} x {side}", "auto precision": chosen},
        entries=entries(times.values()),
        reference=FORWARD,
        targets=_targets(times, chosen),
        agreements=_agreements({c.name: c.run for c in contenders}, times, (side, side)),
        notes=[
            "captum, grad-cam and the plain lines are told the layer; heatlens finds it, once, in "
            "the warm-up. A bare nn.Module gets a new shadow in every call.",
            "grad-cam enlarges its maps to the input; its times are compared with ours enlarged.",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def plain(net: nn.Module, layer: nn.Module, batch: Tensor, index: Tensor) -> Tensor:
    """Grad-CAM as one writes it by hand, the graph starting at the layer."""
    kept: list[Tensor] = []

    def start(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[0]

    handle = layer.register_forward_hook(start)
    try:
        scores = net(batch).gather(1, index[:, None]).sum()
    finally:
        handle.remove()
    (slope,) = torch.autograd.grad(scores, kept[0])
    weight = slope.mean((2, 3), keepdim=True)
    return (weight * kept[0].detach()).sum(1, keepdim=True)


def _contenders(net: nn.Module, batch: Tensor, index: Sequence[int]) -> list[Contender]:
    last = torch.channels_last
    net_last = copy.deepcopy(net).to(memory_format=last)
    batch_last = batch.contiguous(memory_format=last)
    frozen = copy.deepcopy(net).requires_grad_(False)
    target, rows = list(index), torch.tensor(list(index), device=batch.device)
    model = as_model(net)

    def forward(network: nn.Module, rows: Tensor) -> Tensor:
        with torch.no_grad():
            output: Tensor = network(rows)
        return output

    def ours(subject: Any, precision: str = "fp32") -> Tensor:
        # No layer is named: that it is found, and found again cheaply, is part of the time.
        return attribute(subject, batch, "gradcam", target, precision=precision)

    def large() -> Tensor:
        return nn.functional.interpolate(ours(model), batch.shape[-2:], mode="bilinear")

    captum = f"captum {peers.version('captum')}"
    library = f"grad-cam {peers.version('grad-cam')}"
    return [
        Contender(FORWARD, functools.partial(forward, net, batch), note="under no_grad"),
        Contender(
            FORWARD_LAST,
            functools.partial(forward, net_last, batch_last),
            note="weights and input converted beforehand, under no_grad",
        ),
        Contender(OURS, lambda: ours(model)),
        Contender(OURS_AUTO, lambda: ours(model, "auto")),
        Contender(OURS_LARGE, large, note="bilinear"),
        Contender(OURS_BARE, lambda: ours(net), note="wrapped, and its layer found, in each call"),
        Contender(
            CAPTUM,
            peers.captum_gradcam(net, LAYER, batch, index),
            peer=True,
            note=f"{captum}, defaults",
        ),
        Contender(
            LIBRARY,
            peers.gradcam_library("GradCAM", net, LAYER, batch, index),
            peer=True,
            note=f"{library}, defaults, ClassifierOutputTarget; gradients of all weights",
        ),
        Contender(
            PLAIN,
            lambda: plain(frozen, frozen.get_submodule(LAYER), batch, rows),
            note="weights without gradient, contiguous",
        ),
    ]


def _targets(times: dict[str, Timing], chosen: str) -> list[Target]:
    def per(one: str, other: str) -> float | None:
        return ratio(times[one], times[other])

    able = [name for name in (FORWARD, FORWARD_LAST) if times[name].seconds]
    fastest = min(able, key=lambda name: times[name].median)
    units = chosen == "bf16"
    return [
        Target("Grad-CAM / fastest bare forward pass", 1.05, per(OURS, fastest), True, "x",
               why=f"the fastest was: {fastest}"),
        Target("Grad-CAM / contiguous bare forward pass", 1.05, per(OURS, FORWARD), True, "x"),
        Target("faster than grad-cam, fp32", 3.3, per(LIBRARY, OURS_LARGE), False, "x"),
        Target("faster than captum, fp32", 1.0, per(CAPTUM, OURS), False, "x"),
        Target("faster than grad-cam, precision auto", 10.0,
               per(LIBRARY, OURS_AUTO) if units else None, False, "x",
               why="" if units else "this machine has no bf16 matrix units, auto chose fp32"),
    ]  # fmt: skip


def _agreements(
    runs: dict[str, Callable[[], Any]], times: dict[str, Timing], size: tuple[int, int]
) -> list[Agreement]:
    mine = runs[OURS]()
    found = [Agreement(f"{name} and {OURS}", largest_difference(runs[name](), mine))
             for name in (CAPTUM, PLAIN, OURS_BARE) if times[name].seconds]  # fmt: skip
    if times[LIBRARY].seconds:
        theirs = torch.from_numpy(runs[LIBRARY]())
        scaled = peers.scaled_like_gradcam(mine, size)
        found.append(Agreement(f"{LIBRARY} and {OURS}, scaled as grad-cam scales",
                               largest_difference(theirs, scaled)))  # fmt: skip
    found.append(
        Agreement(f"{OURS_AUTO} and {OURS}", correlation(runs[OURS_AUTO](), mine), "correlation")
    )
    return found
