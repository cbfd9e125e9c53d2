"""Crops of photographs, drawn with other colours: seeded by row, in compiled loops."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from heatlens.testing.scenes.sources import file_of

__all__ = ["PHOTOGRAPHS", "crop", "lab", "photographs", "pictures", "random", "seeded", "tables"]

_SKIMAGE, _SKLEARN = ("skimage", "data"), ("sklearn", "datasets/images")
PHOTOGRAPHS: Final = (
    (_SKIMAGE, "astronaut.png"),
    (_SKIMAGE, "chelsea.png"),
    (_SKIMAGE, "coffee.png"),
    (_SKIMAGE, "hubble_deep_field.jpg"),
    (_SKIMAGE, "ihc.png"),
    (_SKIMAGE, "motorcycle_left.png"),
    (_SKIMAGE, "retina.jpg"),
    (_SKIMAGE, "rocket.jpg"),
    (_SKLEARN, "china.jpg"),
    (_SKLEARN, "flower.jpg"),
    (("matplotlib", "mpl-data/sample_data"), "grace_hopper.jpg"),
)


def photographs() -> tuple[Any, Any, Any]:
    """Summed-area tables end to end (total, 3), where each begins, and heights and widths."""
    from PIL import Image

    tables, sizes = [], []
    for place, name in PHOTOGRAPHS:
        with Image.open(file_of(place, name)) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        table = np.zeros((pixels.shape[0] + 1, pixels.shape[1] + 1, 3), np.uint32)
        table[1:, 1:] = pixels.astype(np.uint32).cumsum(0, np.uint32).cumsum(1, np.uint32)
        tables.append(table.reshape(-1, 3))
        sizes.append(pixels.shape[:2])
    starts = np.cumsum([0, *map(len, tables)])[:-1]
    return np.concatenate(tables), starts, np.array(sizes)


def tables() -> tuple[Any, Any]:
    """sRGB to linear light in 4096 steps, and the matrix to X, Y, Z over those of white."""
    from heatlens.render import cielab

    v = np.arange(4096) / 4095
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32), cielab._XYZ / cielab._WHITE[:, None]


@njit(cache=True, nogil=True, error_model="numpy")
def random(state: Any) -> Any:
    """A number in 0..1 from the state (1,), by SplitMix64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True, error_model="numpy")
def seeded(state: Any, seed: int, row: int) -> None:
    state[0] = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(1)
    random(state)
    state[0] ^= np.uint64(row) * np.uint64(0xA0761D6478BD642F)
    random(state)
    random(state)


@njit(cache=True, nogil=True, error_model="numpy")
def _colours(state: Any, matrix: Any, offset: Any) -> None:
    """Draw a change of colours: rgb -> matrix rgb + offset, in 0..1."""
    gain = math.exp(0.9 * (random(state) - 0.6))
    contrast = math.exp(1.0 * (random(state) - 0.5))
    saturation = 1.8 * random(state) ** 0.7
    angle = 0.5 * (random(state) + random(state) - 1)
    if random(state) < 0.5:
        angle = 2 * random(state)
    cosine, sine = math.cos(math.pi * angle), math.sin(math.pi * angle)
    shift = 0.3 * (random(state) - 0.5)
    luma = (0.299, 0.587, 0.114)
    for c in range(3):
        white = math.exp(0.3 * (random(state) - 0.5))
        for e in range(3):
            # A turn about the grey axis, of the part that has a colour.
            after, before = (c + 1) % 3, (c + 2) % 3
            turned = (1.0 if c == e else 0.0) * cosine + (1 - cosine) / 3
            if e == before:
                turned += sine / math.sqrt(3.0)
            elif e == after:
                turned -= sine / math.sqrt(3.0)
            matrix[c, e] = (
                white * gain * contrast * (saturation * turned + (1 - saturation) * luma[e])
            )
        offset[c] = white * gain * (1 - contrast) * 0.45 + shift


@njit(cache=True, nogil=True, error_model="numpy")
def crop(tables: Any, starts: Any, sizes: Any, state: Any, side: int, rgb: Any) -> None:
    """Draw a crop and its colours: `rgb` (3, side * side) in 0..1."""
    photograph = min(int(random(state) * len(starts)), len(starts) - 1)
    height, width = sizes[photograph]
    most = math.log(min(height, width) / (1.5 * side))
    extent = 1.5 * side * math.exp(most * random(state))
    aspect = math.exp(0.35 * (random(state) - 0.5))
    high = max(side, min(height, int(extent * aspect)))
    wide = max(side, min(width, int(extent / aspect)))
    top = min(int(random(state) * (height - high + 1)), height - high)
    left = min(int(random(state) * (width - wide + 1)), width - wide)
    mirrored, turned = random(state) < 0.5, random(state) < 0.25
    matrix, offset = np.empty((3, 3)), np.empty(3)
    _colours(state, matrix, offset)
    line = width + 1
    base = starts[photograph]
    for i in range(side):
        a, b = top + i * high // side, top + (i + 1) * high // side
        y = side - 1 - i if turned else i
        for j in range(side):
            c, e = left + j * wide // side, left + (j + 1) * wide // side
            x = side - 1 - j if mirrored else j
            share = 1.0 / (255.0 * (b - a) * (e - c))
            p, q = base + a * line, base + b * line
            mean0 = share * np.float64(
                tables[q + e, 0] - tables[q + c, 0] - tables[p + e, 0] + tables[p + c, 0]
            )
            mean1 = share * np.float64(
                tables[q + e, 1] - tables[q + c, 1] - tables[p + e, 1] + tables[p + c, 1]
            )
            mean2 = share * np.float64(
                tables[q + e, 2] - tables[q + c, 2] - tables[p + e, 2] + tables[p + c, 2]
            )
            for channel in range(3):
                v = (
                    matrix[channel, 0] * mean0
                    + matrix[channel, 1] * mean1
                    + matrix[channel, 2] * mean2
                    + offset[channel]
                )
                rgb[channel, y * side + x] = min(max(v, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def lab(rgb: Any, linear: Any, cones: Any, lab: Any) -> Any:
    """CIELAB (3, n) of `rgb` (3, n); the colours' variance."""
    n = rgb.shape[1]
    f = np.empty(3)
    sums, squares = np.zeros(3), np.zeros(3)
    for i in range(n):
        r = linear[int(rgb[0, i] * 4095 + 0.5)]
        g = linear[int(rgb[1, i] * 4095 + 0.5)]
        b = linear[int(rgb[2, i] * 4095 + 0.5)]
        for c in range(3):
            t = cones[c, 0] * r + cones[c, 1] * g + cones[c, 2] * b
            f[c] = t ** (1 / 3) if t > 0.008856451679035631 else t * 7.787037037037037 + 4 / 29
        lab[0, i] = 116 * f[1] - 16
        lab[1, i] = 500 * (f[0] - f[1])
        lab[2, i] = 200 * (f[1] - f[2])
        for c in range(3):
            sums[c] += lab[c, i]
            squares[c] += lab[c, i] * lab[c, i]
    return ((squares - sums * sums / n) / n).sum()


@njit(cache=True, nogil=True, error_model="numpy")
def pictures(tables: Any, starts: Any, sizes: Any, seed: int, found: Any) -> None:
    side = found.shape[1]
    state = np.empty(1, np.uint64)
    rgb = np.empty((3, side * side))
    for row in range(len(found)):
        seeded(state, seed, row)
        crop(tables, starts, sizes, state, side, rgb)
        for i in range(side * side):
            for c in range(3):
                found[row, i // side, i % side, c] = np.uint8(rgb[c, i] * 255 + 0.5)
