"""Spectral residual: what is left of a picture's spectrum once its smooth course is taken away.

    L = log |F(x)|    R = L - mean3x3(L)    S = gauss * |F^-1(exp(R + i phase))|^2

Natural pictures share a smooth log spectrum; what departs from it is new. Looks at one scale. Hou,
Zhang: Saliency Detection: A Spectral Residual Approach, CVPR 2007, eq. 4-8.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import blurred, colour, grey, seen
from heatlens.perception.model import register
from heatlens.perception.static.spectral_residual_opencv import opencv_map, opencv_map_of_large
from heatlens.perception.static.spectrum import featureless, floor_of

__all__ = ["spectral_residual"]


SIGMA, LONGEST = 2.5, 64


@register(
    "spectral-residual",
    family="spectral",
    paper="doi:10.1109/CVPR.2007.383267",
    longest=LONGEST,
    streamed=lambda given: opencv_map_of_large if given["variant"] == "opencv" else None,
)
def spectral_residual(
    image: Image,
    *,
    variant: str = "paper",
    channels: str = "rgb",
    sigma: float = SIGMA,
    longest: int = LONGEST,
) -> npt.NDArray[np.float32]:
    """Departures of the log spectrum from its own local mean, back in the picture.

    Args:
        image: a still picture.
        variant: "paper" averages the picture down to 64 pixels along its longer side, wraps the
            3 x 3 mean around as the spectrum does, and squares before it blurs. "opencv" gives
            what OpenCV's `StaticSaliencySpectralResidual` gives, to some 1e-4 (but for pictures
            of a few, nearly equal pixels, where OpenCV's angles are noise): 64 x 64 pixels whatever the
            shape, interpolated without antialiasing from the whole picture (one that was reduced
            before gives another map), log(1 + |F|), mirrored borders, blurred by 5 x 5 taps and
            then squared, the maximum 1. It has none of the other parameters.
        channels: "grey" looks at brightness alone, as the paper does, and is blind to a colour as
            bright as its neighbours; "rgb" at red, green and blue each by itself, of which the
            strongest counts at each place. The same for grey pictures.
        sigma: of the blur, in pixels of the reduced picture; 2.5 as in the authors' program (their
            text speaks of 8).
        longest: pixels along the longer side of the reduced picture; the size of what stands out
            goes with it.

    Returns:
        (h, w), the reduced picture's size; the squared modulus has no unit. All zero for a
        picture of one constant colour.

    Raises:
        UnknownName: another variant or other channels.
        InvalidArgument: a negative `sigma`, a `longest` below 1; with "opencv", any of the
            parameters that it does not have.

    Example:
        >>> scene = np.full((64, 64), 90, np.uint8)
        >>> scene[20:24, 40:44] = 200
        >>> values = spectral_residual(Image(scene, "YX"))
        >>> row, column = np.unravel_index(values.argmax(), values.shape)
        >>> bool(20 <= row < 24 and 40 <= column < 44)
        True
    """
    if variant not in ("paper", "opencv"):
        raise UnknownName("variant of spectral-residual", variant, ("paper", "opencv"))
    if channels not in ("rgb", "grey"):
        raise UnknownName("channels of spectral-residual", channels, ("rgb", "grey"))
    check_at_least("spectral-residual", 0, sigma=sigma)
    if variant == "opencv":
        if (channels, sigma, longest) != ("rgb", SIGMA, LONGEST):
            raise InvalidArgument(
                "spectral-residual: variant='opencv' is as OpenCV computes it, without channels, "
                "sigma and longest; these are for variant='paper'"
            )
        return opencv_map(image)
    small = seen(image, longest)
    coloured = channels == "rgb" and image.channels > 2
    layers = np.moveaxis(colour(small), -1, 0) if coloured else grey(small)[None]
    maps = [blurred(_residual(layer), sigma) for layer in layers.astype(np.float64)]
    return np.max(maps, axis=0)


def _residual(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    if featureless(x):
        return np.zeros(x.shape, np.float32)
    spectrum = scipy.fft.fft2(x)
    L = np.log(np.maximum(np.abs(spectrum), floor_of(x)))
    mean = scipy.ndimage.uniform_filter(L, 3, mode="wrap")
    # exp(L - mean + i phase) without the phase, since F = exp(L + i phase).
    back = scipy.fft.ifft2(spectrum * np.exp(-mean))
    return np.square(np.abs(back)).astype(np.float32)
