"""A concept: the part of a layer's output along one direction, at every place of its grid.

    h' = h + (c - <h, v>) a,  |v| = 1, <v, a> = 1

with c the coefficient of another picture, or the mean over the data set, so that <h', v> = c. The
direction v reads the concept out of h, the pattern a is what the concept writes into h. They are
the same for a direction that was found by what it does, and are not for the normal of a classifier:
that is a filter, which also cancels whatever disturbs the reading, and to move along it changes
little of what a network does with the concept (Haufe et al.: On the interpretation of weight
vectors of linear models in multivariate neuroimaging, NeuroImage 2014). Kim et al.:
Interpretability Beyond Feature Attribution, ICML 2018, for directions that mean something; with
a = v and c = 0 it is the projection of Ravfogel et al.: Null It Out, ACL 2020, eq. 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.importance.interventions.intervention import KINDS, Kind, LayerIntervention
from heatlens.models.arrays import as_tensor

__all__ = ["ConceptDirection"]


class ConceptDirection(LayerIntervention):
    """The coefficient along a direction in a layer.

    Example:
        >>> import torch
        >>> along = ConceptDirection("warmth", "pool", [3.0, 4.0])
        >>> along.set_to(torch.tensor([[3.0, 4.0]]), torch.zeros(1)).abs().max().item() < 1e-6
        True
    """

    def __init__(
        self,
        name: str,
        layer: str,
        direction: Any,
        pattern: Any = None,
        axis: int | None = None,
    ) -> None:
        """Take the direction.

        Args:
            name: of the concept.
            layer: dotted name of the layer that the direction lies in.
            direction: (C,) for the layer's channels, any length; or of the whole output of a row,
                as many numbers as it has.
            pattern: what the output moves along, shaped alike, any length; the direction itself by
                default. Of a `Concept` that `learn_concept` found it is `Concept.pattern`.
            axis: of the channels, where the output is neither (n, C, ...) nor (n, tokens, C).

        Raises:
            InvalidArgument: a direction of length zero, or NaN; a pattern across it.
        """
        vector = _vector(direction)
        length = float(vector.norm())
        if not 0 < length < float("inf"):
            raise InvalidArgument(f"the direction of {name!r} has length {length}; it needs one")
        self.name, self.layer, self.axis = name, layer, axis
        self.unit = "mean coefficient"
        self.direction = (vector / length).float()
        self.pattern = self.direction
        if pattern is not None:
            self.pattern = _scaled(_vector(pattern), vector / length, name)

    def measure(self, given: Tensor) -> Tensor:
        """Mean coefficient of each row, (n,)."""
        return self._coefficient(given).flatten(1).mean(1)

    def set_to(self, given: Tensor, value: Tensor) -> Tensor:
        """Outputs with this coefficient everywhere."""
        own = self._coefficient(given)
        return self._moved(given, value.to(given).view([-1] + [1] * (own.ndim - 1)) - own)

    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """Outputs with the mean output's coefficients."""
        usual = self._coefficient(self._known().to(given).unsqueeze(0))
        return self._moved(given, usual - self._coefficient(given))

    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """Outputs with the coefficients of others."""
        return self._moved(given, self._coefficient(donors) - self._coefficient(given))

    def _coefficient(self, given: Tensor) -> Tensor:
        """<h, v> at every place, with an axis of length 1 where the channels were."""
        flat, vector = self._laid(given, self.direction)
        return (flat * vector).sum(self._summed(given), keepdim=True)

    def _moved(self, given: Tensor, by: Tensor) -> Tensor:
        flat, vector = self._laid(given, self.pattern)
        return (flat + by * vector).view_as(given)

    def _laid(self, given: Tensor, vector: Tensor) -> tuple[Tensor, Tensor]:
        vector = vector.to(given)
        place = self.channel_axis(given)
        if given.shape[place] == len(vector):
            shape = [1] * given.ndim
            shape[place] = len(vector)
            return given, vector.view(shape)
        if given[0].numel() == len(vector):
            return given.flatten(1), vector.unsqueeze(0)
        raise InvalidArgument(
            f"the direction of {self.name!r} has {len(vector)} numbers; layer {self.layer!r} has "
            f"{given.shape[place]} channels, {given[0].numel()} numbers in all"
        )

    def _summed(self, given: Tensor) -> int:
        place = self.channel_axis(given)
        return place if given.shape[place] == len(self.direction) else 1


def _vector(given: Any) -> Tensor:
    array = given if hasattr(given, "shape") else np.asarray(given, np.float64)
    return as_tensor(array, "direction").detach().double().flatten()


def _scaled(pattern: Tensor, direction: Tensor, name: str) -> Tensor:
    """The pattern whose product with the direction is 1."""
    if pattern.shape != direction.shape:
        raise InvalidArgument(
            f"the pattern of {name!r} has {len(pattern)} numbers, its direction {len(direction)}"
        )
    along = float(pattern @ direction)
    if not abs(along) > 1e-6 * float(pattern.norm()):
        raise InvalidArgument(
            f"the pattern of {name!r} lies across its direction (product {along:.3g}): moving "
            "along it would not change the coefficient"
        )
    return (pattern / along).float()


KINDS.add(
    "concept",
    Kind(
        "a concept",
        '`ConceptDirection("stripes", "stage3", vector)`, or a `Concept` that `learn_concept` found',
        "the other's coefficient",
        "the mean coefficient",
        curve=True,
    ),
)
