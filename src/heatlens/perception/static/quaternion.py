"""Phase spectrum of a picture whose pixels are quaternions: colours and brightness at once.

    q = RG i + BY j + I k        Q = F(q)        S = gauss * |F^-1(Q / |Q|)|^2

Of the spectrum only the phase is kept, so that what repeats cancels and what is alone remains. With
the axis i, the transform of q = f1 + f2 j is that of two complex pictures, f1 = RG i and
f2 = BY + I i. Guo, Ma, Zhang: Spatio-temporal Saliency Detection Using Phase Spectrum of
Quaternion Fourier Transform, CVPR 2008, eq. 5-17; of a still picture the motion is 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft

from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import blurred, colour, seen
from heatlens.perception.model import register
from heatlens.perception.static.spectrum import featureless, floor_of

__all__ = ["phase_spectrum_quaternion"]


@register(
    "phase-spectrum-quaternion",
    family="spectral",
    paper="doi:10.1109/CVPR.2008.4587715",
    longest=64,
)
def phase_spectrum_quaternion(
    image: Image, *, sigma: float = 2.5, longest: int = 64
) -> npt.NDArray[np.float32]:
    """What does not repeat, in brightness and opponent colours together.

    Args:
        image: a still picture; grey ones have only brightness.
        sigma: of the last blur, in pixels of the reduced picture. The paper leaves it to the
            picture; its text has 8, its program a disk of radius 3, which 2.5 comes near.
        longest: pixels along the longer side of the reduced picture.

    Returns:
        (h, w), the reduced picture's size; squared modulus, no unit. All zero for a picture of one
        constant colour.

    Raises:
        InvalidArgument: a negative `sigma`, a `longest` below 1.

    Example:
        >>> scene = np.full((64, 64, 3), 90, np.uint8)
        >>> scene[20:24, 40:44] = (200, 40, 90)
        >>> values = phase_spectrum_quaternion(Image(scene))
        >>> row, column = np.unravel_index(values.argmax(), values.shape)
        >>> bool(20 <= row < 24 and 40 <= column < 44)
        True
    """
    check_at_least("phase-spectrum-quaternion", 0, sigma=sigma)
    small = colour(seen(image, longest)).astype(np.float64)
    if featureless(small):
        return np.zeros(small.shape[:2], np.float32)
    red_green, blue_yellow, intensity = _channels(small)
    spectra = scipy.fft.fft2([1j * red_green, blue_yellow + 1j * intensity])
    modulus = np.sqrt(np.square(np.abs(spectra)).sum(axis=0))
    phases = spectra / np.maximum(modulus, floor_of(intensity))
    S = np.square(np.abs(scipy.fft.ifft2(phases))).sum(axis=0)
    return blurred(S.astype(np.float32), sigma)


def _channels(rgb: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """Red-green, blue-yellow and intensity (eq. 1-4), each (H, W).

    Only yellow is cut off at 0, unlike `channels.opponent`.
    """
    r, g, b = np.moveaxis(rgb, -1, 0)
    red, green, blue = r - (g + b) / 2, g - (r + b) / 2, b - (r + g) / 2
    yellow = np.maximum((r + g) / 2 - np.abs(r - g) / 2 - b, 0)
    return red - green, blue - yellow, (r + g + b) / 3
