"""Chi-square distance: 1/2 sum_i (p_i - q_i)^2 / (p_i + q_i), of shares of the total."""

from __future__ import annotations

import numpy as np

from heatlens.distributions.measure import Grids, register

__all__ = ["chi_square"]


@register("chi-square", unit="1", highest=1.0)
def chi_square(grids: Grids) -> float:
    """Squared differences of shares, each against their sum; 1: nothing shared.

    Example:
        >>> a, b = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])
        >>> round(chi_square(Grids(a, b, 1.0)), 6)
        0.333333
    """
    p, q = grids.shares
    both = p + q
    return float(np.divide((p - q) ** 2, both, out=np.zeros_like(p), where=both > 0).sum() / 2)
