"""Diversity: canvases with one aim that are to look different."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register
from heatlens.features.visualisation.objectives.style import gram

__all__ = ["Diversity"]


@register(paper="https://distill.pub/2017/feature-visualization")
@dataclass(frozen=True, eq=False)
class Diversity(Read):
    """How unlike in style each canvas is to the others of its batch.

        c_i = - 1 / (n - 1) sum_{j != i} cos(G_i, G_j)        G: Gram matrix of the layer

    Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017, "Achieving Diversity with
    Optimization" (negative cosine of Gram matrices).

    Attributes:
        layer: its name.
    """

    @property
    def between(self) -> bool:
        """Between the canvases."""
        return True

    def values(self, outputs: Outputs) -> Tensor:
        """One number a canvas, (n,)."""
        units = self.units(outputs)
        if len(units) < 2:
            raise InvalidArgument("diversity is between canvases: ask for several with count=")
        style = F.normalize(gram(units.reshape(*units.shape[:2], -1)).flatten(1), dim=1)
        alike = style @ style.T
        others = 1 - torch.eye(len(style), device=style.device)
        return -(alike * others).sum(1) / (len(style) - 1)

    def __str__(self) -> str:
        return f"{self.layer}:diversity"
