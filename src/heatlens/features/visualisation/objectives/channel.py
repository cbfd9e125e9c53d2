"""A channel: the mean of one feature over all cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from heatlens.features.activations.channels import checked_channel
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Channel"]


@register(paper="https://distill.pub/2017/feature-visualization", words="layer4:12")
@dataclass(frozen=True, eq=False)
class Channel(Read):
    """The mean of one channel over the cells of a layer; of a layer without a grid, one unit.

        c(x) = 1 / |cells| sum_p a_k(p)

    Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017.

    Attributes:
        layer: its name.
        channel: its number, from 0.
    """

    channel: int

    def bound(self, anatomy: Anatomy) -> Channel:
        """With its number checked."""
        channel = checked_channel(self.channel, anatomy.units(self.layer).shape[1], self.layer)
        return replace(self, channel=channel, reading=anatomy.reading(self.layer))

    def values(self, outputs: Outputs) -> Tensor:
        """The means, (n,)."""
        return self.units(outputs)[:, self.channel].reshape(len(outputs[self.layer]), -1).mean(1)

    def __str__(self) -> str:
        return f"{self.layer}:{self.channel}"
