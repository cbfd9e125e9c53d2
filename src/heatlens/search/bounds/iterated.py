"""Each mass moves to its nearest points, and to none of them more than that point holds.

    W1(a, b) >= sum_i min { sum_j c_ij f_ij :  sum_j f_ij = a_i,  0 <= f_ij <= b_j }

and the same from the other side. A plan's every arc carries at most what its end holds; that several
arcs share the end is what is left out. Each row is then a problem of its own, solved by filling the
nearest points first. It holds for any ground cost and equal totals; no relaxed bound is higher.

Assent, Wenning, Seidl: Approximation Techniques for Indexing the Earth Mover's Distance in
Multimedia Databases, ICDE 2006 (independent minimization, IM). Atasu, Mittelholzer:
Linear-Complexity Data-Parallel Earth Mover's Distance Approximations, ICML 2019 (iterative
constrained transfers, ICT; approximate, ACT, where only the few nearest points are filled).
"""

from __future__ import annotations

import numpy as np

from heatlens.search.bounds.bound import register
from heatlens.transport.ground import ground_cost
from heatlens.transport.mass import Floats

__all__ = ["iterated"]


@register("iterated", cost="n m (d + log n m)", paper="Assent 2006, Atasu 2019")
def iterated(a: Floats, x: Floats, b: Floats, y: Floats) -> float:
    """Cost of filling the nearest points of the other signature first, from the worse side.

    Example:
        >>> place = np.array([[0.0], [4.0]])
        >>> iterated(np.array([0.75, 0.25]), place, np.array([0.25, 0.75]), place)
        2.0
    """
    cost = ground_cost(x, y)
    return max(_one_sided(cost, a, b), _one_sided(cost.T, b, a))


def _one_sided(cost: Floats, a: Floats, b: Floats) -> float:
    nearest_first = np.argsort(cost, axis=1)
    room = b[nearest_first]
    filled = np.cumsum(room, axis=1) - room
    flow = np.clip(a[:, None] - filled, 0, room)
    return float((flow * np.take_along_axis(cost, nearest_first, axis=1)).sum())
