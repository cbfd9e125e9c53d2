"""From what a caller gives to rows with named features: a table, or pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.importance.predictor import Reads
from heatlens.importance.subject import Subject
from heatlens.importance.table import FeatureTable
from heatlens.importance.tabular import TableSubject, as_table

__all__ = ["is_pictures", "subject_of"]


def subject_of(
    model: Any,
    data: Any,
    *,
    reads: Reads,
    features: Any = None,
    names: Sequence[str] | None = None,
    fit: str | None = None,
) -> Subject:
    """A model with the rows it is asked about.

    Args:
        model: an estimator or a callable on tables; or a network, where `data` are pictures.
        data: a `FeatureTable`, a frame or an array (n, f); or pictures: paths, `Image`s, arrays
            (h, w, 3), or one array (n, h, w, 3).
        reads: what is read of the model.
        features: names of columns or groups; of pictures, `Intervention`s or their names.
        names: of the columns of an array.
        fit: how a picture is brought to the network's size; see `heatlens.explain`.

    Raises:
        InvalidArgument: no rows, or names for pictures.
    """
    if not is_pictures(data):
        if fit is not None:
            raise InvalidArgument("fit= says how pictures are resized; a table has none")
        return TableSubject(model, as_table(data, names), reads=reads, features=features)
    if names is not None:
        raise InvalidArgument("names= are those of a table's columns; name pictures' features= ")
    from heatlens.importance.network import NetworkSubject

    return NetworkSubject(model, data, reads=reads, features=features, fit=fit)


def is_pictures(data: Any) -> bool:
    """Whether these are pictures and no table.

    Example:
        >>> is_pictures(np.zeros((5, 8, 8, 3), np.uint8)), is_pictures(np.zeros((5, 8)))
        (True, False)
    """
    if isinstance(data, FeatureTable) or hasattr(data, "columns"):
        return False
    if isinstance(data, str | bytes):
        raise InvalidType(
            f"data is the text {data[:60]!r}; give a list of pictures or a table of features"
        )
    shape = getattr(data, "shape", None)
    if shape is not None:
        return len(shape) >= 3
    if not isinstance(data, Sequence):
        raise InvalidType(
            f"a {type(data).__name__} is neither a table nor a list of pictures; give a "
            "FeatureTable, an array (n, features), or pictures"
        )
    if not data:
        raise InvalidArgument("there is no row: the list is empty")
    first = data[0]
    if isinstance(first, list | tuple | np.ndarray):
        return np.ndim(first) >= 2
    return not isinstance(first, int | float)
