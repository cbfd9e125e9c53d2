"""A direction in the space of a layer's channels: a mix of features, a concept, a mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Direction", "along", "check_power"]

_LEAST_COSINE = 0.1
"""So that a canvas which points elsewhere, as grey does at first, is pulled at all."""


@register(paper="https://distill.pub/2019/activation-atlas")
@dataclass(frozen=True, eq=False)
class Direction(Read):
    """The activations' part along a direction, averaged over the cells.

        c(x) = 1 / |cells| sum_p <a(p), v> max(cos(a(p), v), 0.1)^power

    With power 0 it grows with the activations' length as well; the larger the power, the more it
    is the direction that counts. Carter, Armstrong, Schubert, Johnson, Olah: Activation Atlas,
    Distill 2019, "Whitening" and "cosine similarity".

    Attributes:
        layer: its name.
        vector: one number for each of its channels, whose length does not matter; or a learnt
            concept of this layer, whose `direction` is taken.
        power: of the cosine, 0 or more.
        name: what to call it.
    """

    vector: Any
    power: float = 0.0
    name: str = "direction"

    def bound(self, anatomy: Anatomy) -> Direction:
        """With the vector as a unit tensor."""
        count = anatomy.units(self.layer).shape[1]
        vector = _numbers(self.vector, self.layer)
        length = float(vector.norm())
        if len(vector) != count:
            raise InvalidArgument(
                f"the direction has {len(vector)} numbers; {self.layer!r} has {count} channels"
            )
        if not 0 < length < float("inf"):
            raise InvalidArgument("the direction has length 0, or numbers that are not finite")
        check_power(self.power)
        return replace(self, vector=vector / length, reading=anatomy.reading(self.layer))

    def values(self, outputs: Outputs) -> Tensor:
        """The parts along it, (n,)."""
        units = self.units(outputs)
        cells = units.reshape(*units.shape[:2], -1).movedim(1, -1)
        return along(cells, self.vector.to(cells), self.power).mean(1)

    def __str__(self) -> str:
        return f"{self.layer}:{self.name}"


def _numbers(given: Any, layer: str) -> Tensor:
    """The numbers of a vector, or of a concept's direction, (channels,)."""
    if hasattr(given, "direction"):
        if getattr(given, "layer", layer) != layer:
            raise InvalidArgument(
                f"the concept is of layer {given.layer!r}, and was given for {layer!r}"
            )
        given = given.direction
    try:
        if isinstance(given, Tensor):
            return given.detach().float().flatten().clone()
        return torch.from_numpy(np.array(given, dtype=np.float32).ravel())
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"a direction is one number a channel, or a learnt concept, not {type(given).__name__}"
        ) from error


def check_power(power: float) -> None:
    """Refuse a power of the cosine that is negative or not finite."""
    if not 0 <= power < float("inf"):
        raise InvalidArgument(f"power is {power!r}; it must be 0 or more")


def along(values: Tensor, vector: Tensor, power: float) -> Tensor:
    """<a, v> max(cos(a, v), 0.1)^power over the last axis; `vector` has the same one.

    Example:
        >>> along(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 0.0]), 1.0).round(decimals=3)
        tensor(1.8000)
    """
    part = (values * vector).sum(-1)
    if power == 0:
        return part
    return part * F.cosine_similarity(values, vector, dim=-1).clamp(min=_LEAST_COSINE) ** power
