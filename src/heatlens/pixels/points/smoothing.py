"""A Gaussian of any width over a grid of masses, with or without reflection at the border.

    out(p) = sum_q in(q) K((p - q)_r) K((p - q)_c),   K(n) = Phi((n + 1/2)/s) - Phi((n - 1/2)/s)

K is the Gaussian's mass over a pixel: it sums to 1 for every width, also far below a pixel.
Reflected at the edges, all images of the grid taken together, the sum is a product of cosine
transforms (DCT-II), so that no mass is lost and no border is darker. Without reflection what
crosses the edge is lost; that is a convolution by padded Fourier transforms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.special import ndtr

__all__ = ["NOTHING", "pixel_kernel", "smoothed"]

Floats = npt.NDArray[np.float64]

NOTHING = 0.01
"""Pixels below which a Gaussian lies within its own pixel to all digits."""

_REACH = 8.5
"""Standard deviations beyond which a Gaussian has less than 1e-16 of its mass."""


def smoothed(mass: Floats, bandwidth: tuple[float, float], reflect: bool) -> Floats:
    """The mass after the Gaussian, (H, W).

    Args:
        mass: (H, W), at least 0.
        bandwidth: standard deviations along rows and columns, pixels, at least 0.
        reflect: whether mass comes back at the edges.

    Example:
        >>> smoothed(np.array([[0.0, 4.0, 0.0]]), (0.0, 50.0), True).round(2).tolist()
        [[1.33, 1.33, 1.33]]
    """
    for axis, width in enumerate(bandwidth):
        if width > NOTHING:
            mass = (_reflected if reflect else _lost)(mass, width, axis)
    return np.maximum(mass, 0.0)  # rounding of the transforms, about 1e-16 of the largest


def pixel_kernel(width: float, reach: int) -> Floats:
    """Mass of a Gaussian over the pixels 0..reach from its middle, (reach + 1,)."""
    n = np.arange(reach + 1)
    # By the upper tail, whose small values are exact.
    return np.asarray(ndtr(-(n - 0.5) / width) - ndtr(-(n + 0.5) / width))


def _reflected(mass: Floats, width: float, axis: int) -> Floats:
    length = mass.shape[axis]
    if width > 4 * length:  # all has become even: the transfer is below 1e-34 but at frequency 0
        return np.broadcast_to(mass.mean(axis=axis, keepdims=True), mass.shape).copy()
    kernel = pixel_kernel(width, int(np.ceil(_REACH * width)) + 1)
    around = np.zeros(2 * length)  # reflection makes the line periodic in twice its length
    np.add.at(around, np.arange(len(kernel)) % (2 * length), kernel)
    np.add.at(around, -np.arange(1, len(kernel)) % (2 * length), kernel[1:])
    transfer = fft.rfft(around).real[:length]
    transfer[0] = 1.0
    shape = [1, 1]
    shape[axis] = length
    spectrum = fft.dct(mass, axis=axis) * transfer.reshape(shape)
    return np.asarray(fft.idct(spectrum, axis=axis))


def _lost(mass: Floats, width: float, axis: int) -> Floats:
    length = mass.shape[axis]
    reach = min(int(np.ceil(_REACH * width)) + 1, length - 1)
    kernel = pixel_kernel(width, reach)
    total = fft.next_fast_len(length + reach, real=True)
    around = np.zeros(total)
    around[: reach + 1] = kernel
    if reach:
        around[-reach:] = kernel[:0:-1]
    shape = [1, 1]
    shape[axis] = total // 2 + 1
    spectrum = fft.rfft(mass, total, axis=axis) * fft.rfft(around).real.reshape(shape)
    found = fft.irfft(spectrum, total, axis=axis)
    return np.asarray(found[:length] if axis == 0 else found[:, :length])
