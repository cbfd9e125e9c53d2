"""The same answer as to a picture: what inversion of a representation looks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Match"]


@register(paper="arXiv:1412.0035")
@dataclass(frozen=True, eq=False)
class Match(Read):
    """How near a layer's answer comes to its answer to a picture; 0 is the same.

        c(x) = - |a(x) - a(picture)|^2 / |a(picture)|^2

    Mahendran, Vedaldi: Understanding Deep Image Representations by Inverting Them, CVPR 2015,
    arXiv:1412.0035, eq. 1 and 3.

    Attributes:
        layer: its name.
        picture: anything `read_image` takes; brought to the canvas's size.
    """

    picture: Any
    answer: Tensor | None = None

    def bound(self, anatomy: Anatomy) -> Match:
        """With the layer's answer to the picture."""
        answer = anatomy.seen(self.picture, self.layer).flatten(1)
        if not bool(answer.any()):
            raise InvalidArgument(f"{self.layer!r} does not answer to the picture at all")
        return replace(self, reading=anatomy.reading(self.layer), answer=answer)

    def values(self, outputs: Outputs) -> Tensor:
        """Minus the relative squared differences, (n,)."""
        assert self.answer is not None
        answer = self.answer.to(outputs[self.layer])
        gap = (self.units(outputs).flatten(1) - answer).square().sum(1)
        return -gap / answer.square().sum()

    def __str__(self) -> str:
        return f"{self.layer}:match"
