"""Texture: how much fine detail there is, the luma band above a Gaussian of a 48th of the side."""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.baselines import blurred
from heatlens.importance.interventions.intervention import KINDS, Kind, Property, reached
from heatlens.importance.interventions.luma import luma

__all__ = ["Texture"]

_STRONGEST = 64.0


class Texture(Property):
    """Root mean square of the fine band of luma: Y less Y under a Gaussian.

    The band can be taken off, not brought to 0: a blurred picture has a faint one of its own.

    Example:
        >>> flat = torch.full((1, 3, 16, 16), 0.5)
        >>> Texture().measure(flat).round(decimals=6).tolist()
        [0.0]
    """

    name = "texture"
    unit = "root mean square of the fine band"

    def __init__(self, finest: float = 48.0) -> None:
        """Say what is fine.

        Args:
            finest: sigma of the Gaussian is the shorter side divided by this.
        """
        self.finest = finest

    def measure(self, given: Tensor) -> Tensor:
        """Strength of the band in each picture, (n,)."""
        return self._band(given).square().mean((1, 2, 3)).sqrt()

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """Pictures whose band is stretched until its strength is `value`; 0 blurs their luma."""
        band = self._band(given)
        own = band.square().mean((1, 2, 3)).sqrt()
        wanted = value.to(given).clamp(min=0)
        # The band of a changed band is not quite the band itself: a blur is no sharp filter.
        first = torch.where(own > 1e-6, wanted / own.clamp(min=1e-6), 1.0)
        return reached(
            lambda factor: (given + (factor.view(-1, 1, 1, 1) - 1) * band).clamp(0, 1),
            self.measure,
            wanted,
            first.clamp(max=_STRONGEST),
            torch.zeros_like(own),
            torch.full_like(own, _STRONGEST),
        )

    def _band(self, given: Tensor) -> Tensor:
        grey = luma(given)
        return grey - blurred(grey, max(0.5, min(given.shape[2:]) / self.finest))


KINDS.add(
    "texture",
    Kind(
        "amount of fine detail",
        '`"texture"`',
        "the other's amount",
        "the data set's mean",
        curve=True,
        make=lambda: (Texture(),),
    ),
)
