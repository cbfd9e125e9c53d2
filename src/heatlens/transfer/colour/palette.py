"""Palettes: the colours of a picture as a few masses in CIELAB, and plans between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.distributions.kmeans import kmeans
from heatlens.transfer.colour.strips import in_strips
from heatlens.transport import emd
from heatlens.transport.mass import Floats

__all__ = ["Palette", "carried", "distance", "nearest", "on_cells", "palette_of", "planned_shifts"]

_NEGLIGIBLE = 16.0
"""exp(-16) is 1e-7 of the nearest colour's weight."""

_MOST = 8192
"""Colours that the clusters are sought among; all that are given are counted."""


@dataclass(frozen=True, eq=False)
class Palette:
    """Masses (k,) that sum to 1, at colours (k, 3) in CIELAB, counted in the cells of centres."""

    masses: Floats
    colours: Floats
    centres: Floats


def palette_of(colours: Floats, k: int, seed: int) -> Palette:
    """At most k clusters of the colours (m, 3), by k-means."""
    step = max(1, len(colours) // _MOST)
    centres, _, _ = kmeans(colours[::step], k, seed=seed, iterations=20)
    return on_cells(colours, centres)


def on_cells(colours: Floats, centres: Floats) -> Palette:
    """The colours (m, 3) counted in the cells of the given centres (k, 3); empty cells are left out.

    The colour of a cell is the mean of what fell into it, so that a shift within a cell shows.
    """
    cell = nearest(colours, centres)
    counts = np.bincount(cell, minlength=len(centres))
    full = counts > 0
    sums = [np.bincount(cell, colours[:, c], len(centres))[full] for c in range(3)]
    counts = counts[full]
    return Palette(counts / len(colours), np.stack(sums, axis=1) / counts[:, None], centres)


def distance(a: Palette, b: Palette) -> float:
    """W1 between two palettes, exact, in CIELAB units."""
    return emd(a.masses, b.masses, x=a.colours, y=b.colours, mass="normalise").value


def planned_shifts(a: Palette, b: Palette) -> Floats:
    """Where the exact plan (squared distance) carries each colour of `a` on average, (k, 3)."""
    plan = emd(a.masses, b.masses, x=a.colours, y=b.colours, p=2, mass="normalise").plan
    shifts: Floats = (plan.tocsr() @ b.colours) / a.masses[:, None] - a.colours
    return shifts


def carried(colours: Floats, palette: Palette, shifts: Floats, width: float) -> Floats:
    """Shifts (m, 3) of any colours: those of the palette, mixed by Gaussians of a width.

    shift(c) = sum_i m_i exp(-|c - x_i|^2 / (2 width^2)) s_i / sum_i (the same without s_i)
    """
    centres = np.ascontiguousarray(palette.colours.T)
    return in_strips(_mixed, colours, centres, palette.masses, shifts, 1 / (2 * width**2))


def nearest(colours: Floats, centres: Floats) -> npt.NDArray[np.int64]:
    """The number of the centre (k, 3) nearest to each colour (m, 3)."""
    return in_strips(_cells, colours, np.ascontiguousarray(centres.T))


@njit(nogil=True, cache=True, fastmath=True)
def _cells(
    colours: npt.NDArray[np.float64], centres: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    count = centres.shape[1]
    result = np.empty(colours.shape[0], np.int64)
    squared = np.empty(count)
    for m in range(colours.shape[0]):
        _squared(colours[m, 0], colours[m, 1], colours[m, 2], centres, squared)
        best, chosen = squared[0], 0
        for j in range(1, count):
            if squared[j] < best:
                best, chosen = squared[j], j
        result[m] = chosen
    return result


@njit(nogil=True, cache=True, fastmath=True)
def _mixed(
    colours: npt.NDArray[np.float64],
    centres: npt.NDArray[np.float64],
    masses: npt.NDArray[np.float64],
    shifts: npt.NDArray[np.float64],
    steepness: float,
) -> npt.NDArray[np.float64]:
    count = centres.shape[1]
    result = np.zeros(colours.shape)
    squared = np.empty(count)
    for m in range(colours.shape[0]):
        _squared(colours[m, 0], colours[m, 1], colours[m, 2], centres, squared)
        nearest = squared[0]
        for j in range(1, count):
            nearest = min(nearest, squared[j])
        reach = nearest + _NEGLIGIBLE / steepness
        total, u, v, w = 0.0, 0.0, 0.0, 0.0
        for j in range(count):
            if squared[j] < reach:
                weight = masses[j] * math.exp((nearest - squared[j]) * steepness)
                total += weight
                u += weight * shifts[j, 0]
                v += weight * shifts[j, 1]
                w += weight * shifts[j, 2]
        result[m, 0], result[m, 1], result[m, 2] = u / total, v / total, w / total
    return result


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def _squared(p: float, q: float, r: float, centres: Any, squared: Any) -> None:
    for j in range(centres.shape[1]):
        squared[j] = (
            (p - centres[0, j]) * (p - centres[0, j])
            + (q - centres[1, j]) * (q - centres[1, j])
            + (r - centres[2, j]) * (r - centres[2, j])
        )
