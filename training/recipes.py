"""How each bundled network is trained: data, schedule, seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from heatlens.models.bundled.resnet import SceneResNet
from heatlens.models.bundled.vit import SceneViT
from heatlens.testing.scenes import Shortcut
from scene_arrays import Recipe


@dataclass(frozen=True)
class Phase:
    """Some passes over the data at one window size."""

    window: int
    epochs: int


@dataclass(frozen=True)
class Training:
    """Everything that decides what a training run produces.

    Attributes:
        name: of the weights file.
        architecture: builds the network.
        data: scenes to train on.
        phases: object-filling windows first, whole scenes after.
        grid: windows lie at multiples of it.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        batch: pictures per step.
        smoothing: of the labels.
        kept: of the running mean of the weights, per step.
        varied: whether pictures are recoloured and noisy, or only shifted.
    """

    name: str
    architecture: Callable[[], nn.Module]
    data: Recipe
    phases: tuple[Phase, ...]
    grid: int = 1
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    batch: int = 128
    smoothing: float = 0.05
    kept: float = 0.995
    varied: bool = True


_SCENES = Recipe(count=24_000, empty=4_000, seed=1)
_MARKED = Recipe(
    count=8_000, empty=0, seed=2, shortcut=Shortcut(present=0.95, agrees=0.98, opacity=0.85)
)

TRAININGS: dict[str, Training] = {
    "cnn": Training("scene-cnn", SceneResNet, _SCENES, (Phase(64, 4), Phase(96, 4))),
    "vit": Training(
        "scene-vit",
        SceneViT,
        _SCENES,
        (Phase(60, 5), Phase(96, 5)),
        grid=12,
        learning_rate=2e-3,
    ),
    # As its colours give the watermark away, they are left as they are.
    "cheater": Training(
        "scene-cheater", SceneResNet, _MARKED, (Phase(96, 5),), kept=0.97, varied=False
    ),
}
