"""A network that reads a watermark is trained on, with masks: does it learn to look at the object?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target
from benchmarks.settings import Settings
from heatlens.improvement import fine_tune, measure_reasons
from heatlens.improvement.intervals import Estimate
from heatlens.models.load import load_model
from heatlens.models.protocol import Model
from heatlens.testing.scenes import Shortcut, scenes

MODEL = "bundled:scene-cheater"
# As in the network's own training: the watermark nearly always agrees with the class.
MARKED = Shortcut(present=0.95, agrees=0.98)
LYING = Shortcut(present=1.0, agrees=0.0)
STEPS = {"integrated-gradients": {"steps": 8}, "gradcam": {}}


class Scenes:
    """Scenes in batches, in another order each time; pixels stay 8 bits until they are needed."""

    def __init__(
        self, model: Model, count: int, split: Any, seed: int, shortcut: Shortcut | None
    ) -> None:
        batch = scenes(count, split=split, seed=seed, shortcut=shortcut)
        self.model, self.images = model, torch.from_numpy(batch.images)
        self.labels, self.masks = torch.from_numpy(batch.labels), torch.from_numpy(batch.masks)
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / 64)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        order = torch.randperm(len(self.labels), generator=self.generator)
        for rows in order.split(64):
            pixels = self.images[rows].permute(0, 3, 1, 2).float() / 255
            yield self.model.contract.normalise(pixels), self.labels[rows], self.masks[rows]


def run(settings: Settings, said: Said) -> Result:
    """Fine-tuning with and without a penalty on the same scenes, measured on held-out ones."""
    count = settings.of(quick=96, default=3000, full=6000)
    epochs = settings.of(quick=1, default=6, full=10)
    held = settings.of(quick=24, default=400, full=1000)
    penalties = settings.of(
        quick=("none", "swap"),
        default=("none", "swap", "cam"),
        full=("none", "swap", "cam", "gradient-share", "input-gradient"),
    )
    model = load_model(MODEL)
    clean = Scenes(model, held, "test", settings.seed + 300, None)
    lying = Scenes(model, held, "test", settings.seed + 300, LYING)
    validation = Scenes(model, max(24, held // 4), "train", settings.seed + 200, MARKED)

    def row(name: str, tuned: Model, epoch: int | str) -> list[str | float | None]:
        said(f"measuring {name}")
        heat = {
            method: measure_reasons(tuned, clean, method=method, parameters=steps)
            for method, steps in STEPS.items()
        }
        found = heat["gradcam"]
        misled = measure_reasons(tuned, lying, method="gradcam").accuracy
        figures[name] = (found.accuracy, found.on_object)
        return [
            name,
            epoch,
            str(found.accuracy),
            str(misled),
            str(found.on_object),
            str(heat["integrated-gradients"].on_object),
        ]

    figures: dict[str, tuple[Estimate, Estimate]] = {}
    rows = [row("as it is", model, "")]
    for penalty in penalties:
        data = Scenes(model, count, "train", settings.seed + 100, MARKED)
        tuned = fine_tune(
            model,
            data,
            penalty=penalty,
            epochs=epochs,
            learning_rate=4e-3,
            batch_norm="moving",
            validation=validation,
            seed=settings.seed,
            after_epoch=lambda epoch, name=penalty: said(f"{name}: {epoch}"),
        )
        name = "plain fine-tuning" if penalty == "none" else f"penalty: {penalty}"
        rows.append(row(name, tuned.model, tuned.best))
    before, plain, told = (
        figures[name] for name in ("as it is", "plain fine-tuning", "penalty: swap")
    )
    return Result(
        name="right-reasons",
        title="Right for the right reasons: a network that reads a watermark, trained on with masks",
        setting={
            "model": MODEL,
            "scenes trained on": count,
            "watermark": "on 95 % of them, of the right class on 98 % of those",
            "epochs": epochs,
            "batch": 64,
            "learning rate": 4e-3,
            "strength": 1,
            "held-out scenes": held,
        },
        entries=[],
        extras=[
            Extra(
                "On held-out scenes, with 95 % intervals",
                [
                    "training",
                    "epoch kept",
                    "accuracy without watermark",
                    "accuracy with a wrong watermark",
                    "Grad-CAM heat on the object",
                    "integrated-gradients heat on the object",
                ],
                rows,
            )
        ],
        targets=[
            Target(
                "accuracy without watermark, penalty swap less plain fine-tuning",
                20,
                round(100 * (told[0].value - plain[0].value), 1),
                False,
                "points",
            ),
            Target(
                "Grad-CAM heat on the object, penalty swap over before",
                2,
                round(told[1].value / max(before[1].value, 1e-9), 2),
                False,
                "x",
            ),
        ],
        notes=[
            "All contenders see the same scenes in the same order. The epoch is chosen on other "
            "scenes that are marked in the same way.",
            "Intervals: Wilson's for the accuracy, Student's over pictures for the heat.",
        ],
        rounds=1,
    )
