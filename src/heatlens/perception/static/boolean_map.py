"""Boolean map saliency: figures are regions that are surrounded.

    S = blur( mean over channels, thresholds t and polarities of  A / |A|_2 )
    A = dilated surrounded regions of  {channel > t}  and of its complement, both opened

Channels are CIELAB's, whitened (2016) or not (2013), each over its own range, and the energies of
four orientations over their common one: the papers name orientation as a channel of the theory and
leave it out of their program, which is blind to a bar that is turned. Thresholds stand at equal
steps. `regions.surrounded` has the definition of each part. The papers' squares (5 pixels to open, 7
to dilate) are for pictures of 400 pixels; here they shrink with smaller ones.

Zhang, Sclaroff: Saliency Detection: A Boolean Map Approach, ICCV 2013; Exploiting Surroundedness for
Saliency Detection: A Boolean Map Approach, IEEE PAMI 38(5), 2016.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import blurred, grey, seen
from heatlens.perception.model import register
from heatlens.perception.static.feature_maps.gabor import oriented_energy
from heatlens.perception.static.feature_maps.promotion import NOTHING
from heatlens.perception.static.feature_maps.pyramid import halved, onto
from heatlens.perception.static.regions.colours import FLAT, lab, whitened
from heatlens.perception.static.regions.surrounded import attention

__all__ = ["boolean_map"]

Array = npt.NDArray[np.float32]

LONGEST = 400
OPENING, DILATION = 2, 3
"""Pixels from a square's middle to its side in a picture of `LONGEST` pixels."""


@register("boolean-map", family="figure-ground", paper="doi:10.1109/TPAMI.2015.2473844",
          longest=LONGEST)  # fmt: skip
def boolean_map(
    image: Image,
    *,
    step: float = 8.0,
    whitening: bool = True,
    orientation: bool = True,
    blur: float = 0.02,
    longest: int = LONGEST,
) -> Array:
    """Boolean map saliency: regions that are surrounded at many thresholds.

    Args:
        image: a flat picture of any size.
        step: between thresholds, of a channel's range of 255.
        whitening: decorrelate the CIELAB channels (2016) instead of taking them as they are (2013).
        orientation: whether oriented energies are channels, too; they weigh as much as the colours.
        blur: deviation of the last blur in longer sides of the picture.
        longest: pixels along the longer side of the picture that is looked at.

    Returns:
        (h, w) of the reduced picture; 0 everywhere where nothing is surrounded.

    Raises:
        InvalidArgument: a `step` outside of 0 (excluded) to 255, a negative `blur`.

    Example:
        >>> scene = np.full((60, 80), 90, np.uint8)
        >>> scene[20:26, 50:56] = 220
        >>> row, column = np.unravel_index(boolean_map(Image(scene, "YX")).argmax(), (60, 80))
        >>> 20 <= row < 26 and 50 <= column < 56
        np.True_
    """
    if not 0 < step <= 255:
        raise InvalidArgument(f"step is {step}; it can be from above 0 to 255")
    check_at_least("boolean-map", 0, blur=blur)
    small = seen(image, longest)
    maps = _of_colours(small, step, whitening)
    if orientation:
        maps = np.mean([maps, _of_orientations(small, step)], axis=0, dtype=np.float32)
    return blurred(maps, blur * max(small.size))


def _of_colours(image: Image, step: float, whitening: bool) -> Array:
    colours = lab(image)
    varied = np.flatnonzero(colours.std(axis=(0, 1)) > FLAT)
    if len(varied) == 0:
        return np.zeros(image.size, np.float32)
    channels = whitened(colours) if whitening else colours
    return _mean_map([channels[..., c] for c in varied], step, max(image.size) / LONGEST)


def _of_orientations(image: Image, step: float) -> Array:
    """On half the grid, where stripes of the filters' width are as wide as an item's parts."""
    energies = oriented_energy(halved(grey(image)[None])[0])
    if energies.max() <= NOTHING:
        return np.zeros(image.size, np.float32)
    ends = float(energies.min()), float(energies.max())
    mean = _mean_map(list(energies), step, max(image.size) / LONGEST / 2, ends)
    return onto(mean[None], image.size)[0]


def _mean_map(
    channels: list[Array], step: float, share: float, ends: tuple[float, float] | None = None
) -> Array:
    """Mean attention map of channels, each over its own range if no common `ends` are given."""
    opening, dilation = (round(radius * min(share, 1)) for radius in (OPENING, DILATION))
    maps = []
    for channel in channels:
        low, high = ends or (float(channel.min()), float(channel.max()))
        thresholds = low + (high - low) * np.arange(step / 2, 255, step) / 255
        maps.append(attention(channel, thresholds.astype(np.float32), opening, dilation))
    mean: Array = np.mean(maps, axis=0, dtype=np.float32)
    return mean
