"""Cosine distance: 1 - a.b / (|a| |b|)."""

from __future__ import annotations

import numpy as np

from heatlens.distributions.measure import Grids, register
from heatlens.errors import InvalidArgument

__all__ = ["cosine"]


@register("cosine", unit="1", highest=2.0)
def cosine(grids: Grids) -> float:
    """One minus the cosine of the angle between both; amounts do not count.

    Example:
        >>> cosine(Grids(np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]]), 1.0))
        1.0
    """
    units = []
    for name, values in (("first", grids.a), ("second", grids.b)):
        largest = np.abs(values).max()
        if largest == 0:
            raise InvalidArgument(f"the {name} one is 0 everywhere: it has no direction")
        scaled = values / largest
        units.append(scaled / np.linalg.norm(scaled))
    # Half the squared chord: exact near 0, where 1 - cosine would cancel.
    return float(((units[0] - units[1]) ** 2).sum() / 2)
