"""A whole layer, whatever it sees: the objective of DeepDream."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from heatlens.features.visualisation.objectives.objective import Outputs, Read, register

__all__ = ["Layer"]


@register(paper="Mordvintsev et al. 2015", words="layer4")
@dataclass(frozen=True, eq=False)
class Layer(Read):
    """The mean square of all activations of a layer: what it sees a little of, it sees more of.

        c(x) = 1 / (channels |cells|) sum_kp a_k(p)^2

    Mordvintsev, Olah, Tyka: Inceptionism, 2015.

    Attributes:
        layer: its name.
    """

    def values(self, outputs: Outputs) -> Tensor:
        """The mean squares, (n,)."""
        return self.units(outputs).flatten(1).square().mean(1)

    def __str__(self) -> str:
        return self.layer
