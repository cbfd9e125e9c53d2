"""OpenCV's own spectral residual, number for number.

    g = 64 x 64 grey levels, interpolated    A = |F(g)|    L = log(1 + A)
    S = (gauss5x5 * |F^-1(exp(L - mean3x3(L) + i phase))|)^2 / max

Both neighbourhoods are mirrored at the border, without the border pixel itself. Grey levels are
fixed-point sums as OpenCV's (BT.601 in 15 bits, interpolation in 8 bits), so that they are equal to
the last bit; what remains of a difference, some 1e-5 of the maximum, is the polynomial that OpenCV
computes angles by. Where a spectrum is empty its angles are rounding noise, which OpenCV raises to
full height (a picture of one colour gives a map near 1 everywhere); here it stays 0.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft
from numba import njit

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.large.image import LargeImage, Progress

__all__ = ["opencv_map", "opencv_map_of_large"]

_SIDE = 64
_TAPS = np.exp(-np.square(np.arange(-2.0, 3.0)) / (2 * 8.0**2))
_TAPS /= _TAPS.sum()
_EMPTY = 1e-6
"""Amplitude, in sums of grey levels, below which the phase is rounding."""

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.uintp]
Shares = npt.NDArray[np.int32]

_PAIRS = np.arange(2 * _SIDE, dtype=np.uintp).reshape(_SIDE, 2)
"""Where the two neighbours of each centre lie once nothing else is kept."""


def opencv_map(image: Image) -> npt.NDArray[np.float32]:
    """What `StaticSaliencySpectralResidual` computes before it enlarges, (64, 64) in 0..1.

    Example:
        >>> scene = np.full((640, 640), 90, np.uint8)
        >>> scene[200:240, 400:440] = 200
        >>> values = opencv_map(Image(scene, "YX"))
        >>> values.shape, float(values.max())
        ((64, 64), 1.0)
    """
    return _map(_levels(image))


def opencv_map_of_large(picture: LargeImage, progress: Progress | None) -> npt.NDArray[np.float32]:
    """The same of a picture that is streamed: to reduce it first would give another map.

    Only the at most 128 rows and columns of pixels that it looks at are kept.

    Example:
        >>> from heatlens.images.large import open_large
        >>> scene = np.full((640, 640), 90, np.uint8)
        >>> scene[200:240, 400:440] = 200
        >>> with open_large(scene) as large:
        ...     bool((opencv_map_of_large(large, None) == opencv_map(Image(scene, "YX"))).all())
        True
    """
    height, width = picture.size
    (rows, lower), (columns, right) = _neighbours(height), _neighbours(width)
    wanted, total = rows.ravel(), height * width
    read: npt.NDArray[Any] | None = None
    for top, band in picture.rows():
        lines = band.reshape(len(band), width, -1)
        if read is None:
            read = np.empty((2 * _SIDE, 2 * _SIDE, lines.shape[2]), band.dtype)
        inside = (wanted >= top) & (wanted < top + len(band))
        read[inside] = lines[wanted[inside] - np.uintp(top)][:, columns.ravel()]
        if progress is not None:
            progress((top + len(band)) * width, total)
    if read is None:
        raise InvalidArgument(f"{picture.name or 'the picture'} gave no rows")
    if read.dtype not in (np.uint8, np.uint16, np.float32):
        read = read.astype(np.float32)
    pixels = Image(read, value_range=picture.value_range).rgb()
    return _map(_interpolated(pixels, (_PAIRS, lower), (_PAIRS, right)))


def _map(levels: Array) -> npt.NDArray[np.float32]:
    if (levels == levels[0, 0]).all():
        return np.zeros((_SIDE, _SIDE), np.float32)
    half = scipy.fft.rfft2(levels)
    amplitude = np.abs(half)
    mean = np.empty((_SIDE, _SIDE), np.float32)
    _mean3x3(np.log(1 + amplitude), mean)
    spectrum = np.empty((_SIDE, _SIDE), np.complex64)
    _residual(half, amplitude, np.exp(-mean), spectrum)
    modulus = np.abs(scipy.fft.ifft2(spectrum, overwrite_x=True))
    result = np.empty((_SIDE, _SIDE), np.float32)
    _blur_and_square(modulus, _TAPS, result)
    return result


def _levels(image: Image) -> Array:
    """The 64 x 64 grey levels 0..255; only the pixels that it needs are read."""
    height, width = image.size
    rows, columns = _neighbours(height), _neighbours(width)
    pixels = image.pixels.reshape(height, width, -1)
    if pixels.dtype != np.uint8 or image.value_range != (0.0, 255.0):
        read = pixels[rows[0].ravel()][:, columns[0].ravel()]
        pixels = Image(read, value_range=image.value_range).rgb()
        rows, columns = (_PAIRS, rows[1]), (_PAIRS, columns[1])
    return _interpolated(pixels, rows, columns)


def _interpolated(
    pixels: npt.NDArray[np.uint8], rows: tuple[Places, Shares], columns: tuple[Places, Shares]
) -> Array:
    levels = np.empty((_SIDE, _SIDE), np.float64)
    _interpolate(pixels, *rows, *columns, levels)
    return levels


@functools.lru_cache(32)
def _neighbours(cells: int) -> tuple[Places, Shares]:
    """The two cells around each of 64 centres, (64, 2), and the second's share in parts of 256."""
    centre = (2 * np.arange(_SIDE) + 1) * cells - _SIDE  # times 128 per cell
    centre = np.clip(centre, 0, 2 * _SIDE * (cells - 1))
    first, rest = np.divmod(centre, 2 * _SIDE)
    pairs = np.stack([first, np.minimum(first + 1, cells - 1)], axis=1)
    return pairs.astype(np.uintp), (2 * rest).astype(np.int32)


@njit(cache=True, nogil=True)  # pragma: no cover
def _interpolate(
    pixels: npt.NDArray[np.uint8],
    rows: Places,
    lower: Shares,
    columns: Places,
    right: Shares,
    levels: Array,
) -> None:
    # Two rows of 64 pairs at a time: apart from the reading, loops over neighbours in memory.
    coloured = pixels.shape[2] > 2
    grey = np.zeros((3, 2 * _SIDE), np.int32)
    mixed = np.empty((2, _SIDE), np.int32)
    for i in range(_SIDE):
        for down in range(2):
            line = pixels[rows[i, down]]
            for j in range(_SIDE):
                for across in range(2):
                    pixel = line[columns[j, across]]
                    grey[0, across * _SIDE + j] = pixel[0]
                    if coloured:
                        grey[1, across * _SIDE + j] = pixel[1]
                        grey[2, across * _SIDE + j] = pixel[2]
            if coloured:
                for at in range(2 * _SIDE):
                    total = 9798 * grey[0, at] + 19235 * grey[1, at] + 3735 * grey[2, at]
                    grey[0, at] = (total + 16384) >> 15
            for j in range(_SIDE):
                left = grey[0, j]
                mixed[down, j] = 256 * left + right[j] * (grey[0, _SIDE + j] - left)
        part = lower[i]
        for j in range(_SIDE):
            above = mixed[0, j]
            levels[i, j] = (256 * above + part * (mixed[1, j] - above) + 32768) >> 16


@njit(cache=True, nogil=True)  # pragma: no cover
def _mean3x3(half: Array, mean: npt.NDArray[np.float32]) -> None:
    """Mirrored mean of the whole log spectrum, of which the left half (and one) is given."""
    n = _SIDE
    whole, sums = np.empty((n, n)), np.empty((n, n))
    for k in range(n):
        for c in range(n // 2 + 1):
            whole[k, c] = half[k, c]
        for c in range(n // 2 + 1, n):
            whole[k, c] = half[(n - k) % n, n - c]
        sums[k, 0] = whole[k, 0] + 2 * whole[k, 1]
        for c in range(1, n - 1):
            sums[k, c] = whole[k, c - 1] + whole[k, c] + whole[k, c + 1]
        sums[k, n - 1] = whole[k, n - 1] + 2 * whole[k, n - 2]
    for k in range(n):
        above, below = sums[k - 1 if k > 0 else 1], sums[k + 1 if k < n - 1 else n - 2]
        for c in range(n):
            mean[k, c] = (above[c] + sums[k, c] + below[c]) / 9


@njit(cache=True, nogil=True)  # pragma: no cover
def _residual(
    half: npt.NDArray[np.complex128],
    amplitude: Array,
    factor: npt.NDArray[np.float32],
    spectrum: npt.NDArray[np.complex64],
) -> None:
    """exp(R + i phase) of the whole spectrum: F / |F| (1 + |F|) exp(-mean)."""
    n = _SIDE
    for k in range(n):
        for c in range(n // 2 + 1):
            size = amplitude[k, c]
            value = half[k, c] * ((1 + size) / max(size, _EMPTY))
            spectrum[k, c] = value * factor[k, c]
            if 0 < c < n // 2:
                spectrum[(n - k) % n, n - c] = np.conj(value) * factor[(n - k) % n, n - c]


@njit(cache=True, nogil=True)  # pragma: no cover
def _blur_and_square(
    modulus: npt.NDArray[np.float32], taps: Array, result: npt.NDArray[np.float32]
) -> None:
    n = _SIDE
    padded = np.empty((n + 4, n + 4), np.float32)
    for k in range(n + 4):
        row = modulus[n - 1 - abs(n - 1 - abs(k - 2))]
        padded[k, 2 : n + 2] = row
        padded[k, 0], padded[k, 1], padded[k, n + 2], padded[k, n + 3] = (
            row[2],
            row[1],
            row[n - 2],
            row[n - 3],
        )
    across = np.empty((n + 4, n), np.float32)
    a, b, c = np.float32(taps[0]), np.float32(taps[1]), np.float32(taps[2])
    for k in range(n + 4):
        row = padded[k]
        for x in range(n):
            across[k, x] = (
                a * (row[x] + row[x + 4]) + b * (row[x + 1] + row[x + 3]) + c * row[x + 2]
            )
    most = np.float32(0.0)
    for k in range(n):
        for x in range(n):
            outer, inner = across[k, x] + across[k + 4, x], across[k + 1, x] + across[k + 3, x]
            total = a * outer + b * inner + c * across[k + 2, x]
            result[k, x] = total * total
            most = max(most, result[k, x])
    for k in range(n):
        for x in range(n):
            result[k, x] /= most
