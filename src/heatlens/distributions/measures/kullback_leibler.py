"""Kullback-Leibler divergence: sum_i p_i ln(p_i / q_i), of shares of the total.

Kullback, Leibler: On information and sufficiency, Annals of Mathematical Statistics 22(1), 1951.
"""

from __future__ import annotations

from heatlens.distributions.measure import Grids, register

__all__ = ["kullback_leibler"]


@register("kl", unit="nats")
def kullback_leibler(grids: Grids) -> float:
    """Surprise at the first by one who expects the second; infinite where it expects nothing.

    Nothing is smoothed: where the first has mass and the second has none the value is infinite.
    It is not symmetric, and no distance.

    Example:
        >>> import numpy as np
        >>> a, b = np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]])
        >>> kullback_leibler(Grids(a, b, 1.0)), round(kullback_leibler(Grids(b, a, 1.0)), 6)
        (inf, 0.693147)
    """
    from scipy.special import rel_entr

    p, q = grids.shares
    return max(0.0, float(rel_entr(p, q).sum()))
