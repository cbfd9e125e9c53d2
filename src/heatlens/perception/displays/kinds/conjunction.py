"""The hard control: the odd bar shares its colour with half of the others, its turn with the rest."""

from __future__ import annotations

import numpy as np

from heatlens.perception.displays.kind import Looks, coloured, register

__all__ = ["conjunction"]

_CHROMA, _LUMA = 0.3, 0.5


@register("conjunction", popout=False)
def conjunction(rng: np.random.Generator, n: int, odd: int) -> Looks:
    """Only colour and orientation together tell the odd bar; people search for it item by item."""
    base, turn = rng.uniform(0, 2 * np.pi), rng.uniform(0, np.pi)
    first = np.zeros(n, np.bool_)
    first[rng.permutation(n)[: n // 2]] = True
    hues = np.where(first, base, base + np.pi)
    angles = np.where(first, turn, turn + np.pi / 2)
    # One of the second kind takes the first kind's colour, or the other way round.
    hues[odd] += np.pi
    return Looks(coloured(hues, _LUMA, _CHROMA), angles, np.ones(n))
