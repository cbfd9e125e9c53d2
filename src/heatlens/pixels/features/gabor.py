"""Gabor filters: how much of a wave of a certain length and direction there is at a place.

    g(r, c) = 1 / (2 pi sigma^2) exp(-(r^2 + c^2) / 2 sigma^2) exp(2 pi i f (c cos t + r sin t))

The magnitude of the complex response is the energy: it does not depend on where the wave's crests
are. The picture is transformed once for each wavelength, and each filter costs one transform back;
its own transform is a product of one along the rows and one along the columns.

Under the same Gaussian the wave is joined by a constant and by its mirror image, of a frequency of
-f, so that the filter's transform is 1 at the wave, 0 at brightness alone and 0 at the mirror
image, also of few pixels a wave and of wide bandwidths. The response is doubled: a grating of
amplitude a gives a, whatever its phase.

Daugman: Uncertainty relation for resolution in space, spatial frequency, and orientation, 1985.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels.checks import checked_count, checked_number, one_of
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import grey

__all__ = ["gabor"]

_REACH = 3.0
"""Standard deviations at which the Gaussian is cut off."""

_MIRRORED = 0.25
"""Response of a plain Gaussian at the wave to its mirror image from which on they are one wave."""


@register(FEATURES, range="0..0.71 (a grating's amplitude, 0.5 for black and white)",
          paper="doi:10.1364/JOSAA.2.001160", reach=lambda p: _reach(p))  # fmt: skip
def gabor(
    image: Image,
    *,
    wavelengths: Sequence[float] | float = (4.0, 8.0),
    orientations: int = 6,
    bandwidth: float = 1.0,
    combine: str = "max",
) -> npt.NDArray[np.float32]:
    """Energy of a bank of Gabor filters on the luma, (H, W).

    Args:
        image: any still picture; the border is mirrored.
        wavelengths: of the waves, pixels, above 2: from 2.5 on at a bandwidth of 1, from 3.1 on
            at 3.
        orientations: how many, evenly over 180 degrees.
        bandwidth: of the filters in octaves at half height, above 0 and at most 3: sigma =
            wavelength / pi sqrt(ln 2 / 2) (2^b + 1) / (2^b - 1).
        combine: "max" (the strongest filter) or "mean" over the bank.

    Raises:
        InvalidArgument: no wavelength, or one so near 2, the shortest that a grid of pixels holds,
            that a filter of this bandwidth cannot tell the wave from its mirror image.

    Example:
        >>> wave = 0.5 + 0.25 * np.cos(2 * np.pi * np.arange(64) / 8)
        >>> picture = Image(np.tile(wave, (64, 1)).astype(np.float32), "YX", (0, 1))
        >>> (100 * gabor(picture, wavelengths=8))[32, 32].round().item()
        25.0
    """
    one_of("way to combine", combine, ("max", "mean"))
    orientations = checked_count("orientations", orientations)
    bandwidth = checked_number("bandwidth", bandwidth, 0, 3, above=True)
    lengths = np.atleast_1d(np.asarray(wavelengths, np.float64))
    spread = _spread(bandwidth)
    least = 2 + np.sqrt(-np.log(_MIRRORED) / 2) / (np.pi * spread)
    if (
        lengths.ndim != 1
        or not lengths.size
        or not (np.isfinite(lengths) & (lengths >= least)).all()
    ):
        raise InvalidArgument(
            f"wavelengths are {wavelengths!r}; with a bandwidth of {bandwidth:g} octaves they are "
            f"numbers of pixels from {least:.3g} on. Shorter waves need a smaller bandwidth"
        )
    luma = grey(image)
    luma = luma - luma.mean()  # changes nothing, and keeps the rounding small
    total = np.zeros_like(luma)
    for length in lengths:
        for energy in _energies(luma, 1 / length, spread * length, orientations):
            total = np.maximum(total, energy) if combine == "max" else total + energy
    return total if combine == "max" else total / np.float32(orientations * len(lengths))


def _spread(bandwidth: float) -> float:
    """Standard deviation of the Gaussian for a wave one pixel long."""
    octave = 2.0**bandwidth
    return float(np.sqrt(np.log(2) / 2) / np.pi * (octave + 1) / (octave - 1))


def _reach(given: Mapping[str, Any]) -> int:
    longest = float(np.max(given["wavelengths"]))
    return max(1, int(np.ceil(_REACH * _spread(given["bandwidth"]) * longest)))


def _energies(
    luma: npt.NDArray[np.float32], frequency: float, sigma: float, orientations: int
) -> Iterator[npt.NDArray[np.float32]]:
    """One map (H, W) for each orientation."""
    height, width = luma.shape
    reach = max(1, int(np.ceil(_REACH * sigma)))
    padded = np.pad(luma, reach, mode="symmetric")
    size = tuple(fft.next_fast_len(side) for side in padded.shape)
    picture = fft.fft2(padded, size)
    smooth = np.outer(*(_transform(sigma, 0.0, reach, side) for side in size))
    for angle in np.pi * np.arange(orientations) / orientations:
        waves = frequency * np.sin(angle), frequency * np.cos(angle)
        wave, mirrored = (
            np.outer(
                *(_transform(sigma, sign * w, reach, n) for w, n in zip(waves, size, strict=True))
            )
            for sign in (1, -1)
        )
        own, constant, mirror = _coefficients(sigma, waves, reach)
        found = own * wave
        found += constant * smooth
        found += mirror * mirrored
        response = fft.ifft2(picture * found)
        inner = response[reach : reach + height, reach : reach + width]
        yield np.asarray(2 * np.abs(inner), np.float32)


def _coefficients(
    sigma: float, waves: tuple[float, float], reach: int
) -> tuple[np.float32, np.float32, np.float32]:
    """Of the wave, the constant and the mirror image; see the module.

    With E the Gaussian's transform they solve, at the frequencies f, 0 and -f,

        [1, E(f), E(2f); E(f), 1, E(f); E(2f), E(f), 1] [own, constant, mirror] = [1, 0, 0]
    """
    n = np.arange(-reach, reach + 1)
    envelope = np.exp(-0.5 * (n / sigma) ** 2)
    envelope /= envelope.sum()
    once, twice = (
        float(np.prod([(envelope * np.cos(2 * np.pi * times * wave * n)).sum() for wave in waves]))
        for times in (1, 2)
    )
    matrix = np.array([[1, once, twice], [once, 1, once], [twice, once, 1]])
    own, constant, mirror = np.linalg.solve(matrix, [1.0, 0.0, 0.0])
    return np.float32(own), np.float32(constant), np.float32(mirror)


def _transform(sigma: float, frequency: float, reach: int, size: int) -> npt.NDArray[np.complex64]:
    """Fourier transform of exp(-n^2 / 2 sigma^2) exp(2 pi i f n), magnitudes adding up to 1."""
    n = np.arange(-reach, reach + 1)
    envelope = np.exp(-0.5 * (n / sigma) ** 2)
    kernel = envelope / envelope.sum() * np.exp(2j * np.pi * frequency * n)
    around = np.zeros(size, np.complex128)
    around[n] = kernel  # the middle at 0, what is before it at the end
    return np.asarray(fft.fft(around), np.complex64)
