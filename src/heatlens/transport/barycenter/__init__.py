"""The mean of distributions in the sense of transport, on a grid and of free points.

    bar = argmin_m sum_k w_k W_2^2(m, mu_k)

Where the mean of the values puts two faint copies, this mean puts one in between.
"""

from __future__ import annotations

from heatlens.transport.barycenter.grid import GridBarycenter, barycenter_grid
from heatlens.transport.barycenter.points import PointsBarycenter, barycenter_points

__all__ = ["GridBarycenter", "PointsBarycenter", "barycenter_grid", "barycenter_points"]
