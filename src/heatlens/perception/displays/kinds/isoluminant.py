"""The odd bar has another hue at exactly the same brightness: grey pictures do not show it."""

from __future__ import annotations

import numpy as np

from heatlens.perception.displays.kind import Looks, coloured, register

__all__ = ["isoluminant"]

_CHROMA, _LUMA = 0.3, 0.5


@register("isoluminant")
def isoluminant(rng: np.random.Generator, n: int, odd: int) -> Looks:
    """The odd bar has another hue of the same BT.601 luma; who looks at grey cannot find it."""
    hues = np.full(n, rng.uniform(0, 2 * np.pi))
    hues[odd] += rng.choice((-1, 1)) * rng.uniform(np.pi / 2, np.pi)
    angles = np.full(n, rng.uniform(0, np.pi))
    return Looks(coloured(hues, _LUMA, _CHROMA), angles, np.ones(n))
