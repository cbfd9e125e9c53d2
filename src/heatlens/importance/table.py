"""A table of named features: one row for each picture, one column for each feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.frozen import frozen
from heatlens.importance.annotations import annotation_columns

__all__ = ["FeatureTable"]

_SHOWN = 8

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Numbers that people have names for.

    Attributes:
        values: (n, f) float64, finite, read-only.
        names: f names, each once.
        groups: f names of the groups that the columns belong to ("brightness"); by default every
            column is a group of its own.
        rows: n names of the pictures; empty where nobody gave any.
        skipped: (picture, reason) of those that have no row.

    Raises:
        InvalidArgument: no rows, no columns, NaN, a name that comes twice, counts that do not fit.

    Example:
        >>> table = FeatureTable(np.array([[0.2, 5.0], [0.4, 9.0]]), ("brightness", "chroma"))
        >>> table.column("chroma").tolist()
        [5.0, 9.0]
        >>> table.column("brightnes")
        Traceback (most recent call last):
        heatlens.errors.UnknownName: unknown feature 'brightnes'; did you mean 'brightness'?
    """

    values: Floats
    names: tuple[str, ...]
    groups: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check that every number has a name and is one."""
        values = _numbers(self.values)
        names = _texts(self.names, "names")
        groups = _texts(self.groups, "groups") or names
        rows = _texts(self.rows, "rows")
        for what, given, wanted in (
            ("names", len(names), values.shape[1]),
            ("groups", len(groups), values.shape[1]),
            ("rows", len(rows) or len(values), len(values)),
        ):
            if given != wanted:
                raise InvalidArgument(
                    f"{given} {what} for values of shape {values.shape}; expected {wanted}"
                )
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise InvalidArgument(
                f"{len(twice)} feature names come more than once, first {twice[0]!r}; each names "
                "one column"
            )
        _check_finite(values, names)
        for name, value in (
            ("values", frozen(values)),
            ("names", names),
            ("groups", groups),
            ("rows", rows),
            ("skipped", tuple(self.skipped)),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.values)

    def index(self, name: str) -> int:
        """Number of the column called `name`.

        Raises:
            UnknownName: with the nearest names.
        """
        if name not in self.names:
            raise UnknownName("feature", str(name), self.names)
        return self.names.index(name)

    def column(self, name: str) -> Floats:
        """Values (n,) of the feature called `name`."""
        return self.values[:, self.index(name)]

    def take(self, rows: npt.ArrayLike) -> FeatureTable:
        """The table of some rows, given by number (repeats allowed) or as a mask (n,)."""
        chosen = np.asarray(rows)
        if chosen.size == 0:
            raise InvalidArgument("no row was chosen; a table has at least one")
        if chosen.dtype == np.bool_:
            if chosen.shape != (len(self),):
                raise InvalidArgument(f"a mask of shape {chosen.shape} for {len(self)} rows")
            chosen = np.flatnonzero(chosen)
            if not len(chosen):
                raise InvalidArgument("the mask chooses no row; a table has at least one")
        if chosen.ndim != 1 or not np.issubdtype(chosen.dtype, np.integer):
            raise InvalidType(
                f"rows are numbers (m,) or a mask (n,), got {chosen.dtype} {chosen.shape}"
            )
        if chosen.min() < -len(self) or chosen.max() >= len(self):
            raise InvalidArgument(f"rows run from 0 to {len(self) - 1}, got {chosen.max()}")
        rows_ = tuple(self.rows[i] for i in chosen) if self.rows else ()
        return FeatureTable(self.values[chosen], self.names, self.groups, rows_, self.skipped)

    def select(self, names: Iterable[str]) -> FeatureTable:
        """The table of some columns, named by feature or by group, in the table's order.

        Example:
            >>> FeatureTable(np.ones((1, 3)), ("a", "b", "c"), ("x", "y", "y")).select(["y"]).names
            ('b', 'c')
        """
        wanted = [names] if isinstance(names, str) else list(names)
        for name in wanted:
            if name not in self.names and name not in self.groups:
                raise UnknownName(
                    "feature or group", str(name), dict.fromkeys((*self.names, *self.groups))
                )
        return self._columns(
            [i for i, n in enumerate(self.names) if n in wanted or self.groups[i] in wanted]
        )

    def without(self, names: Iterable[str]) -> FeatureTable:
        """The table without some columns, named by feature or by group."""
        left = set(self.names) - set(self.select(names).names)
        return self._columns([i for i, n in enumerate(self.names) if n in left])

    def with_columns(self, columns: Mapping[str, Any]) -> FeatureTable:
        """The table with what else is known of the pictures.

        Args:
            columns: of each name n values. Floats are taken as they are. Booleans become 0 and 1.
                Text, whole numbers and None are categories: one column for each, "label = 3",
                0 or 1. Give an amount that is counted in whole numbers as floats.

        Raises:
            InvalidArgument: not n values, NaN, a name that is there already, or more categories
                than `heatlens.importance.annotations.MOST_CATEGORIES`.

        Example:
            >>> table = FeatureTable(np.array([[0.2], [0.4]]), ("brightness",))
            >>> table.with_columns({"mark": ["star", None]}).names
            ('brightness', 'mark = none', 'mark = star')
        """
        blocks, names, groups = [self.values], list(self.names), list(self.groups)
        hint = "; some pictures were skipped, see table.skipped" if self.skipped else ""
        for name, given in columns.items():
            values, made = annotation_columns(str(name), given, len(self), hint)
            blocks.append(values)
            names += made
            groups += [str(name)] * len(made)
        return FeatureTable(
            np.concatenate(blocks, axis=1), tuple(names), tuple(groups), self.rows, self.skipped
        )

    def joined(self, other: FeatureTable) -> FeatureTable:
        """The columns of both tables, whose rows are the same pictures in the same order."""
        if not isinstance(other, FeatureTable):
            raise InvalidType(f"a {type(other).__name__} is no FeatureTable; see with_columns")
        if len(other) != len(self):
            raise InvalidArgument(
                f"{len(self)} rows cannot be joined with {len(other)}; both tables have one row "
                "for each picture"
            )
        if self.rows and other.rows and self.rows != other.rows:
            pairs = enumerate(zip(self.rows, other.rows, strict=True))
            first = next(i for i, (mine, other_name) in pairs if mine != other_name)
            raise InvalidArgument(
                f"row {first} is {self.rows[first]!r} in one table and {other.rows[first]!r} in "
                "the other; both have the same pictures in the same order"
            )
        return FeatureTable(
            np.concatenate([self.values, other.values], axis=1),
            self.names + other.names,
            self.groups + other.groups,
            self.rows or other.rows,
            tuple(dict.fromkeys(self.skipped + other.skipped)),
        )

    def constant(self) -> tuple[str, ...]:
        """Names of the features that are the same in every row."""
        same = (self.values == self.values[:1]).all(axis=0)
        return tuple(name for name, is_same in zip(self.names, same, strict=True) if is_same)

    def _columns(self, chosen: Sequence[int]) -> FeatureTable:
        if not chosen:
            raise InvalidArgument("no column is left; a table has at least one")
        return FeatureTable(
            self.values[:, list(chosen)],
            tuple(self.names[i] for i in chosen),
            tuple(self.groups[i] for i in chosen),
            self.rows,
            self.skipped,
        )

    def __repr__(self) -> str:
        """Size, and the range of the first columns."""
        lines = [
            f"FeatureTable({len(self)} x {len(self.names)}"
            + (f", {len(self.skipped)} skipped)" if self.skipped else ")")
        ]
        wide = max(len(name) for name in self.names[:_SHOWN])
        for i, name in enumerate(self.names[:_SHOWN]):
            column = self.values[:, i]
            lines.append(f"  {name:<{wide}}  {column.min():.4g} .. {column.max():.4g}")
        if len(self.names) > _SHOWN:
            lines.append(f"  ... and {len(self.names) - _SHOWN} more")
        return "\n".join(lines)


def _numbers(given: Any) -> Floats:
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidType(f"the values of a feature table are numbers (n, f): {error}") from error
    if values.ndim != 2:
        raise InvalidArgument(
            f"values of shape {values.shape}; a feature table is (n, f), one row for each picture"
        )
    if 0 in values.shape:
        raise InvalidArgument(
            f"values of shape {values.shape}: a feature table has at least one row and one column"
        )
    return values


def _texts(given: Any, what: str) -> tuple[str, ...]:
    if isinstance(given, str):
        raise InvalidType(f"{what} is the text {given!r}; expected one text for each")
    found = tuple(given)
    for name in found:
        if not isinstance(name, str):
            raise InvalidType(f"{what} are texts, got {name!r}")
        if not name.strip():
            raise InvalidArgument(f"{what} holds an empty text; each needs a name")
    return found


def _check_finite(values: Floats, names: tuple[str, ...]) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise InvalidArgument(
            f"{int(bad.sum())} values are NaN or infinite, first that of {names[column]!r} in row "
            f"{row}; leave such rows out, or fill them"
        )
