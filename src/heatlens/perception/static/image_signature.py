"""Image signature: the signs of a picture's cosine transform, and nothing else of it.

    S = gauss * sum_channels IDCT(sign(DCT(x)))^2

A foreground that is sparse in space, on a background that is sparse in the cosine transform, is
where the picture made of the signs has most of its energy. Hou, Harel, Koch: Image Signature:
Highlighting Sparse Salient Regions, PAMI 2012, eq. 4 and 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from heatlens.errors import UnknownName
from heatlens.image import Image
from heatlens.parameters import check_at_least
from heatlens.perception.channels import blurred, colour, seen
from heatlens.perception.model import register
from heatlens.perception.static.spectrum import featureless
from heatlens.render.cielab import from_srgb

__all__ = ["image_signature", "reconstructed"]

_UNSEEN = 0.05
"""Range of a CIELAB channel that no eye would see: what rounding makes of grey."""
_ROUNDING = 1e-6
"""Coefficients, in parts of the channel's norm, that have no sign but by rounding."""


@register("image-signature", family="spectral", paper="doi:10.1109/TPAMI.2011.146", longest=64)
def image_signature(
    image: Image, *, space: str = "lab", sigma: float = 0.045, longest: int = 64
) -> npt.NDArray[np.float32]:
    """Energy of the picture that has only the signs of this one's cosine transform.

    Args:
        image: a still picture; of grey ones there is one channel.
        space: colours as "lab" (CIELAB, the authors' better one) or "rgb".
        sigma: of the last blur, in parts of the picture's longer side.
        longest: pixels along the longer side of the reduced picture; the paper's is 64 x 48.

    Returns:
        (h, w), the reduced picture's size. Before the blur, a pixel has 1 per channel on average.
        All zero for a picture of one constant colour.

    Raises:
        UnknownName: another colour space.
        InvalidArgument: a negative `sigma`, a `longest` below 1.

    Example:
        >>> scene = np.full((64, 64, 3), 90, np.uint8)
        >>> scene[20:24, 40:44] = (200, 40, 90)
        >>> values = image_signature(Image(scene))
        >>> row, column = np.unravel_index(values.argmax(), values.shape)
        >>> bool(20 <= row < 24 and 40 <= column < 44)
        True
    """
    if space not in ("lab", "rgb"):
        raise UnknownName("colour space of image-signature", space, ("lab", "rgb"))
    check_at_least("image-signature", 0, sigma=sigma)
    rgb = colour(seen(image, longest)).astype(np.float64)
    S = np.zeros(rgb.shape[:2], np.float32)
    if featureless(rgb):
        return S
    channels = from_srgb(np.clip(rgb, 0, 1)) if space == "lab" else rgb
    if image.channels < 3:
        channels = channels[..., :1]
    for x in np.moveaxis(channels, -1, 0):
        if not featureless(x[..., None]) and (space == "rgb" or np.ptp(x) > _UNSEEN):
            S += np.square(reconstructed(x)).astype(np.float32)
    return blurred(S, sigma * max(S.shape))


def reconstructed(x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The picture made of the signs: IDCT(sign(DCT(x))) of `x` (h, w), orthonormal.

    Example:
        >>> spot = np.zeros((8, 8))
        >>> spot[2, 5] = 1.0
        >>> [int(i) for i in np.unravel_index(np.square(reconstructed(spot)).argmax(), (8, 8))]
        [2, 5]
    """
    spectrum = scipy.fft.dctn(x, norm="ortho")
    spectrum[np.abs(spectrum) <= _ROUNDING * np.sqrt(np.square(x).mean())] = 0
    back: npt.NDArray[np.float64] = scipy.fft.idctn(np.sign(spectrum), norm="ortho")
    return back
