"""A caricature: a picture with what a layer sees in it overdone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.direction import along, check_power
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Caricature"]


@register(paper="lucid, 2018")
@dataclass(frozen=True, eq=False)
class Caricature(Read):
    """How far a layer's answer goes in the direction of its answer to a picture, cell by cell.

        c(x) = <a(x), v> max(cos(a(x), v), 0.1)^power        v = a(picture) / |a(picture)|

    After the notebook "caricatures" of lucid, 2018: a dot product by a power of the cosine.

    Attributes:
        layer: its name.
        picture: anything `read_image` takes; brought to the canvas's size.
        power: of the cosine.
    """

    picture: Any
    power: float = 1.0
    answer: Tensor | None = None

    def bound(self, anatomy: Anatomy) -> Caricature:
        """With the layer's answer to the picture."""
        check_power(self.power)
        answer = anatomy.seen(self.picture, self.layer).flatten(1)
        length = float(answer.norm())
        if not length > 0:
            raise InvalidArgument(f"{self.layer!r} does not answer to the picture at all")
        return replace(self, reading=anatomy.reading(self.layer), answer=answer / length)

    def values(self, outputs: Outputs) -> Tensor:
        """The parts along it, (n,)."""
        assert self.answer is not None
        answer = self.answer.to(outputs[self.layer])
        return along(self.units(outputs).flatten(1), answer, self.power)

    def __str__(self) -> str:
        return f"{self.layer}:caricature"
