"""Tables as a subject: a feature is a column, or a group of columns that are replaced together."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.importance.predictor import Array, Reads, checked, predictor_of
from heatlens.importance.subject import Floats, Ints, Read, Subject
from heatlens.importance.table import FeatureTable

__all__ = ["TableSubject", "as_table"]

_NUMBERS = 1 << 21
"""Numbers of changed rows that go through the model together: 16 MB."""


class TableSubject(Subject):
    """A model on the rows of a table."""

    def __init__(
        self,
        model: Any,
        table: FeatureTable,
        *,
        reads: Reads,
        features: Sequence[str] | str | None = None,
    ) -> None:
        """Find the columns of each feature.

        Args:
            model: see `predictor_of`.
            table: the rows.
            reads: what is read of the model.
            features: names of columns or groups (all columns of a group are one feature); None is
                every column.

        Raises:
            UnknownName: no such column or group.
        """
        self._predictor = predictor_of(model, reads, table.names)
        self.model_name, self.classes = self._predictor.name, self._predictor.classes
        self.output = self._predictor.output
        self._values, self._titles, self.count = table.values, table.names, len(table)
        chosen = _columns(table, features)
        self.names, self._columns = tuple(chosen), tuple(chosen.values())
        self.units = ("",) * len(self.names)
        self._mean = table.values.mean(0)

    def outputs(
        self,
        rows: Ints,
        absent: Sequence[int] = (),
        donors: Ints | None = None,
        read: Read | None = None,
    ) -> Array:
        """See `Subject.outputs`."""
        columns = [column for feature in absent for column in self._columns[feature]]

        def change(part: slice, made: Floats) -> None:
            if columns:
                given = self._mean if donors is None else self._values[donors[part]]
                made[:, columns] = given[..., columns]

        return self._said(rows, change, read)

    def outputs_at(
        self,
        rows: Ints,
        features: Sequence[int],
        values: Sequence[float],
        *,
        relative: bool = False,
        read: Read | None = None,
    ) -> Array:
        """See `Subject.outputs_at`."""

        def change(part: slice, made: Floats) -> None:
            for feature, value in zip(features, values, strict=True):
                (column,) = self._columns[feature]
                made[:, column] = value + (made[:, column] if relative else 0)

        return self._said(rows, change, read)

    def measured(self) -> Floats:
        """See `Subject.measured`; a group of several columns has no number."""
        found = np.full((self.count, len(self.names)), np.nan)
        for feature, columns in enumerate(self._columns):
            if len(columns) == 1:
                found[:, feature] = self._values[:, columns[0]]
        return found

    def columns(self) -> tuple[tuple[str, ...], Floats, Ints]:
        """See `Subject.columns`."""
        owners = np.full(len(self._titles), -1)
        for feature, columns in enumerate(self._columns):
            owners[list(columns)] = feature
        return self._titles, self._values, owners

    def constant(self) -> tuple[str, ...]:
        """Names of the features all of whose columns are the same in all rows."""
        same = (self._values == self._values[:1]).all(axis=0)
        return tuple(
            name
            for name, columns in zip(self.names, self._columns, strict=True)
            if same[list(columns)].all()
        )

    def class_count(self) -> int | None:
        """See `Subject.class_count`; of a function, the columns that it gives a row."""
        asked = self._predictor.asked
        if self.classes is not None or asked is None:
            return super().class_count()
        said = checked(asked(self._values[:1].copy()), 1, self.model_name)
        return said.shape[1] if said.ndim == 2 else None

    def whole(self) -> TableSubject:
        """The same with all columns that no feature has as one more feature."""
        taken = {column for columns in self._columns for column in columns}
        rest = tuple(k for k in range(self._values.shape[1]) if k not in taken)
        if not rest:
            return self
        made = copy.copy(self)
        made.names, made._columns = (*self.names, "all other columns"), (*self._columns, rest)
        made.units = (*self.units, "")
        return made

    def _said(self, rows: Ints, change: Any, read: Read | None) -> Array:
        size = max(1, _NUMBERS // self._values.shape[1])
        found = []
        for first in range(0, len(rows), size):
            part = slice(first, first + size)
            made = self._values[rows[part]]
            change(part, made)
            output = checked(self._predictor.predict(made), len(made), self.model_name)
            self.evaluated += len(made)
            found.append(output if read is None else read(output, rows[part]))
        return np.concatenate(found)


def as_table(data: Any, names: Sequence[str] | None = None) -> FeatureTable:
    """A table, a frame, or an array with names, as a `FeatureTable`.

    Args:
        data: a `FeatureTable`, a pandas or polars frame, or an array (n, f).
        names: of an array's columns; "feature 0", ... where nobody names them.

    Example:
        >>> as_table([[1.0, 2.0]]).names
        ('feature 0', 'feature 1')
    """
    if isinstance(data, FeatureTable):
        if names is not None and tuple(names) != data.names:
            raise InvalidArgument("the table has names of its own; leave names= out")
        return data
    columns = getattr(data, "columns", None)
    if columns is not None and hasattr(data, "to_numpy"):
        return FeatureTable(data.to_numpy(), tuple(str(one) for one in columns))
    if isinstance(data, str) or not hasattr(data, "__len__"):
        raise InvalidType(
            f"a {type(data).__name__} is no table; give a FeatureTable, a frame, or an array (n, f)"
        )
    values = np.asarray(data.detach().cpu() if hasattr(data, "detach") else data)
    if names is None and values.ndim == 2:
        names = [f"feature {k}" for k in range(values.shape[1])]
    return FeatureTable(values, tuple(names or ()))


def _columns(
    table: FeatureTable, features: Sequence[str] | str | None
) -> dict[str, tuple[int, ...]]:
    if features is None:
        return {name: (column,) for column, name in enumerate(table.names)}
    wanted = [features] if isinstance(features, str) else list(features)
    if not wanted:
        raise InvalidArgument("no feature was named; leave features= out for all of them")
    twice = [name for name, count in Counter(wanted).items() if count > 1]
    if twice:
        raise InvalidArgument(f"{twice[0]!r} is named more than once")
    found: dict[str, tuple[int, ...]] = {}
    for name in wanted:
        if name in table.names:
            found[name] = (table.index(name),)
        elif name in table.groups:
            found[name] = tuple(k for k, group in enumerate(table.groups) if group == name)
        else:
            raise UnknownName("feature", str(name), dict.fromkeys((*table.names, *table.groups)))
    return found
