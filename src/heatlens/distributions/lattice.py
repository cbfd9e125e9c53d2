"""The pixels of a picture, gathered on a fine lattice of colours, place by place.

A photograph of twelve million pixels has a few thousand colours that differ visibly. One pass sums
the pixels of each cell of the lattice; the mean colour and place of a cell are exact, and k-means
then works on the cells. Picture and lattice are walked tile by tile, so that place can be kept too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.distributions.pictures import coloured, opacity
from heatlens.image import Image
from heatlens.render.cielab import from_srgb

__all__ = ["Gathered", "gathered", "sampled_colours"]

Floats = npt.NDArray[np.float64]

_MOST_CELLS = 250_000


@dataclass(frozen=True, eq=False)
class Gathered:
    """Occupied cells of the lattice.

    Attributes:
        weights: (m,), number of pixels, each counted as much as it is opaque.
        rgb: (m, 3), mean colour in 0..1.
        lab: (m, 3), the same in CIELAB.
        places: (m, 2), mean (y, x) in pixels, centres at i + 0.5.
        bits: bits per channel of the lattice.
    """

    weights: Floats
    rgb: Floats
    lab: Floats
    places: Floats
    bits: int


def gathered(image: Image, bits: int, tiles: int = 1) -> Gathered:
    """Gather a picture's pixels on a lattice of 2^bits colours per channel.

    Args:
        image: a flat picture, grey or colour; values beyond its range count as its ends.
        bits: 1 to 7. A bit is given up where more than 250,000 cells would be occupied.
        tiles: along the longer side; 1 gathers by colour alone.
    """
    pixels = coloured(image)
    height, width = image.size
    side = max(1.0, max(height, width) / tiles)
    edges = [
        np.linspace(0, n, max(1, round(n / side)) + 1).round().astype(np.int64)
        for n in (height, width)
    ]
    seen = opacity(image)
    low, high = image.value_range
    table = np.empty((0, 6))
    for depth in range(bits, 0, -1):
        table = _table(
            pixels,
            low,
            1 / (high - low),
            np.empty((0, 0)) if seen is None else seen,
            depth,
            *edges,
            _MOST_CELLS if depth > 1 else height * width,
        )
        if len(table):
            break
    weights = np.ascontiguousarray(table[:, 0])
    means = table[:, 1:] / weights[:, None]
    rgb = np.clip(means[:, :3], 0, 1)
    return Gathered(weights, rgb, from_srgb(rgb), np.ascontiguousarray(means[:, 3:]), depth)


def sampled_colours(image: Image, most: int = 10_000) -> tuple[Floats, Floats, Floats]:
    """Weights, CIELAB colours and places of evenly spaced pixels, at most so many."""
    height, width = image.size
    step = max(1, int(np.ceil(np.sqrt(height * width / most))))
    rows, columns = (np.arange(min(step // 2, n - 1), n, step) for n in (height, width))
    pick = np.ix_(rows, columns)
    low, high = image.value_range
    unit = (coloured(image)[pick].astype(np.float64) - low) / (high - low)
    seen = opacity(image)
    weights = np.ones(unit.shape[:2]) if seen is None else seen[pick]
    places = np.stack(np.meshgrid(rows + 0.5, columns + 0.5, indexing="ij"), axis=-1)
    lab = from_srgb(np.clip(unit, 0, 1))
    return weights.ravel(), lab.reshape(-1, 3), places.reshape(-1, 2)


@njit(cache=True, nogil=True)
def _table(pixels, low, scale, seen, bits, rows, columns, most):  # type: ignore[no-untyped-def]
    """Sums (m, 6) of weight, R, G, B, y, x of the occupied cells; (0, 6) if more than `most`."""
    levels = 1 << bits
    cell = np.zeros((levels**3, 6))
    touched = np.empty(levels**3, np.int64)
    result = np.empty((4096, 6))
    count = 0
    colour = np.empty(3)
    for tile in range((len(rows) - 1) * (len(columns) - 1)):
        r, c = divmod(tile, len(columns) - 1)
        used = 0
        for y in range(rows[r], rows[r + 1]):
            for x in range(columns[c], columns[c + 1]):
                w = 1.0 if seen.size == 0 else seen[y, x]
                if w <= 0:
                    continue
                index = 0
                for channel in range(3):
                    u = min(max((pixels[y, x, channel] - low) * scale, 0.0), 1.0)
                    colour[channel] = u
                    index = index * levels + min(int(u * levels), levels - 1)
                if cell[index, 0] == 0:
                    touched[used] = index
                    used += 1
                cell[index, 0] += w
                for channel in range(3):
                    cell[index, 1 + channel] += w * colour[channel]
                cell[index, 4] += w * (y + 0.5)
                cell[index, 5] += w * (x + 0.5)
        if count + used > most:
            return result[:0]
        while count + used > len(result):
            larger = np.empty((2 * len(result), 6))
            larger[:count] = result[:count]
            result = larger
        for i in range(used):
            result[count + i] = cell[touched[i]]
            cell[touched[i]] = 0
        count += used
    return result[:count]
