"""The odd bar is larger."""

from __future__ import annotations

import numpy as np

from heatlens.perception.displays.kind import Looks, register
from heatlens.perception.displays.kinds.orientation import GREY

__all__ = ["size"]

_LARGER = 1.7


@register("size")
def size(rng: np.random.Generator, n: int, odd: int) -> Looks:
    """The odd bar is 1.7 times as long and as wide."""
    angles = np.full(n, rng.uniform(0, np.pi))
    scales = np.ones(n)
    scales[odd] = _LARGER
    return Looks(np.full((n, 3), GREY), angles, scales)
