"""The odd bar moves against all others; any one frame does not show it."""

from __future__ import annotations

import numpy as np

from heatlens.perception.displays.kind import Looks, register
from heatlens.perception.displays.kinds.orientation import GREY

__all__ = ["motion"]

_SPEED = 0.06
"""Items' lengths per frame: slow enough that bars half a cell apart do not meet within a dozen."""


@register("motion", moving=True)
def motion(rng: np.random.Generator, n: int, odd: int) -> Looks:
    """All bars drift one way, the odd one the opposite way at the same speed; angles are random."""
    direction = rng.uniform(0, 2 * np.pi)
    velocities = np.tile(_SPEED * np.array([np.sin(direction), np.cos(direction)]), (n, 1))
    velocities[odd] *= -1
    return Looks(np.full((n, 3), GREY), rng.uniform(0, np.pi, n), np.ones(n), velocities)
