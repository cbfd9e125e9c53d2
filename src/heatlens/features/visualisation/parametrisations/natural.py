"""The spectrum of photographs: measured on some, or by its law.

    A(f) = k / f^a        a = 1.2

The amplitudes of photographs fall as a power of the frequency f, a is about 1. Field: Relations
between the statistics of natural images and the response properties of cortical cells, Journal of
the Optical Society of America A 4, 1987 (a = 1); Torralba, Oliva: Statistics of natural image
categories, Network 14, 2003 (a of about 0.9 to 1.2 between scenes). `fitted_exponent` finds 1.2 to
1.4 on the four colour photographs of scikit-image, reduced to 224 pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.features.visualisation.parametrisations.colour import decorrelated
from heatlens.features.visualisation.parametrisations.parametrisation import (
    checked_canvases,
    checked_positive,
    checked_start,
)
from heatlens.features.visualisation.parametrisations.spectrum import frequencies
from heatlens.image import Image

__all__ = ["EXPONENT", "fitted_exponent", "mean_magnitude", "natural_magnitude"]

EXPONENT = 1.2
"""How fast the amplitudes fall: a of the law."""


def natural_magnitude(size: tuple[int, int], exponent: float = EXPONENT) -> Tensor:
    """Amplitudes by the law, (h, w // 2 + 1), float32, up to a factor; 0 at frequency 0.

    Args:
        size: height and width in pixels.
        exponent: a of the law.

    Example:
        >>> natural_magnitude((4, 8), exponent=1.0)[0].tolist()
        [0.0, 8.0, 4.0, 2.6666667461395264, 2.0]
    """
    _, _, size = checked_canvases(1, 1, size)
    frequency = frequencies(size)
    frequency[0, 0] = torch.inf
    return frequency.pow(-checked_positive(exponent, "exponent")).float()


def mean_magnitude(pictures: Iterable[Any], size: tuple[int, int]) -> Tensor:
    """Mean amplitudes of the uncorrelated colours of pictures, (c, h, w // 2 + 1), float32.

    One picture is held at a time. Each is cropped about its centre to the aspect of `size` and
    reduced (or enlarged, which leaves the high frequencies empty: give pictures that are not
    smaller).

    Args:
        pictures: `Image`s, or tensors (c, h, w) in 0..1; all grey or all colour.
        size: height and width in pixels of the spectrum.

    Raises:
        InvalidArgument: no pictures, both grey and colour, or values outside 0..1.
        InvalidType: something that is no picture.

    Example:
        >>> mean_magnitude([torch.rand(3, 20, 30), torch.rand(3, 9, 9)], (8, 10)).shape
        torch.Size([3, 8, 6])
    """
    _, _, size = checked_canvases(1, 1, size)
    total: Tensor | None = None
    count = 0
    for count, picture in enumerate(pictures, 1):
        canvas = _fitted(_tensor(picture), size)
        magnitude = torch.fft.rfft2(decorrelated(canvas[None])[0].double(), norm="ortho").abs()
        if total is not None and total.shape != magnitude.shape:
            raise InvalidArgument(
                f"picture {count} has {len(magnitude)} channels, those before it {len(total)}; "
                "give all in colour or all in grey"
            )
        total = magnitude if total is None else total + magnitude
    if total is None:
        raise InvalidArgument("no pictures to measure a spectrum on; give at least one")
    return (total / count).float()


def fitted_exponent(magnitude: Tensor, width: int) -> float:
    """a of the law, by least squares on the logarithms of amplitudes and frequencies.

    Every octave counts the same, or the many high frequencies would decide alone. The corners
    beyond 1/2 cycle per pixel are left out.

    Args:
        magnitude: amplitudes (..., h, width // 2 + 1); leading axes are averaged over.
        width: the picture's.

    Raises:
        InvalidArgument: less than two different frequencies.

    Example:
        >>> round(fitted_exponent(natural_magnitude((64, 64), 1.3), 64), 6)
        1.3
    """
    amplitude = magnitude.double().cpu()
    amplitude = amplitude.flatten(0, -3).mean(0) if amplitude.ndim > 2 else amplitude
    frequency = frequencies((amplitude.shape[0], width))
    used = (frequency > 0) & (frequency <= 0.5) & (amplitude > 0)
    x, y = frequency[used].log(), amplitude[used].log()
    if len(x) < 2 or x.max() == x.min():
        raise InvalidArgument("a slope needs amplitudes at two frequencies at least")
    weight = (-2 * x).exp()
    weight = weight / weight.sum()
    x, y = x - (weight * x).sum(), y - (weight * y).sum()
    return float(-(weight * x * y).sum() / (weight * x * x).sum())


def _tensor(picture: Any) -> Tensor:
    if isinstance(picture, Image):
        pixels = torch.tensor(picture.rgb()).permute(2, 0, 1).float() / 255
        return pixels[:1] if picture.channels == 1 else pixels
    if not isinstance(picture, Tensor):
        raise InvalidType(
            f"a picture is {type(picture).__name__}; an Image or a tensor (c, h, w) is needed"
        )
    if picture.ndim != 3 or picture.shape[0] not in (1, 3) or 0 in picture.shape:
        raise InvalidArgument(f"a picture has the shape {tuple(picture.shape)}; (1 or 3, h, w)")
    return checked_start(picture)


def _fitted(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """The largest centred part with the aspect of `size`, at that size."""
    height, width = pixels.shape[1:]
    scale = min(height / size[0], width / size[1])
    high, wide = (max(1, round(side * scale)) for side in size)
    top, left = (height - high) // 2, (width - wide) // 2
    part = pixels[None, :, top : top + high, left : left + wide]
    return F.interpolate(part, size, mode="bilinear", antialias=True, align_corners=False)[0]
