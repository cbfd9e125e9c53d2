"""The odd bar has another colour, and another brightness with it, as colours on a screen do."""

from __future__ import annotations

import numpy as np

from heatlens.perception.displays.kind import Looks, coloured, register

__all__ = ["colour"]

_CHROMA = 0.3
_LUMA, _DARKER = 0.5, 0.08


@register("colour")
def colour(rng: np.random.Generator, n: int, odd: int) -> Looks:
    """The odd bar has another hue, at least a quarter of the circle away, and is brighter or darker."""
    base = rng.uniform(0, 2 * np.pi)
    hues = np.full(n, base)
    hues[odd] += rng.choice((-1, 1)) * rng.uniform(np.pi / 2, np.pi)
    luma = np.full(n, _LUMA)
    luma[odd] += rng.choice((-1, 1)) * _DARKER
    angles = np.full(n, rng.uniform(0, np.pi))
    return Looks(coloured(hues, luma, _CHROMA), angles, np.ones(n))
