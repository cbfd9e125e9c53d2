"""Is the picture of a class a picture of that class, moved, and to another network?

For each of the ten classes a picture is climbed to; then it is judged: by the network itself,
after random changes that the ascent never saw, and by a network of another architecture.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

import heatlens
from benchmarks.cases import Said
from benchmarks.result import Extra, Result, Target
from benchmarks.settings import Settings
from heatlens.features import Logit, visualize
from heatlens.features.visualisation.transforms.blur import blurred
from heatlens.features.visualisation.transforms.transform import about_centre, shift
from heatlens.features.visualisation.transforms.warp import warped
from heatlens.image import Image
from heatlens.models.protocol import Model

NETWORKS = ("scene-cnn", "scene-vit")
CLASSES = 10
LEAST = 0.99


def run(settings: Settings, said: Said) -> Result:
    """Count, of ten, how many pictures pass each judge."""
    steps = settings.of(quick=8, default=512, full=512)
    draws = settings.of(quick=4, default=64, full=256)
    models = {name: heatlens.load_model(f"bundled:{name}") for name in NETWORKS}
    rows: list[list[str | float | None]] = []
    counts: dict[tuple[str, str], list[float]] = {}
    for name in NETWORKS:
        (other,) = (model for key, model in models.items() if key != name)
        for transforms in ("none", "robust"):
            said(f"{name}, transforms {transforms}")
            images = visualize(
                models[name],
                [Logit(k) for k in range(CLASSES)],
                steps=steps,
                transforms=transforms,
                seed=settings.seed,
            )
            judged = _judged(models[name], other, images, draws, settings.seed)
            counts[name, transforms] = judged
            rows.append([name, transforms, *judged])
    robust = counts["scene-cnn", "robust"]
    return Result(
        name="visualised-classes",
        title="Pictures of the ten classes, judged",
        setting={"steps": steps, "parametrisation": "fourier", "objective": "logit of each class",
                 "unseen changes": "turned by 12 to 25 degrees, scaled by 0.75 to 0.88 or 1.13 to "
                 "1.3, shifted by up to 12 pixels, blur 0.8, noise 0.05, colours scaled by 0.7 to "
                 "1.3 each", "draws": draws},
        entries=[],
        targets=[
            Target(f"pictures made of ten classes: probability of the class at least {LEAST}", 10.0,
                   robust[0], False),
            Target("pictures made of ten classes: the class still first after unseen changes", 10.0,
                   robust[1], False),
            Target("pictures made of ten classes: the class first in another network", 10.0,
                   robust[3], False),
        ],
        extras=[
            Extra(
                "Of ten pictures",
                ["network", "transforms", f"probability >= {LEAST}", "first after unseen changes",
                 "share of draws in which it is", "first in the other network",
                 "first there after unseen changes", "share of draws in which it is there"],
                rows,
            )
        ],
        notes=[
            "First after unseen changes: in more than half of the draws no class is more probable. "
            "Turns and scales lie outside of what the ascent drew (10 degrees, 0.9 to 1.1). Nothing "
            "is timed here.",
        ],
        rounds=1,
    )  # fmt: skip


def _judged(model: Model, other: Model, images: list[Image], draws: int, seed: int) -> list[float]:
    pixels = torch.stack([torch.from_numpy(image.pixels.copy()).movedim(-1, 0) for image in images])
    own = _probabilities(model, pixels).diagonal()
    here, there = (_shares(judge, pixels, draws, seed) for judge in (model, other))
    return [
        float((own >= LEAST).sum()),
        float((here > 0.5).sum()),
        round(float(here.mean()), 3),
        float(_first(_probabilities(other, pixels)).sum()),
        float((there > 0.5).sum()),
        round(float(there.mean()), 3),
    ]


def _shares(model: Model, pixels: Tensor, draws: int, seed: int) -> Tensor:
    """Of each picture the share of draws in which its class is the most probable one."""
    generator = torch.Generator().manual_seed(seed + 1)
    hits = torch.zeros(len(pixels))
    for _ in range(draws):
        hits += _first(_probabilities(model, _changed(pixels, generator)))
    return hits / draws


def _changed(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Changes that no ascent saw, a draw for each picture."""
    n, size = len(pixels), (pixels.shape[2], pixels.shape[3])

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=generator, dtype=torch.float64)

    def either(first: Tensor, second: Tensor) -> Tensor:
        return torch.where(between(0, 1) < 0.5, first, second)

    angle = torch.deg2rad(either(between(12, 25), -between(12, 25)))
    zoom = either(between(0.75, 0.88), between(1.13, 1.3))
    cos, sin = zoom * angle.cos(), zoom * angle.sin()
    linear = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    moved = warped(
        pixels, shift(between(-12, 12), between(-12, 12)) @ about_centre(linear, size), "reflect"
    )
    noisy = blurred(moved, torch.full((n,), 0.8)) + 0.05 * torch.randn(
        pixels.shape, generator=generator
    )
    gains = 0.7 + 0.6 * torch.rand(n, pixels.shape[1], 1, 1, generator=generator)
    return (noisy * gains).clamp(0, 1)


def _probabilities(model: Model, pixels: Tensor) -> Tensor:
    return F.softmax(model.predict(model.contract.normalise(pixels)), dim=1)


def _first(shares: Tensor) -> Tensor:
    return shares.argmax(1) == torch.arange(len(shares))
