"""Score-CAM on a ResNet-18: one forward pass for each channel of a layer."""

from __future__ import annotations

import copy
from typing import Any

import torch

from benchmarks import peers
from benchmarks.agreement import correlation
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.attribution.attribute import attribute
from heatlens.models.load import as_model

LAYER, CHANNELS = "layer3", 256
OURS, OURS_AUTO = "heatlens", "heatlens, precision auto"
LIBRARY, BARE = "grad-cam ScoreCAM", "bare forward passes"


def run(settings: Settings, said: Said) -> Result:
    """Time it beside grad-cam and beside the bare passes."""
    count = settings.of(quick=1, default=2, full=2)
    side = settings.of(quick=64, default=112, full=224)
    rounds = settings.at_most(settings.of(quick=1, default=3, full=3))
    net = peers.network("resnet18", settings.device, settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    batch = torch.randn(count, 3, side, side, generator=generator).to(settings.device)
    model = as_model(net)
    index = model.predict(batch).argmax(1).tolist()
    frozen = copy.deepcopy(net)

    def bare() -> None:
        with torch.no_grad():
            for _ in range(count * CHANNELS // 16):
                frozen(batch[:1].expand(16, -1, -1, -1).contiguous())

    def ours(precision: str = "fp32") -> Any:
        return attribute(
            model, batch, "scorecam", index, layer=LAYER, weights="softmax", precision=precision
        )

    library = peers.gradcam_library("ScoreCAM", net, LAYER, batch, index)
    contenders = [
        Contender(BARE, bare, note=f"{count * CHANNELS} rows, 16 at a time, contiguous"),
        Contender(OURS, ours),
        Contender(OURS_AUTO, lambda: ours("auto")),
        Contender(LIBRARY, library, peer=True, note=f"grad-cam {peers.version('grad-cam')}"),
    ]
    times = race(contenders, settings, rounds=rounds, said=said)
    theirs = torch.from_numpy(library())
    mine = peers.scaled_like_gradcam(ours(), (side, side))
    return Result(
        name="scorecam",
        title="Score-CAM, ResNet-18",
        setting={"model": "torchvision resnet18 (seeded weights)", "layer": LAYER,
                 "channels": CHANNELS, "batch": count, "input": f"{side} x {side}",
                 "auto precision": model.at("auto")._precision},
        entries=entries(times.values()),
        reference=BARE,
        targets=[
            Target("Score-CAM: faster than grad-cam, fp32", 1.0,
                   ratio(times[LIBRARY], times[OURS]), False, "x"),
        ],
        agreements=[
            Agreement(f"{LIBRARY} and {OURS}, scaled as grad-cam scales",
                      correlation(theirs, mine), "correlation"),
        ],
        notes=[
            "grad-cam enlarges the masks with aligned corners, which moves them by up to half a "
            "cell: the maps agree in correlation, not to the last digit.",
            *([] if settings.size == "full" else
              ["At 224 pixels grad-cam takes about a minute a round; `--full` runs that."]),
        ],
        rounds=rounds,
    )  # fmt: skip
