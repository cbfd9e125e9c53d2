"""What people know of their pictures (labels, cameras, marks), as columns of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument

__all__ = ["MOST_CATEGORIES", "annotation_columns"]

MOST_CATEGORIES = 50
"""Categories that one annotation may have; more are taken for a mistake."""

Floats = npt.NDArray[np.float64]


def annotation_columns(
    name: str, given: Any, count: int, hint: str = ""
) -> tuple[Floats, list[str]]:
    """Columns (n, k) of an annotation, and their k names.

    Args:
        name: of the annotation.
        given: n values. Floats stay as they are and booleans become 0 and 1, one column; text,
            whole numbers and None are categories, one column of 0 and 1 for each.
        count: n.
        hint: ends the message where the count is another.

    Raises:
        InvalidArgument: not n values, or more than `MOST_CATEGORIES` categories.

    Example:
        >>> annotation_columns("digit", [3, 1], 2)
        (array([[0., 1.],
                [1., 0.]]), ['digit = 1', 'digit = 3'])
    """
    values = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if values.shape != (count,):
        raise InvalidArgument(
            f"{name!r} has shape {values.shape}; expected one value for each of {count} rows{hint}"
        )
    if values.dtype == np.bool_ or np.issubdtype(values.dtype, np.floating):
        return values.astype(np.float64)[:, None], [name]
    words = np.array(["none" if value is None else str(value) for value in values.tolist()])
    whole = np.issubdtype(values.dtype, np.integer)
    kinds = [str(kind) for kind in np.unique(values)] if whole else sorted(set(words.tolist()))
    if len(kinds) > MOST_CATEGORIES:
        raise InvalidArgument(
            f"{name!r} has {len(kinds)} categories, at most {MOST_CATEGORIES} make sense; give "
            "amounts as floats"
        )
    columns = np.stack([words == kind for kind in kinds], axis=1).astype(np.float64)
    return columns, [f"{name} = {kind}" for kind in kinds]
