"""Colour: mean and spread of the two chroma planes, with the luma kept.

From another picture they are taken as in Reinhard et al.: Color Transfer between Images, IEEE CG&A
2001, in Cb and Cr: (c - mean) * spread' / spread + mean'.
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.importance.interventions.intervention import (
    KINDS,
    Kind,
    PictureIntervention,
    reached,
)
from heatlens.importance.interventions.luma import chroma, mean_of, recoloured, spread_of

__all__ = ["Colour"]

_STRONGEST = 64.0


class Colour(PictureIntervention):
    """Mean and spread of chroma; as one number, the mean chroma sqrt(Cb^2 + Cr^2).

    A grey picture can be tinted but not made more colourful.

    Example:
        >>> pixels = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        >>> grey = Colour().set_to(pixels, torch.zeros(1))
        >>> bool(torch.allclose(grey[:, 0], grey[:, 2], atol=1e-6))
        True
    """

    name = "colour"
    unit = "mean chroma"

    def state(self, given: Tensor) -> Tensor:
        """Mean and spread of both planes, (n, 2, 2)."""
        planes = chroma(given)
        return torch.stack([mean_of(planes).flatten(1), spread_of(planes).flatten(1)], 1)

    def measure(self, given: Tensor) -> Tensor:
        """Mean chroma of each picture, (n,)."""
        return chroma(given).norm(dim=1).mean((1, 2))

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """Pictures whose chroma is stretched until its mean is `value`."""
        planes = chroma(given)
        own = self.measure(given)
        wanted = value.to(given).clamp(min=0)
        first = torch.where(own > 1e-6, wanted / own.clamp(min=1e-6), 1.0)
        return reached(
            lambda factor: recoloured(given, factor.view(-1, 1, 1, 1) * planes),
            self.measure,
            wanted,
            first.clamp(max=_STRONGEST),
            torch.zeros_like(own),
            torch.full_like(own, _STRONGEST),
        )

    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """Pictures with the mean and the spread that are usual."""
        return self._moved(given, self._known().to(given).expand(len(given), 2, 2))

    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """Pictures with the mean and the spread of others."""
        return self._moved(given, self.state(donors))

    def _moved(self, given: Tensor, wanted: Tensor) -> Tensor:
        planes = chroma(given)
        mean, spread = wanted[:, 0, :, None, None], wanted[:, 1, :, None, None]
        own = spread_of(planes)
        factor = torch.where(own > 1e-6, spread / own.clamp(min=1e-6), 0.0)
        return recoloured(given, (planes - mean_of(planes)) * factor + mean)


KINDS.add(
    "colour",
    Kind(
        "mean and spread of chroma",
        '`"colour"`',
        "the other's, luma kept",
        "the data set's mean",
        curve=True,
        make=lambda: (Colour(),),
    ),
)
