"""Many distributions in a row: stacked arrays or lists of different sizes, in one layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import Floats, checked_masses, real_array, rounding_of

__all__ = ["Collection", "collect"]


@dataclass(frozen=True)
class Collection:
    """Distributions laid end to end.

    Attributes:
        masses: (total,).
        starts: (N + 1,) where each begins, and the end.
        points: (total, d), or (n, d) if all share them, or (0, 0) if costs are given.
        points_at: (N,) where each one's points begin; all 0 if shared.
        rounding: how far totals may be apart, see `heatlens.transport.mass.rounding_of`.
    """

    masses: Floats
    starts: npt.NDArray[np.int64]
    points: Floats
    points_at: npt.NDArray[np.int64]
    rounding: float

    def __len__(self) -> int:
        """Number of distributions."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Points of each."""
        return np.diff(self.starts)

    @property
    def shared(self) -> bool:
        """Whether all distributions lie on the same points."""
        return not self.points_at.any() and bool((self.sizes == self.sizes[0]).all())

    def totals(self) -> Floats:
        """Mass of each."""
        return np.add.reduceat(self.masses, self.starts[:-1])

    def normalised(self) -> Collection:
        """Each one's masses divided by their total."""
        masses = self.masses / np.repeat(self.totals(), self.sizes)
        return Collection(masses, self.starts, self.points, self.points_at, self.rounding)


def collect(masses: Any, points: Any, names: tuple[str, str]) -> Collection:
    """Check and lay out what the caller passed.

    Args:
        masses: an array (N, n), or a list of arrays of any lengths.
        points: an array (N, n, d), or (n, d) or (n,) shared by all, or a list of arrays, one for
            each distribution; None if a cost matrix takes their place. Nested lists of numbers
            are read as an array.
        names: what the caller calls the two, for messages.

    Raises:
        InvalidArgument: shapes that do not fit, or an entry that cannot be used.
    """
    flat, starts, rounding = _masses(masses, names[0])
    if points is None:
        return Collection(flat, starts, np.empty((0, 0)), np.zeros(len(starts), np.int64), rounding)
    if not _one_each(points):
        array = real_array(points, names[1], "coordinates")
        if array.ndim == 3:
            return _stacked(flat, starts, array, names, rounding)
        shared = _own(checked_points(array, names[1]))
        sizes = np.diff(starts)
        if (sizes != len(shared)).any():
            row = int(np.argmax(sizes != len(shared)))
            raise InvalidArgument(
                f"{names[1]} has {len(shared)} points, shared by all, and {names[0]}[{row}] has "
                f"{sizes[row]} masses"
            )
        return Collection(flat, starts, shared, np.zeros(len(sizes), np.int64), rounding)
    pieces = [checked_points(piece, f"{names[1]}[{k}]") for k, piece in enumerate(points)]
    _require_sizes([len(piece) for piece in pieces], np.diff(starts), names)
    if len({piece.shape[1] for piece in pieces}) > 1:
        raise InvalidArgument(f"the points of {names[1]} have different numbers of coordinates")
    return Collection(flat, starts, np.concatenate(pieces), starts[:-1], rounding)


def _masses(masses: Any, name: str) -> tuple[Floats, npt.NDArray[np.int64], float]:
    if not _one_each(masses):
        array = checked_masses(masses, name, 2)
        starts = np.arange(len(array) + 1, dtype=np.int64) * array.shape[1]
        return _own(array.ravel()), starts, rounding_of(masses)
    if len(masses) == 0:
        raise InvalidArgument(f"{name} is empty: there is no distribution")
    pieces = [checked_masses(piece, f"{name}[{k}]") for k, piece in enumerate(masses)]
    starts = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64)
    return np.concatenate(pieces), starts, rounding_of(*masses)


def _one_each(sequence: Any) -> bool:
    """Whether it is a list of arrays, or of lists of different lengths."""
    if not isinstance(sequence, Sequence) or isinstance(sequence, str):
        return False
    if any(hasattr(piece, "__array__") and np.ndim(piece) for piece in sequence):
        return True
    return len({np.shape(piece) for piece in sequence if not _nested(piece)}) > 1 or any(
        _nested(piece) for piece in sequence
    )


def _nested(piece: Any) -> bool:
    """Whether it is a list of lists of different lengths, which has no shape."""
    return isinstance(piece, Sequence) and len({np.size(part) for part in piece}) > 1


def _own(array: Floats) -> Floats:
    """The array, copied if nothing may be written to it: numba would compile for it anew."""
    return array if array.flags.writeable else array.copy()


def _stacked(
    flat: Floats, starts: Any, array: Any, names: tuple[str, str], rounding: float
) -> Collection:
    _require_sizes([array.shape[1]] * len(array), np.diff(starts), names)
    points = _own(checked_points(array.reshape(-1, array.shape[2]), names[1]))
    return Collection(flat, starts, points, starts[:-1], rounding)


def _require_sizes(points: list[int], masses: Any, names: tuple[str, str]) -> None:
    if len(points) != len(masses):
        raise InvalidArgument(
            f"{names[0]} has {len(masses)} distributions, {names[1]} has points of {len(points)}"
        )
    apart = np.flatnonzero(np.asarray(points) != masses)
    if len(apart):
        k = int(apart[0])
        raise InvalidArgument(
            f"{names[1]}[{k}] has {points[k]} points and {names[0]}[{k}] has {masses[k]} masses"
        )
