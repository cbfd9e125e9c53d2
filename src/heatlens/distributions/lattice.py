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

__all__ = ["Gathered", "gathered", "occupied"]

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
    for depth in range(bits, 0, -1):
        colours, moments = occupied(
            pixels,
            low,
            1 / (high - low),
            np.empty((0, 0)) if seen is None else seen,
            depth,
            *edges,
            _MOST_CELLS if depth > 1 else height * width,
            True,
        )
        if len(colours):
            break
    weights = np.ascontiguousarray(colours[:, 0])
    rgb = np.clip(colours[:, 1:] / weights[:, None], 0, 1)
    return Gathered(weights, rgb, from_srgb(rgb), moments / weights[:, None], depth)


@njit(cache=True, nogil=True, error_model="numpy")
def occupied(  # type: ignore[no-untyped-def]
    pixels, low, scale, seen, bits, rows, columns, most, placed
):
    """Sums over the occupied cells: weight, R, G, B (m, 4); y, x (m, 2), left at 0 if not `placed`.

    Beyond `most` cells it stops and returns none.
    """
    numbers = np.full(1 << (3 * bits), -1, np.int32)
    colours, places = np.zeros((1024, 4)), np.zeros((1024, 2))
    keys = np.empty(pixels.shape[1], np.int64)
    rgb = np.empty((3, pixels.shape[1]))
    met = np.empty(1024, np.int64)
    tiles = (len(rows) - 1) * (len(columns) - 1)
    count = 0
    for tile in range(tiles):
        r, c = divmod(tile, len(columns) - 1)
        first, left, wide = count, columns[c], columns[c + 1] - columns[c]
        for y in range(rows[r], rows[r + 1]):
            _keys(pixels[y, left : left + wide], low, scale, bits, rgb, keys)
            while count + wide > len(met):
                colours, places, met = _twice(colours), _twice(places), np.append(met, met)
            for x in range(wide):
                w = 1.0 if seen.size == 0 else seen[y, left + x]
                if w <= 0:
                    continue
                cell = numbers[keys[x]]
                if cell < 0:
                    cell = count
                    numbers[keys[x]], met[count] = cell, keys[x]
                    count += 1
                colours[cell, 0] += w
                colours[cell, 1] += w * rgb[0, x]
                colours[cell, 2] += w * rgb[1, x]
                colours[cell, 3] += w * rgb[2, x]
                if placed:
                    places[cell, 0] += w * (y + 0.5)
                    places[cell, 1] += w * (left + x + 0.5)
        if count > most:
            return colours[:0], places[:0]
        if tile + 1 < tiles:
            for cell in range(first, count):
                numbers[met[cell]] = -1
    return colours[:count], places[:count]


@njit(cache=True, nogil=True, error_model="numpy")
def _keys(line, low, scale, bits, rgb, keys):  # type: ignore[no-untyped-def]
    """Colours in 0..1, (3, n), of pixels (n, 3), and the cells in which they lie, (n,)."""
    levels = 1 << bits
    for x in range(len(line)):
        red = min(max((line[x, 0] - low) * scale, 0.0), 1.0)
        green = min(max((line[x, 1] - low) * scale, 0.0), 1.0)
        blue = min(max((line[x, 2] - low) * scale, 0.0), 1.0)
        rgb[0, x], rgb[1, x], rgb[2, x] = red, green, blue
        key = min(int(red * levels), levels - 1)
        key = key * levels + min(int(green * levels), levels - 1)
        keys[x] = key * levels + min(int(blue * levels), levels - 1)


@njit(cache=True, nogil=True)
def _twice(table):  # type: ignore[no-untyped-def]
    larger = np.zeros((2 * len(table), table.shape[1]))
    larger[: len(table)] = table
    return larger
