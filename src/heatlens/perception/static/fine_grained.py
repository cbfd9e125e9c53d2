"""Fine-grained saliency: each pixel against the mean of its surroundings, at full resolution.

    S = sum_n |g - surround_n|,    surround_n = (sum of the (2n + 1)^2 pixels around - g) / ((2n + 1)^2 - 1)

On-centres (brighter than around) and off-centres (darker) are both counted. Boxes by an integral
picture cost the same at any size, so that no scale has to be made from a reduced picture and
outlines stay sharp. Montabone, Soto: Human Detection Using a Mobile Platform and Novel Features
Derived from a Visual Saliency Mechanism, Image and Vision Computing 2010, section 4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.errors import UnknownName
from heatlens.image import Image
from heatlens.perception.channels import grey
from heatlens.perception.model import register
from heatlens.perception.static.fine_grained_opencv import SURROUNDS, opencv_map
from heatlens.transport.threads import over_rows

__all__ = ["fine_grained"]

_LEAST = 1 << 16
"""Pixels below which a second thread costs more than it saves."""


@register(
    "fine-grained",
    family="centre-surround",
    paper="doi:10.1016/j.imavis.2009.06.006",
    longest=None,
    halo=lambda given: int(SURROUNDS.max()) if given["variant"] == "paper" else None,
)
def fine_grained(image: Image, *, variant: str = "paper") -> npt.NDArray[np.float32]:
    """Brightness against its surroundings of six sizes, 12 to 112 pixels to each side.

    Surroundings are in pixels of the picture as it is: what stands out depends on its resolution.

    Args:
        image: a still picture; colours are reduced to brightness.
        variant: "paper" computes in floating point with boxes that are centred; each pixel then
            depends on nothing but the 112 around it. "opencv" gives what OpenCV's
            `StaticSaliencyFineGrained` gives: whole grey levels, blurred twice before, boxes half a
            pixel off, on and off each scaled to the maximum over the whole picture.

    Returns:
        (H, W), the picture's size; "paper" in units of brightness, 0 to 6; "opencv" in 0..1. All
        zero for a picture of one constant colour.

    Raises:
        UnknownName: another variant.

    Example:
        >>> scene = np.full((60, 80), 90, np.uint8)
        >>> scene[20:24, 40:44] = 200
        >>> values = fine_grained(Image(scene, "YX"))
        >>> bool(values[20:24, 40:44].min() > values[30:].max())
        True
    """
    if variant == "opencv":
        return opencv_map(image)
    if variant != "paper":
        raise UnknownName("variant of fine-grained", variant, ("paper", "opencv"))
    brightness = grey(image)
    # Against the first pixel, so that a constant picture gives exactly 0.
    values = brightness.astype(np.float64) - float(brightness[0, 0])
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(np.cumsum(values, axis=0), axis=1, out=sums[1:, 1:])
    result = np.empty(values.shape, np.float32)

    def work(start: int, stop: int) -> None:
        _contrasts(values, sums, SURROUNDS, result, start, stop)

    over_rows(work, len(values), least=max(1, _LEAST // values.shape[1]))
    return result


@njit(cache=True, nogil=True)  # pragma: no cover
def _contrasts(
    values: npt.NDArray[np.float64],
    sums: npt.NDArray[np.float64],
    surrounds: npt.NDArray[np.int64],
    result: npt.NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    height, width = values.shape
    total = np.empty(width)
    for y in range(start, stop):
        total[:] = 0.0
        for n in surrounds:
            top, bottom = sums[max(y - n, 0)], sums[min(y + n + 1, height)]
            rows = min(y + n + 1, height) - max(y - n, 0)
            for x in range(width):
                left, right = max(x - n, 0), min(x + n + 1, width)
                box = bottom[right] - bottom[left] - top[right] + top[left]
                around = max(rows * (right - left) - 1, 1)
                total[x] += abs(values[y, x] - (box - values[y, x]) / around)
        for x in range(width):
            result[y, x] = total[x]
