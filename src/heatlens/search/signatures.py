"""Many signatures end to end, as they are stored and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import checked_masses

__all__ = ["LARGEST", "Signatures", "Singles", "canonical"]

Singles = npt.NDArray[np.float32]
LARGEST = 1e15
"""Size of a coordinate; squares of differences have to fit in single precision."""


@dataclass(frozen=True, eq=False)
class Signatures:
    """Signatures of any sizes, laid end to end.

    Attributes:
        weights: (total,) float32, above 0; those of one signature sum to 1 up to their rounding.
        starts: (N + 1,) int64, where each begins, and the end.
        points: (total, d) float32, those of one signature in lexicographic order.

    Example:
        >>> both = Signatures.of([([1.0], [[0.0]]), ([1.0, 3.0], [[2.0], [1.0]])])
        >>> len(both), both[1][0].tolist(), both[1][1].tolist()
        (2, [0.75, 0.25], [[1.0], [2.0]])
    """

    weights: Singles
    starts: npt.NDArray[np.int64]
    points: Singles

    @classmethod
    def of(cls, pairs: Iterable[tuple[Any, Any]]) -> Signatures:
        """Lay out (weights (n,), points (n, d)) pairs, each made `canonical`."""
        return cls.laid_out([canonical(weights, points) for weights, points in pairs])

    @classmethod
    def laid_out(cls, pairs: Iterable[tuple[Singles, Singles]]) -> Signatures:
        """Lay out pairs that are canonical already.

        Raises:
            InvalidArgument: there is none, or they have different numbers of coordinates.
        """
        pairs = list(pairs)
        if not pairs:
            raise InvalidArgument("there is no signature")
        dimensions = {points.shape[1] for _, points in pairs}
        if len(dimensions) > 1:
            raise InvalidArgument(
                f"signatures with {min(dimensions)} and with {max(dimensions)} coordinates a point "
                "cannot be compared; one index holds one kind"
            )
        starts = np.cumsum([0, *(len(weights) for weights, _ in pairs)], dtype=np.int64)
        weights, points = zip(*pairs, strict=True)
        return cls(np.concatenate(weights), starts, np.concatenate(points))

    @property
    def dimensions(self) -> int:
        """Coordinates of a point."""
        return self.points.shape[1]

    def __len__(self) -> int:
        """Number of signatures."""
        return len(self.starts) - 1

    def __getitem__(self, k: int) -> tuple[Singles, Singles]:
        """Weights (n,) and points (n, d) of one signature."""
        if not -len(self) <= k < len(self):
            raise IndexError(f"signature {k} of {len(self)}")
        k %= len(self)
        piece = slice(self.starts[k], self.starts[k + 1])
        return self.weights[piece], self.points[piece]

    def __iter__(self) -> Iterator[tuple[Singles, Singles]]:
        """All of them in order."""
        return (self[k] for k in range(len(self)))


def canonical(weights: Any, points: Any, period: float | None = None) -> tuple[Singles, Singles]:
    """A signature as an index keeps it: what is stored is what distances are defined on.

    Args:
        weights: (n,), none negative, not all 0.
        points: (n, d), or numbers (n,).
        period: of a circle; its points are taken modulo the period.

    What is canonical already stays as it is, to the last bit.

    Returns:
        float32 weights (m,) above 0 that sum to 1 up to rounding, and float32 points (m, d) in
        lexicographic order; points without weight are left out.

    Raises:
        InvalidArgument: entries or shapes that are no distribution, or a coordinate beyond 1e15.

    Example:
        >>> canonical([2, 0, 2], [[3, 1], [9, 9], [3, 0]])[1].tolist()
        [[3.0, 0.0], [3.0, 1.0]]
    """
    masses, places = checked_masses(weights, "weights"), checked_points(points, "points")
    if len(masses) != len(places):
        raise InvalidArgument(
            f"{len(masses)} weights and {len(places)} points are no signature; they go together"
        )
    if period is not None:
        places = np.mod(places, period)
    if np.abs(places).max() > LARGEST:
        raise InvalidArgument(
            f"a coordinate is {np.abs(places).max():g}; an index computes bounds in single "
            f"precision and takes coordinates up to {LARGEST:g}"
        )
    small, total = masses.astype(np.float32), masses.sum()
    if (small != masses).any() or abs(total - 1) > 1e-7 * len(masses) + 1e-7:
        small = (masses / total).astype(np.float32)
    singles = places.astype(np.float32) + np.float32(0)  # -0 and 0 are one place
    kept = small > 0
    small, singles = small[kept], singles[kept]
    order = np.lexsort((small, *singles.T[::-1]))
    return small[order], np.ascontiguousarray(singles[order])
