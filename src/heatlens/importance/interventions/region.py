"""Regions: a cell of a grid, a superpixel, or a part of a label map, in every picture the same."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.baselines import baseline_like
from heatlens.attribution.perturbation.features import Players, find_players, per_axis
from heatlens.errors import InvalidArgument
from heatlens.importance.interventions.intervention import KINDS, Kind, PictureIntervention
from heatlens.importance.pictures.places import PLACES
from heatlens.models.contract import Contract

__all__ = ["Division", "Place", "Region", "regions"]


class Place(PictureIntervention):
    """Pixels of a part of the picture; `inside` says which."""

    def __init__(self, name: str, baseline: str | Tensor = "blur") -> None:
        """Name the part.

        Args:
            name: of the feature.
            baseline: what stands there where it is ablated; see `baseline_like`.
        """
        self.name, self.baseline = name, baseline

    @abstractmethod
    def inside(self, given: Tensor, rows: Tensor) -> Tensor:
        """Which pixels belong to it, (n or 1, h, w), bool."""

    def ablate(self, given: Tensor, rows: Tensor) -> Tensor:
        """Pictures with the baseline there."""
        plain = Contract(mean=(0.0,) * given.shape[1], std=(1.0,) * given.shape[1])
        return self.permute(given, baseline_like(given, self.baseline, plain), rows)

    def permute(self, given: Tensor, donors: Tensor, rows: Tensor) -> Tensor:
        """Pictures with what others have there."""
        return torch.where(self.inside(given, rows).unsqueeze(1), donors, given)


class Region(Place):
    """One part of a division of the picture.

    Example:
        >>> left = Region("left half", 0, (1, 2))
        >>> left.permute(torch.zeros(1, 1, 1, 4), torch.ones(1, 1, 1, 4), torch.arange(1)).tolist()
        [[[[1.0, 1.0, 0.0, 0.0]]]]
    """

    def __init__(
        self,
        name: str,
        index: int,
        division: Division | Any = 3,
        baseline: str | Tensor = "blur",
    ) -> None:
        """Say which part.

        Args:
            name: of the feature.
            index: of the part, in reading order.
            division: cells along each axis, "superpixels-9", or a label map; see
                `heatlens.attribution.perturbation.features.find_players`.
            baseline: what stands there where it is ablated.
        """
        super().__init__(name, baseline)
        self.index = index
        self.division = division if isinstance(division, Division) else Division(division)
        self._labels: Tensor | None = None

    def facing(self, original: Tensor) -> Region:
        """A copy whose parts are those of the unchanged pictures."""
        bound = copy.copy(self)
        bound._labels = self._found(original)
        return bound

    def inside(self, given: Tensor, rows: Tensor) -> Tensor:
        """The part's pixels."""
        labels = self._found(given) if self._labels is None else self._labels
        return labels == self.index

    def _found(self, given: Tensor) -> Tensor:
        players = self.division.players(given)
        if self.index >= players.count:
            raise InvalidArgument(
                f"{self.name!r} is part {self.index} of a division into {players.count}, 0 to "
                f"{players.count - 1}"
            )
        return players.labels


class Division:
    """How pictures are divided; all regions of one division find it once."""

    def __init__(self, kind: Any) -> None:
        """Keep what `find_players` takes."""
        self.kind = kind
        self._last: tuple[Tensor, Players] | None = None

    def players(self, given: Tensor) -> Players:
        """The parts of these pictures."""
        last = self._last
        if last is None or last[0] is not given:
            last = self._last = (given, find_players(given, self.kind))
        return last[1]


def regions(division: Any = 3, *, baseline: str | Tensor = "blur") -> tuple[Region, ...]:
    """All parts of a division, each a feature: "region top left", ...

    Args:
        division: cells along each axis (one number, or rows and columns), or "superpixels-9":
            these lie elsewhere in each picture, a number means about the same place.
        baseline: what stands there where one is ablated.

    Example:
        >>> [one.name for one in regions((1, 2))]
        ['region row 1, column 1', 'region row 1, column 2']
    """
    if isinstance(division, str):
        kind, _, number = division.partition("-")
        if kind != "superpixels" or not number.isdecimal():
            raise InvalidArgument(
                f"division is {division!r}; a number of cells, or 'superpixels-9' for about nine"
            )
        side = round(int(number) ** 0.5)
        together = Division(f"superpixels-{side * side}")
        return tuple(
            Region(f"superpixel {k + 1}", k, together, baseline) for k in range(side * side)
        )
    rows, columns = per_axis(division, (1, 1), "division")
    together = Division((rows, columns))
    return tuple(
        Region(
            f"region {PLACES[k]}"
            if (rows, columns) == (3, 3)
            else f"region row {k // columns + 1}, column {k % columns + 1}",
            k,
            together,
            baseline,
        )
        for k in range(rows * columns)
    )


KINDS.add(
    "regions",
    Kind(
        "cells of a grid",
        '`"regions"`, `"regions-4"`, `regions((2, 3))`',
        "the other's pixels there",
        "blurred, or `baseline=`",
        make=lambda: regions(3),
    ),
)
KINDS.add(
    "superpixels",
    Kind(
        "superpixels",
        '`"superpixels"`, `"superpixels-16"`',
        "the other's pixels there",
        "blurred, or `baseline=`",
        make=lambda: regions("superpixels-9"),
    ),
)
