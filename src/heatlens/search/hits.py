"""What a search finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.search.signatures import Singles

__all__ = ["Hits", "checked_radius"]


def checked_radius(radius: Any) -> float:
    """A distance: a number, 0 or more; it may be infinite.

    Raises:
        InvalidType: no number.
        InvalidArgument: below 0, or not a number.

    Example:
        >>> checked_radius(3)
        3.0
    """
    if isinstance(radius, bool) or not isinstance(radius, Real):
        raise InvalidType(f"radius is {radius!r}; it is a distance, a number from 0 on")
    distance = float(radius)
    if not distance >= 0:
        raise InvalidArgument(f"radius is {radius}; it is a distance, 0 or more")
    return distance


@dataclass(frozen=True, eq=False)
class Hits:
    """Rows of an index, nearest first.

    Attributes:
        ids: of the rows.
        distances: (n,) float64, W1 to the query, exact for each row that is given.
        unit: of the distances.
        certified: whether it is proved that no row is missing: nothing that is not given is
            nearer than the last, or, of a range, within the radius.
        tied: whether rows that are not given are as near as the last one, up to 1e-9.
        bounds: lower bounds that were computed.
        solves: exact distances that were computed.
        seconds: that the search took, describing the query left out.
        images: rows that were searched.
        version: of the table.
        weights: (m,) float32 of the query's signature.
        points: (m, d) float32.
        name: of the query.
        recall: of an approximate search, the share of the nearest that it finds in this index, as
            measured on rows of it.
        radius: of a range.
        where: the condition on rows.
        row_keys: (n,) uint64, which rows of the table they are.

    Example:
        >>> hits = Hits(("a.jpg", "b.jpg"), np.array([0.5, 2.0]), "CIELAB units", certified=True)
        >>> list(hits), len(hits)
        ([('a.jpg', 0.5), ('b.jpg', 2.0)], 2)
    """

    ids: tuple[str, ...]
    distances: npt.NDArray[np.float64]
    unit: str
    certified: bool
    tied: bool = False
    bounds: int = 0
    solves: int = 0
    seconds: float = 0.0
    images: int = 0
    version: int = 0
    weights: Singles = field(default_factory=lambda: np.empty(0, np.float32), repr=False)
    points: Singles = field(default_factory=lambda: np.empty((0, 0), np.float32), repr=False)
    name: str = ""
    recall: float | None = None
    radius: float | None = None
    where: str | None = None
    row_keys: npt.NDArray[np.uint64] = field(
        default_factory=lambda: np.empty(0, np.uint64), repr=False
    )

    def __len__(self) -> int:
        """How many were found."""
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Pairs of id and distance."""
        return zip(self.ids, self.distances.tolist(), strict=True)

    def __getitem__(self, k: int) -> tuple[str, float]:
        """Id and distance of one hit, by its rank from 0 on."""
        if not hasattr(k, "__index__"):
            raise InvalidType(f"{k!r} is no rank; a slice of a list of them is list(hits)[...]")
        return self.ids[k], float(self.distances[k])

    def __repr__(self) -> str:
        """How many, how near, and whether it is proved."""
        near = f", nearest {self.ids[0]!r} at {self.distances[0]:.4g}" if self.ids else ""
        proved = "certified" if self.certified else "not certified"
        return f"Hits({len(self)} of {self.images:,} in {self.unit}{near}, {proved})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles by the fields."""
        return type(self), tuple(getattr(self, name) for name in self.__dataclass_fields__)
