"""Each mass moves to the nearest point of the other side, however full that is.

    W1(a, b) >= max( sum_i a_i min_j c_ij ,  sum_j b_j min_i c_ij )

Each side is the transport problem without the other side's constraints, so its cost is no higher.
It holds for any ground cost, and equal totals are needed for both sides.

Kusner, Sun, Kolkin, Weinberger: From Word Embeddings to Document Distances, ICML 2015 (the relaxed
word mover's distance, RWMD).
"""

from __future__ import annotations

from heatlens.search.bounds.bound import register
from heatlens.transport.ground import ground_cost
from heatlens.transport.mass import Floats

__all__ = ["relaxed"]


@register("relaxed", cost="n m d", paper="Kusner 2015")
def relaxed(a: Floats, x: Floats, b: Floats, y: Floats) -> float:
    """Mean distance to the nearest point of the other signature, from the worse side.

    Points without mass attract nothing. It is 0 where both have the same points, whatever their
    masses.

    Example:
        >>> import numpy as np
        >>> place = np.array([[0.0], [4.0]])
        >>> relaxed(np.array([0.5, 0.5]), place, np.ones(1), np.zeros((1, 1)))
        2.0
    """
    a, x, b, y = a[a > 0], x[a > 0], b[b > 0], y[b > 0]
    cost = ground_cost(x, y)
    return float(max(a @ cost.min(axis=1), b @ cost.min(axis=0)))
