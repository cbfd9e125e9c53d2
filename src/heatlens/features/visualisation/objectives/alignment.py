"""Alignment: canvases that follow each other look alike, as the frames of a film."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Alignment"]


@register(paper="https://distill.pub/2018/differentiable-parameterizations")
@dataclass(frozen=True, eq=False)
class Alignment(Read):
    """How alike a layer's answers to all canvases of the batch are, neighbours most.

        c_i = - 1/2 sum_{j != i} decay^(1 - |i - j|) mean_kp (a_i - a_j)^2

    Over a batch it sums to minus the weighted differences of all pairs. For the frames between two
    objectives, so that only what changes moves. Mordvintsev, Pezzotti, Schubert, Olah:
    Differentiable Image Parameterizations, Distill 2018, "Aligned Feature Visualization
    Interpolation".

    Attributes:
        layer: its name.
        decay: how much less the next but one counts; at least 1.
    """

    decay: float = 2.0

    @property
    def between(self) -> bool:
        """Between the canvases."""
        return True

    def values(self, outputs: Outputs) -> Tensor:
        """One number a canvas, (n,)."""
        if not 1 <= self.decay < float("inf"):
            raise InvalidArgument(f"decay is {self.decay!r}; it must be 1 or more")
        cells = self.units(outputs).flatten(1)
        if len(cells) < 2:
            raise InvalidArgument(
                "alignment is between canvases: ask for several, or give it as joint="
            )
        place = torch.arange(len(cells), device=cells.device)
        apart = (place[:, None] - place).abs()
        weight = torch.where(apart > 0, self.decay ** (1.0 - apart), 0.0)
        gaps = torch.stack([(cells - row).square().mean(1) for row in cells])
        return -0.5 * (weight * gaps).sum(1)

    def __str__(self) -> str:
        return f"{self.layer}:alignment"
