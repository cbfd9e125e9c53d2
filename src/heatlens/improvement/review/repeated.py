"""What comes back in picture after picture: a hot place, and a hot thing.

A place. Let h_ic be the share of picture i's heat in cell c, and e_c what is expected there:
half spread evenly, half a Gaussian in the middle (deviation a quarter of each side), as people
put what they photograph into the middle. Cell c is a repeated place if

    mean_i h_ic - 3 e_c > 3 s_c / sqrt(n),   s_c the standard deviation over the n pictures.

A thing. Patches a and b around the hottest place of two pictures are compared, over small shifts, by
their concordance, summed over the colour channels:

    2 cov(a, b) / (var(a) + var(b) + (mean(a) - mean(b))^2)

which is 1 only for the same pixels, not for the same shape in another colour. Lin: A concordance
correlation coefficient to evaluate reproducibility, Biometrics 1989. A watermark, a stamp, a logo
or a ruler comes back like that, in one corner or in four; an object hardly ever does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from heatlens.improvement.review.seen import GRID, PATCH

__all__ = ["ALIKE", "FEWEST", "alike", "expected", "likeness", "repeated_places"]

FEWEST = 8
"""Pictures below which nobody can say that a place comes back."""
ALIKE = 0.85
"""Concordance from which on two patches show the same."""
COMPARED = 300
"""Other pictures that each is compared with at most, drawn by the seed."""
_TEMPLATE = 10
_FLAT = 0.02**2
_LEAST = 1e-12
_BLOCK = 32

Floats = npt.NDArray[np.float32]


def expected() -> npt.NDArray[np.float64]:
    """Share of the heat that each cell has if nothing is special, (GRID, GRID), summing to 1.

    Example:
        >>> float(expected().sum().round(6))
        1.0
    """
    side = (np.arange(GRID) + 0.5) / GRID - 0.5
    line = np.exp(-0.5 * (side / 0.25) ** 2)
    middle = np.outer(line, line)
    return 0.5 * middle / middle.sum() + 0.5 / GRID**2


def repeated_places(places: Sequence[Floats]) -> npt.NDArray[np.bool_]:
    """Cells that are hot in many pictures, (GRID, GRID); none if there are fewer than 8 pictures.

    Args:
        places: of each picture the shares of its heat, (GRID, GRID); all zero counts for nothing.
    """
    known = [place for place in places if place.any()]
    if len(known) < FEWEST:
        return np.zeros((GRID, GRID), np.bool_)
    # Sums instead of a stack: a collection may be large.
    n = len(known)
    total, square = np.zeros((2, GRID, GRID))
    for place in known:
        total += place
        square += place.astype(np.float64) ** 2
    mean = total / n
    spread = np.sqrt(np.maximum(square / n - mean**2, 0) * n / (n - 1))
    found: npt.NDArray[np.bool_] = mean - 3 * expected() > 3 * spread / np.sqrt(n)
    return found


def alike(patches: Sequence[Floats | None], seed: int = 0) -> tuple[list[int], list[int]]:
    """How many other pictures show the same where they are hottest.

    Args:
        patches: (PATCH, PATCH, 3) of each picture, or None.
        seed: of the pictures that are compared with where there are more than 300.

    Returns:
        Of each picture how many others are alike, and how many it was compared with.
    """
    there = [number for number, patch in enumerate(patches) if patch is not None]
    drawn = there
    if len(there) > COMPARED:
        chosen = np.random.default_rng(seed).choice(len(there), COMPARED, replace=False)
        drawn = [there[index] for index in sorted(chosen.tolist())]
    same, compared = [0] * len(patches), [0] * len(patches)
    if len(there) < 2:
        return same, compared
    others = np.stack([patch for number in drawn if (patch := patches[number]) is not None])
    for first in range(0, len(there), _BLOCK):
        block = there[first : first + _BLOCK]
        own = np.stack([patch for number in block if (patch := patches[number]) is not None])
        found = likeness(own, others) >= ALIKE
        for row, number in enumerate(block):
            hits = [k for k, other in enumerate(drawn) if other != number]
            same[number] = int(found[row, hits].sum())
            compared[number] = len(hits)
    return same, compared


def likeness(one: Floats, other: Floats) -> Floats:
    """Highest concordance of each pair of patches over shifts, (a, b), -1..1.

    The middle of one patch is looked for everywhere in the other. One without contrast is like
    nothing.

    Args:
        one: (a, PATCH, PATCH, 3).
        other: (b, PATCH, PATCH, 3).

    Example:
        >>> noise = np.random.default_rng(0).random((1, PATCH, PATCH, 3), np.float32)
        >>> moved = np.roll(noise, 3, axis=1)
        >>> bool(likeness(noise, moved)[0, 0] > 0.999), bool(likeness(noise, 1 - moved)[0, 0] < 0.5)
        (True, True)
    """
    edge = (PATCH - _TEMPLATE) // 2
    inside = slice(edge, edge + _TEMPLATE)
    templates, means, square = _centred(one[:, inside, inside])
    best = np.full((len(one), len(other)), -1.0, np.float32)
    for top in range(PATCH - _TEMPLATE + 1):
        for left in range(PATCH - _TEMPLATE + 1):
            window = other[:, top : top + _TEMPLATE, left : left + _TEMPLATE]
            parts, colours, squares = _centred(window)
            away = ((means[:, None] - colours) ** 2).sum(-1)
            found = 2 * (templates @ parts.T) / (square[:, None] + squares + away + _LEAST)
            found[:, squares < _FLAT] = -1
            np.maximum(best, found, out=best)
    best[square < _FLAT] = -1
    return best


def _centred(patches: Floats) -> tuple[Floats, Floats, Floats]:
    """Patches (n, h, w, 3) less the mean of each channel, flat; the means; the mean squares."""
    means = patches.mean((1, 2))
    pixels = patches.shape[1] * patches.shape[2]
    flat = (patches - means[:, None, None]).reshape(len(patches), -1) / np.sqrt(pixels)
    return flat, means, np.square(flat).sum(1)
