"""Top pictures for all channels of a layer: one forward pass each, and hardly more?"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.features import TopPictures, top_pictures
from heatlens.models.load import load_model
from heatlens.testing.scenes import scenes

LAYER, TOP, SIDE, ROWS = "layer3", 9, 96, 57
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BARE, BARE_LAST = "bare passes to the layer", "bare passes to the layer, channels-last"
WHOLE, OURS = "bare passes through the network", "heatlens"
KEPT = "bare passes, all maxima kept and sorted"


def run(settings: Settings, said: Said) -> Result:
    """Time the table beside bare forward passes over the same pictures."""
    count = settings.of(quick=64, default=10_000, full=10_000)
    rounds = settings.at_most(settings.of(quick=1, default=2, full=5))
    said(f"rendering {count} scenes")
    pictures = scenes(count, split="train", seed=settings.seed, size=SIDE).images
    net = peers.network("resnet18", settings.device, settings.seed).requires_grad_(False)
    names = [name for name, _ in net.named_children()]
    body = nn.Sequential(*[getattr(net, name) for name in names[: names.index(LAYER) + 1]])
    last = copy.deepcopy(body).to(memory_format=torch.channels_last)
    model = load_model(net, input_size=SIDE, mean=MEAN, std=STD)
    found: dict[str, Any] = {}

    def batches(layout: torch.memory_format) -> Any:
        """What anyone has to do: to floats, in place, normalised."""
        mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, STD))
        for start in range(0, count, ROWS):
            rows = torch.from_numpy(pictures[start : start + ROWS]).permute(0, 3, 1, 2)
            yield ((rows.float() / 255 - mean) / std).contiguous(memory_format=layout)

    def bare(network: nn.Module, layout: torch.memory_format = torch.contiguous_format) -> Tensor:
        with torch.no_grad():
            output = torch.zeros(())
            for rows in batches(layout):
                output = network(rows)
        return output

    def kept() -> Tensor:
        with torch.no_grad():
            parts = [body(rows).amax((2, 3)) for rows in batches(torch.contiguous_format)]
        found[KEPT] = torch.cat(parts).topk(TOP, dim=0).values.T
        return found[KEPT]

    def ours() -> TopPictures:
        found[OURS] = top_pictures(model, pictures, LAYER, top=TOP)
        return found[OURS]

    contenders = [
        Contender(BARE, lambda: bare(body)),
        Contender(BARE_LAST, lambda: bare(last, torch.channels_last)),
        Contender(WHOLE, lambda: bare(net)),
        Contender(KEPT, kept, note="what one writes by hand; memory grows with the collection"),
        Contender(OURS, ours, note="values, pictures and cells, in bounded memory"),
    ]
    times = race(contenders, settings, rounds=rounds, said=said)
    fastest = min((times[BARE], times[BARE_LAST]), key=lambda timing: timing.median)
    gap = (found[OURS].values - found[KEPT]).abs().max() / found[KEPT].abs().max()
    return Result(
        name="top-pictures",
        title=f"Top {TOP} of {count:,} pictures for every channel of a layer",
        setting={"model": "torchvision resnet18 (seeded weights)", "layer": f"{LAYER}, 256 channels",
                 "pictures": f"{count}, uint8, {SIDE} x {SIDE}", "batch of the bare passes": ROWS},
        entries=entries(times.values()),
        reference=fastest.name,
        targets=[
            Target("top pictures of 10,000 for all channels / one bare forward pass each, to the layer", 1.1,
                   ratio(times[OURS], fastest), True, "x"),
            Target("top pictures of 10,000 for all channels / one bare forward pass each", 1.1,
                   ratio(times[OURS], times[WHOLE]), True, "x"),
        ],
        agreements=[Agreement("values of the table, kept by hand and ours", float(gap))],
        notes=["All turn uint8 pictures into normalised floats; that is part of every time."],
        rounds=rounds,
    )  # fmt: skip
