"""Contrast: the spread of luma about its mean, stretched; colours move along with their luma."""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.importance.interventions.intervention import KINDS, Kind, Property, reached
from heatlens.importance.interventions.luma import luma, mean_of, spread_of

__all__ = ["Contrast"]

_STRONGEST = 64.0


class Contrast(Property):
    """Standard deviation of luma over a picture, 0 to 0.5.

    A picture of one grey has none and cannot be given any: it stays as it is. So far as pixels
    reach black or white, the mean luma moves with the contrast.

    Example:
        >>> steps = torch.tensor([0.4, 0.6]).view(1, 1, 1, 2)
        >>> Contrast().set_to(steps, torch.tensor([0.2])).flatten()
        tensor([0.3000, 0.7000])
    """

    name = "contrast"
    unit = "standard deviation of luma"

    def measure(self, given: Tensor) -> Tensor:
        """Standard deviation of luma of each picture, (n,)."""
        return spread_of(luma(given)).flatten()

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """Pictures stretched about their mean luma until its spread is `value`."""
        grey = luma(given)
        off = grey - mean_of(grey)
        own = self.measure(given)
        wanted = value.to(given).clamp(min=0)
        first = torch.where(own > 1e-6, wanted / own.clamp(min=1e-6), 1.0)
        return reached(
            lambda factor: (given + (factor.view(-1, 1, 1, 1) - 1) * off).clamp(0, 1),
            self.measure,
            wanted,
            first.clamp(max=_STRONGEST),
            torch.zeros_like(own),
            torch.full_like(own, _STRONGEST),
        )


KINDS.add(
    "contrast",
    Kind(
        "spread of luma",
        '`"contrast"`',
        "stretched to the other's",
        "the data set's mean",
        curve=True,
        make=lambda: (Contrast(),),
    ),
)
