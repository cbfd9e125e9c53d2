"""Black-box methods on a ResNet-18: do they cost more than the passes they make?"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import peers
from benchmarks.agreement import largest_difference
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens.attribution.attribute import attribute
from heatlens.attribution.perturbation.features import find_players
from heatlens.models.load import as_model

BARE, BARE_LAST = "bare passes, contiguous", "bare passes, channels-last"
RISE = "heatlens rise"
OCCLUSION, THEIR_OCCLUSION = "heatlens occlusion", "captum Occlusion, defaults"
SHAP, THEIR_SHAP = "heatlens kernel-shap", "captum KernelShap, defaults"
CLASS = 3


def run(settings: Settings, said: Said) -> Result:
    """Time them beside bare passes of the same number and captum at its defaults."""
    side = settings.of(quick=64, default=224, full=224)
    windows = settings.of(quick=5, default=12, full=24)
    passes = windows**2
    rounds = settings.at_most(settings.of(quick=2, default=5, full=7))
    net = peers.network("resnet18", settings.device, settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    batch = torch.randn(1, 3, side, side, generator=generator).to(settings.device)
    runs = _runs(net, batch, windows)
    contenders = [
        Contender(name, one, peer=name.startswith("captum"), note=_note(name))
        for name, one in runs.items()
    ]
    times = race(contenders, settings, rounds=rounds, said=said)
    said("memory")
    return Result(
        name="perturbation",
        title=f"Black-box methods, {passes} passes each, ResNet-18",
        setting={"model": "torchvision resnet18 (seeded weights)", "batch": 1,
                 "input": f"{side} x {side}", "passes": passes,
                 "occlusion": f"{windows} x {windows} windows, baseline zeros",
                 "KernelSHAP": "8 x 8 cells as features, baseline zeros"},
        entries=entries(times.values()),
        reference=BARE,
        targets=_targets(times),
        agreements=[
            Agreement(f"{THEIR_OCCLUSION} and {OCCLUSION}",
                      largest_difference(runs[THEIR_OCCLUSION]()[:, :1], runs[OCCLUSION]())),
        ],
        extras=[_state(net, batch)],
        notes=[
            f"The bare passes send {passes} pictures through the network, as many together as "
            "heatlens does, and make no map of them.",
            "captum's defaults send one changed picture at a time; `perturbations_per_eval` is "
            "theirs to set.",
        ],
        rounds=rounds,
    )  # fmt: skip


def bare(net: nn.Module, batch: Tensor, passes: int, together: int, last: bool) -> Tensor:
    """The passes alone."""
    scores = []
    with torch.inference_mode():
        for first in range(0, passes, together):
            copies = batch.expand(min(together, passes - first), -1, -1, -1)
            layout = torch.channels_last if last else torch.contiguous_format
            scores.append(net(copies.contiguous(memory_format=layout))[:, CLASS])
    return torch.cat(scores)


def _runs(net: nn.Module, batch: Tensor, windows: int) -> dict[str, Callable[[], Any]]:
    from captum.attr import KernelShap, Occlusion

    passes, side = windows**2, batch.shape[-1]
    model = as_model(net)
    together = model.rows(batch, gradient=False, wanted=passes)
    frozen = copy.deepcopy(net).requires_grad_(False)
    frozen_last = copy.deepcopy(frozen).to(memory_format=torch.channels_last)
    stride = side // (windows + 1)
    window = side - (windows - 1) * stride
    zero = torch.zeros(1, device=batch.device)
    mask = find_players(batch, 8).labels.unsqueeze(1)
    own = copy.deepcopy(net)
    return {
        BARE: functools.partial(bare, frozen, batch, passes, together, False),
        BARE_LAST: functools.partial(bare, frozen_last, batch, passes, together, True),
        RISE: lambda: attribute(model, batch, "rise", CLASS, samples=passes),
        OCCLUSION: lambda: attribute(
            model, batch, "occlusion", CLASS, window=window, stride=stride, baseline=zero
        ),
        SHAP: lambda: attribute(
            model, batch, "kernel-shap", CLASS, samples=passes // 2 * 2, features=8, baseline=zero
        ),
        THEIR_OCCLUSION: lambda: Occlusion(own).attribute(
            batch, (3, window, window), strides=(3, stride, stride), baselines=0, target=CLASS
        ),
        THEIR_SHAP: lambda: KernelShap(own).attribute(
            batch, baselines=0, target=CLASS, feature_mask=mask, n_samples=passes
        ),
    }


def _note(name: str) -> str:
    if not name.startswith("captum"):
        return ""
    return f"captum {peers.version('captum')}, one changed picture at a time"


def _targets(times: dict[str, Timing]) -> list[Target]:
    fastest = min((BARE, BARE_LAST), key=lambda name: times[name].median)
    why = f"the fastest was: {fastest}"
    return [
        Target("RISE / fastest bare passes", 1.08,
               ratio(times[RISE], times[fastest]), True, "x", why=why),
        Target("occlusion / fastest bare passes", 1.08,
               ratio(times[OCCLUSION], times[fastest]), True, "x", why=why),
        Target("occlusion: faster than captum at its defaults", 3.0,
               ratio(times[THEIR_OCCLUSION], times[OCCLUSION]), False, "x"),
        Target("KernelSHAP: faster than captum at its defaults", 3.0,
               ratio(times[THEIR_SHAP], times[SHAP]), False, "x"),
    ]  # fmt: skip


def _state(net: nn.Module, batch: Tensor) -> Extra:
    """Numbers that are kept over a run, by the number of samples."""
    model = as_model(net)
    small = batch[..., :64, :64]
    rows: list[list[str | float | None]] = []
    counts = (128, 512)
    for method in ("rise", "lime", "kernel-shap", "spsa"):
        kept: list[str | float | None] = []
        for samples in counts:
            state = attribute(model, small, method, CLASS, samples=samples, full=True).state
            tensors = (*state.sums.values(), state.pending)
            kept.append(sum(one.numel() * one.element_size() for one in tensors) / 1e6)
        rows.append([method, *kept])
    title = "What is kept over a run, in MB, at 64 x 64 pixels"
    return Extra(title, ["method", *(f"{n} samples" for n in counts)], rows)
