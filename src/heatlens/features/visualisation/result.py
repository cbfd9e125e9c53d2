"""What a feature visualisation returns, with the way there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.ascent import Aim, Climbed
from heatlens.features.visualisation.objectives.logit import Logit
from heatlens.features.visualisation.objectives.objective import Objective
from heatlens.image import Image
from heatlens.models.predict import probabilities
from heatlens.models.protocol import Model
from heatlens.models.targets import ClassIndex
from heatlens.version import __version__

__all__ = ["Visualisation", "as_image", "finished"]


_SILENT = (
    "the objective had one and the same value at every step: the unit is silent on all that the "
    "ascent tried, so this is the start and no picture of it; another seed, the layer before its "
    "ReLU or the whole channel may wake it"
)


@dataclass(frozen=True, eq=False)
class Visualisation:
    """Pictures that make objectives large.

    Attributes:
        images: objective by objective, float32 in 0..1.
        frames: of each image, pictures of the way to it; empty unless asked for.
        history: of each image, the objective's values before each step, of the transformed
            canvas; a joint objective's share is in them.
    """

    images: tuple[Image, ...]
    frames: tuple[tuple[Image, ...], ...]
    history: tuple[npt.NDArray[np.float32], ...]

    def film(self, index: int = 0) -> list[Image]:
        """The way to one of the images as frames, for `heatlens.transfer.save_film`.

        Raises:
            InvalidArgument: none were kept.
        """
        if not self.frames[index]:
            raise InvalidArgument("no frames were kept: give frames=24 to visualize()")
        return list(self.frames[index])

    def __repr__(self) -> str:
        """How many, of what."""
        words = [image.metadata["visualisation"]["objective"] for image in self.images]
        return f"Visualisation({', '.join(dict.fromkeys(words))}: {len(self.images)} images)"


def finished(
    model: Model,
    climbs: Sequence[tuple[Climbed, Aim]],
    record: Mapping[str, Any],
    seconds: float,
    passes: float,
) -> Visualisation:
    """Ends of ascents as pictures that say how they were made."""
    total = sum(len(climbed.steps) for climbed, _ in climbs)
    images: list[Image] = []
    frames: list[tuple[Image, ...]] = []
    history: list[npt.NDArray[np.float32]] = []
    for climbed, aim in climbs:
        owners = aim.owners
        values, chances = _reached(model, climbed.pixels, aim, owners)
        for row, owner in enumerate(owners):
            about = {
                "objective": str(owner),
                "value": values[row],
                "steps": climbed.steps[row],
                "stopped": climbed.stopped[row],
                **record,
                "seconds": seconds / total,
                "passes": passes / total,
                "version": __version__,
            }
            if _silent(climbed.history[row]):
                about["notes"] = (_SILENT,)
            if chances[row] is not None:
                about["probability"] = chances[row]
            images.append(as_image(climbed.pixels[row], str(owner), {"visualisation": about}))
            frames.append(
                tuple(
                    as_image(pixels[row], f"{owner}, step {min(step, climbed.steps[row])}")
                    for step, pixels in climbed.frames
                )
            )
            history.append(climbed.history[row].numpy())
    return Visualisation(tuple(images), tuple(frames), tuple(history))


def as_image(pixels: Tensor, name: str = "", metadata: Mapping[str, Any] | None = None) -> Image:
    """One canvas (C, h, w) in 0..1 as a picture."""
    values = pixels.detach().float().cpu()
    array = values[0].numpy() if len(values) == 1 else values.permute(1, 2, 0).numpy()
    axes = "YX" if array.ndim == 2 else "YXC"
    return Image(array.copy(), axes, (0.0, 1.0), name=name, metadata=dict(metadata or {}))


def _silent(history: Tensor) -> bool:
    return len(history) > 1 and bool((history == history[0]).all())


def _reached(
    model: Model, pixels: Tensor, aim: Aim, owners: Sequence[Objective]
) -> tuple[list[float], list[float | None]]:
    """The objective's value on each picture itself, and the probability of a class it is of."""
    with torch.no_grad():
        batch = model.contract.normalise(pixels)
        names = [name for name in aim.layers if name]
        seen = model.activations(batch, names) if names else {}
        if "" in aim.layers:
            seen[""] = model.predict(batch)
        values = Aim(aim.groups).values(seen).tolist()
        return values, [_probability(owner, seen, row) for row, owner in enumerate(owners)]


def _probability(owner: Objective, seen: Mapping[str, Tensor], row: int) -> float | None:
    if not isinstance(owner, Logit) or not isinstance(owner.target, ClassIndex):
        return None
    index = owner.target.index
    if owner.target.layer is not None or not isinstance(index, int) or seen[""].ndim != 2:
        return None
    return float(probabilities(seen[""][row])[index])
