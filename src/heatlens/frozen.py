"""Arrays that nobody can change any more."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["frozen"]


def frozen(array: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """A read-only array of these values: shared where nobody can write to them, else a copy.

    Example:
        >>> values = np.zeros(2)
        >>> kept = frozen(values)
        >>> values[0] = 1
        >>> float(kept[0]), np.shares_memory(kept, frozen(kept))
        (0.0, True)
    """
    result = np.asarray(array, dtype=dtype)
    converted = isinstance(array, np.ndarray) and array.dtype != result.dtype  # made just now
    if not converted and _changeable(result):
        result = result.copy()
    result.flags.writeable = False
    return result.view()  # whose flag, unlike an owner's, cannot be set back


def _changeable(array: npt.NDArray[Any]) -> bool:
    """Whether the memory can be written to through this array or one that it is a view of."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return True
        owner = owner.base
    try:
        return owner is not None and not memoryview(owner).readonly
    except TypeError:  # the memory of a tensor, say
        return True
