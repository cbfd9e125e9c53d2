"""The texture of a picture: which features go together, wherever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument, NoSpatialLayer
from heatlens.features.activations.reading import Reading
from heatlens.features.visualisation.objectives.anatomy import Anatomy
from heatlens.features.visualisation.objectives.objective import Objective, Outputs, register

__all__ = ["Style", "gram"]


@register(paper="arXiv:1505.07376")
@dataclass(frozen=True, eq=False)
class Style(Objective):
    """How near the Gram matrices of layers come to those of a picture; 0 is the same.

        c(x) = - 1 / |layers| sum_l |G_l(x) - G_l(picture)|^2 / |G_l(picture)|^2
        G_l = 1 / |cells| sum_p a(p) a(p)^T

    Gatys, Ecker, Bethge: Texture Synthesis Using Convolutional Neural Networks, NeurIPS 2015,
    arXiv:1505.07376, eq. 2 and 4; relative to the picture's own, so that layers count alike.

    Attributes:
        picture: anything `read_image` takes; brought to the canvas's size.
        of: names of layers with a grid.
    """

    picture: Any
    of: tuple[str, ...]
    readings: Mapping[str, Reading] = field(default_factory=dict)
    grams: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def layers(self) -> tuple[str, ...]:
        """Those of `of`."""
        return tuple(self.of)

    def bound(self, anatomy: Anatomy) -> Style:
        """With the picture's Gram matrices."""
        if isinstance(self.of, str) or not self.of:
            raise InvalidArgument(f"of is {self.of!r}; it is a tuple of names of layers")
        readings = {name: anatomy.reading(name) for name in self.of}
        for name, reading in readings.items():
            if not reading.grid:
                raise NoSpatialLayer(f"{name!r} has no cells, so no texture")
        grams = {name: gram(anatomy.seen(self.picture, name)) for name in self.of}
        for name, matrix in grams.items():
            if not bool(matrix.any()):
                raise InvalidArgument(f"{name!r} does not answer to the picture at all")
        return replace(self, readings=readings, grams=grams)

    def values(self, outputs: Outputs) -> Tensor:
        """Minus the relative squared differences, (n,)."""
        gaps = []
        for name in self.of:
            mine = gram(self.readings[name].units(outputs[name]))
            theirs = self.grams[name].to(mine)
            gaps.append((mine - theirs).flatten(1).square().sum(1) / theirs.square().sum())
        return -sum(gaps[1:], gaps[0]) / len(gaps)

    def __str__(self) -> str:
        return f"style({', '.join(self.of)})"


def gram(units: Tensor) -> Tensor:
    """Gram matrices (n, channels, channels) of activations (n, channels, *grid).

    Example:
        >>> import torch
        >>> gram(torch.tensor([[[1.0, 3.0], [0.0, 2.0]]]))
        tensor([[[5., 3.],
                 [3., 2.]]])
    """
    cells = units.flatten(2)
    return cells @ cells.transpose(1, 2) / cells.shape[2]
