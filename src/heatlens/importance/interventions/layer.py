"""A whole layer: everything that it puts out."""

from __future__ import annotations

from torch import Tensor

from heatlens.importance.interventions.intervention import KINDS, Kind, LayerIntervention

__all__ = ["Layer"]


class Layer(LayerIntervention):
    """What a layer puts out, as one feature.

    In a network without a way around the layer nothing is left of the picture then: it counts as
    much as all features together. Of a branch it tells what the branch does.

    Example:
        >>> import torch
        >>> Layer("stage1").permute(torch.zeros(1, 2), torch.ones(1, 2), torch.arange(1)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, layer: str, name: str | None = None) -> None:
        """Say which: its dotted name, and the feature's, "layer stage3" by default."""
        self.layer, self.name = layer, name or f"layer {layer}"

    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """The mean output over the data set."""
        return self._known().to(given).unsqueeze(0).expand_as(given)

    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """The output for other pictures."""
        return donors


KINDS.add(
    "layer",
    Kind(
        "a whole layer",
        '`Layer("stage3")`',
        "the other's output",
        "the mean output",
    ),
)
