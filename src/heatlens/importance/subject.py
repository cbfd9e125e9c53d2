"""Rows with named features, any of which can be taken from another row: what is explained.

Every measure of this room asks one question, again and again: what does the model say of these
rows, if those of their features were another row's, or the mean's?
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.importance.predictor import Array

__all__ = ["Floats", "Ints", "Progress", "Read", "Subject", "told_correlation"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], object]
"""Called with the steps done and the steps there are."""

Read = Callable[[Array, Ints], Array]
"""From outputs (m, ...) of some rows, and the rows' numbers, to what is kept of them."""

_STRONG = 0.7


class Subject(ABC):
    """Rows that a model has something to say on, with features that can be changed.

    Attributes:
        model_name: for messages.
        names: of the features.
        count: of the rows.
        classes: label of each column of an output (m, k), if known; of a single column the two
            that it tells apart.
        what: one row in words, "picture" or "row".
        output: what the model's numbers are in words, "probability" or "prediction".
        units: of each feature's number, "" where it has none.
        evaluated: how many rows the model was asked about so far.
    """

    model_name: str
    names: tuple[str, ...]
    count: int
    classes: tuple[Any, ...] | None
    what: str = "row"
    output: str = "output"
    units: tuple[str, ...] = ()
    evaluated: int = 0

    @abstractmethod
    def outputs(
        self,
        rows: Ints,
        absent: Sequence[int] = (),
        donors: Ints | None = None,
        read: Read | None = None,
    ) -> Array:
        """What the model says of rows some of whose features are replaced.

        Args:
            rows: numbers (m,), repeats allowed.
            absent: numbers of the features that are replaced.
            donors: the row (m,) that each takes them from; None: the mean of the data set.
            read: reduces the outputs of each part, so that all of them never stand in memory.
        """

    @abstractmethod
    def outputs_at(
        self,
        rows: Ints,
        features: Sequence[int],
        values: Sequence[float],
        *,
        relative: bool = False,
        read: Read | None = None,
    ) -> Array:
        """What the model says of rows whose `features` have these `values`.

        With `relative`, the values are added to each row's own.
        """

    @abstractmethod
    def measured(self) -> Floats:
        """The number of each feature in each row, (n, f); NaN for a feature that has none."""

    def columns(self) -> tuple[tuple[str, ...], Floats, Ints]:
        """All numbers that are known of the rows, (n, c): their names, they, whose feature's.

        A number of no feature that is explained has the owner -1.
        """
        return self.names, self.measured(), np.arange(len(self.names))

    def class_count(self) -> int | None:
        """How many classes the model can say; None if it does not tell."""
        return None if self.classes is None else len(self.classes)

    def all_rows(self) -> Ints:
        """Numbers of all rows."""
        return np.arange(self.count)

    def constant(self) -> tuple[str, ...]:
        """Names of the features whose number is the same in all rows."""
        values = self.measured()
        with np.errstate(invalid="ignore"):
            same = (values == values[:1]).all(axis=0)
        return tuple(name for name, is_same in zip(self.names, same, strict=True) if is_same)

    def numbered(self, feature: int) -> Floats:
        """The number of one feature in each row, (n,).

        Raises:
            InvalidArgument: it has none, such as a region.
        """
        values = self.measured()[:, feature]
        if np.isnan(values).any():
            raise InvalidArgument(
                f"{self.names[feature]!r} has no single number that could be set; a curve needs a "
                "feature that has, such as a column or 'brightness'"
            )
        return values


def told_correlation(subject: Subject) -> tuple[str, ...]:
    """A sentence on the strongest correlation of a feature with another, if it is at least 0.7."""
    names, values, owners = subject.columns()
    with np.errstate(invalid="ignore"):
        usable = np.flatnonzero(np.isfinite(values).all(0) & (np.ptp(values, axis=0) > 0))
    if len(usable) < 2 or len(values) < 3:
        return ()
    signed: Floats = np.atleast_2d(np.corrcoef(values[:, usable].T))
    owner = owners[usable]
    # Columns of one feature are replaced together, and two that are no feature never.
    apart = owner[:, None] != owner
    matrix = np.where(apart, np.abs(signed), 0)
    i, j = np.unravel_index(int(matrix.argmax()), matrix.shape)
    if matrix[i, j] < _STRONG:
        return ()
    first, second = sorted((int(i), int(j)))
    return (
        f"{names[usable[first]]!r} and {names[usable[second]]!r} go together (correlation "
        f"{signed[i, j]:.2f}): replacing one alone makes {subject.what}s unlike the data, and the "
        "two share what they tell",
    )
