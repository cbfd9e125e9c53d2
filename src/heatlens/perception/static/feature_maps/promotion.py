"""The operator N(.): it promotes a map with one strong peak over one with many alike.

"maximum" (Itti, Koch, Niebur, PAMI 1998, section 2.2): the map is scaled to 0..1; with m the mean of
its local maxima other than the global one,

    N(M) = M (1 - m)^2

A local maximum is a connected plateau (8 neighbours) from which no way leads up, and counts once
however many pixels it has: the middle of a symmetric thing is often two or four of them. Peaks that are
apart stay rivals even where they are equal, as the corners of a thing that fills a third of the picture.

"iterative" (Itti, Koch: Computational Modelling of Visual Attention, Nature Reviews Neuroscience
2001; A Saliency-Based Search Mechanism, Vision Research 2000, section 2.3): scaled to 0..1, peaks
then compete for `ITERATIONS` rounds of local excitation and broad inhibition,

    M <- max(0, M + M * DoG - C),
    DoG = c_ex^2 G(s_ex) - c_in^2 G(s_in)

with G(s) the Gaussian density of deviation s, and the constants of the papers below.
"""

from __future__ import annotations

from typing import Literal, get_args

import numba
import numpy as np
import numpy.typing as npt

from heatlens.errors import UnknownName
from heatlens.perception.channels import blurred

__all__ = ["Normalisation", "check_normalisation", "promoted"]

Array = npt.NDArray[np.float32]
Normalisation = Literal["maximum", "iterative"]

NOTHING = 1 / 512
"""A map whose values stay below this, of a range of 1, counts as empty: half a step of 8 bits, which no
eye sees; scaled up, the rounding of a picture's file would be a landmark."""

LOWEST_PEAK = 0.3
"""Local maxima below this share of the global one count as ground, not as activity (the paper gives no
number): between items the absolute difference leaves ridges, which are not rivals."""

STEP = 1e-4
"""What lies between two places of a peak may be lower by this share of the global one: rounding."""

ITERATIONS = 10
EXCITATION, EXCITATION_SIGMA = 0.5, 0.02
INHIBITION, INHIBITION_SIGMA = 1.5, 0.25
CONSTANT = 0.02
"""The papers' numbers; sigmas in widths of the map."""


def check_normalisation(name: str) -> None:
    """Refuse a name that is none of the two.

    Raises:
        UnknownName: with the nearest ones.
    """
    if name not in get_args(Normalisation):
        raise UnknownName("normalisation", name, get_args(Normalisation))


def promoted(maps: Array, normalisation: Normalisation = "maximum") -> Array:
    """N(.) of each of (C, h, w) maps >= 0; an empty map stays empty.

    Example:
        >>> one, two = np.zeros((2, 5, 5), np.float32)
        >>> one[1, 1], two[1, 1], two[3, 3] = 1, 1, 0.5
        >>> promoted(np.stack([one, two]))[:, 1, 1].tolist()
        [1.0, 0.25]
    """
    peak = maps.max(axis=(1, 2), keepdims=True)
    unit = np.where(peak > NOTHING, maps / np.maximum(peak, NOTHING), 0).astype(np.float32)
    if normalisation == "iterative":
        return _competed(unit)
    return unit * (1 - _mean_peak(unit)[:, None, None]) ** 2


def _competed(maps: Array) -> Array:
    width = max(maps.shape[1:])
    for _ in range(ITERATIONS):
        near = EXCITATION**2 * blurred(maps, EXCITATION_SIGMA * width)
        far = INHIBITION**2 * blurred(maps, INHIBITION_SIGMA * width)
        full = maps.max(axis=(1, 2), keepdims=True) > 0
        maps = np.maximum(maps + near - far - np.float32(CONSTANT), 0) * full
    return maps


@numba.njit(cache=True, nogil=True)
def _mean_peak(maps):  # type: ignore[no-untyped-def]
    """Mean of the local maxima of each map in 0..1, the global one left out."""
    count, height, width = maps.shape
    result = np.zeros(count, np.float32)
    flooded = np.empty((height, width), np.int64)
    stack = np.empty(height * width, np.int64)
    for channel in range(count):
        values = maps[channel]
        flooded[:] = -1
        total, peaks, highest = 0.0, 0, np.float32(0)
        for i in range(height):
            for j in range(width):
                value = values[i, j]
                if value < LOWEST_PEAK or not _rises_nowhere(values, i, j):
                    continue
                if _is_peak(values, i, j, flooded, stack):
                    total += value
                    peaks += 1
                    highest = max(highest, value)
        if peaks > 1:
            result[channel] = (total - highest) / (peaks - 1)
    return result


@numba.njit(cache=True, nogil=True)
def _rises_nowhere(values, i, j):  # type: ignore[no-untyped-def]
    """Whether no neighbour (of 8) is higher."""
    height, width = values.shape
    for y in range(max(i - 1, 0), min(i + 2, height)):
        for x in range(max(j - 1, 0), min(j + 2, width)):
            if values[y, x] > values[i, j]:
                return False
    return True


@numba.njit(cache=True, nogil=True)
def _is_peak(values, i, j, flooded, stack):  # type: ignore[no-untyped-def]
    """Whether no way leads up from here without going down by `STEP` first, and none did before."""
    height, width = values.shape
    here, value = i * width + j, values[i, j]
    flooded[i, j] = here
    stack[0], top = here, 1
    while top > 0:
        top -= 1
        row, column = divmod(stack[top], width)
        for y in range(max(row - 1, 0), min(row + 2, height)):
            for x in range(max(column - 1, 0), min(column + 2, width)):
                other = values[y, x]
                if flooded[y, x] == here or other < value - STEP:
                    continue
                # Of equal ones, the first in reading order stands for all.
                if other > value or (other == value and y * width + x < here):
                    return False
                flooded[y, x] = here
                stack[top] = y * width + x
                top += 1
    return True
