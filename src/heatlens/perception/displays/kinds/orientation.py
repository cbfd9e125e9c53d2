"""The odd bar is turned."""

from __future__ import annotations

import numpy as np

from heatlens.perception.displays.kind import Looks, register

__all__ = ["GREY", "orientation"]

GREY = 0.75
"""Level of bars whose colour says nothing."""


@register("orientation")
def orientation(rng: np.random.Generator, n: int, odd: int) -> Looks:
    """The odd bar is turned by 60 to 90 degrees against all others."""
    angles = np.full(n, rng.uniform(0, np.pi))
    angles[odd] += rng.choice((-1, 1)) * rng.uniform(np.pi / 3, np.pi / 2)
    return Looks(np.full((n, 3), GREY), angles, np.ones(n))
