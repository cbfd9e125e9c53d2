"""How much each distribution counts in a mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument
from heatlens.transport.mass import Floats, checked_masses

__all__ = ["checked_shares"]


def checked_shares(weights: Any, count: int) -> Floats:
    """`weights` (count,) scaled to sum to 1; equal ones for None.

    Raises:
        InvalidArgument: not one for each distribution, negative, not finite, or all 0.

    Example:
        >>> checked_shares([1, 3], 2).tolist()
        [0.25, 0.75]
    """
    if weights is None:
        return np.full(count, 1 / count)
    shares = checked_masses(weights, "weights")
    if len(shares) != count:
        raise InvalidArgument(
            f"weights has {len(shares)} entries for {count} distributions; give one for each"
        )
    return shares / shares.sum()
