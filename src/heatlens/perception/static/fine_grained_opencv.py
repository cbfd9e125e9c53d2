"""OpenCV's own fine-grained saliency, number for number.

    on = sum_n trunc(max(g - surround_n, 0))    off = sum_n trunc(max(surround_n - g, 0))
    S = trunc(255 (trunc(255 on / max on) + trunc(255 off / max off)) / largest) / 255

`g` is the grey level (BT.601 in 15 bits), blurred twice by 1-2-1 in whole numbers. A surrounding of
`n` has 2n rows and columns, from n - 1 before the pixel to n after it. The integral picture is in
single precision, as OpenCV's, whose sums are off by some levels in pictures of many megapixels.
Where OpenCV's last sum passes 255, it begins again at 0; here it stays at 255.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.image import Image
from heatlens.transport.threads import over_rows

__all__ = ["SURROUNDS", "opencv_map"]

SURROUNDS = np.array([12, 24, 28, 48, 56, 112])
"""Pixels to each side of the centre."""

Levels = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.uint16]


def opencv_map(image: Image) -> npt.NDArray[np.float32]:
    """What `StaticSaliencyFineGrained` computes, (H, W) in 0..1.

    Example:
        >>> opencv_map(Image(np.uint8([[10, 10, 90]]), "YX")).round(2).tolist()
        [[1.0, 0.0, 1.0]]
    """
    levels = _blurred(_blurred(_grey(image)))
    height, width = levels.shape
    if levels.size == 1:  # without surroundings
        return np.zeros((1, 1), np.float32)
    integral = np.zeros((height + 1, width + 1), np.float32)
    along = np.cumsum(levels, axis=1, dtype=np.int64).astype(np.float32)
    np.cumsum(along, axis=0, dtype=np.float32, out=integral[1:, 1:])
    on, off = np.zeros((2, height, width), np.uint16)

    def work(start: int, stop: int) -> None:
        _contrasts(levels, integral, SURROUNDS, on, off, start, stop)

    over_rows(work, height, least=max(1, (1 << 16) // width))
    scaled = [_scaled(side) for side in (on, off)]
    largest = max(int(side.max()) for side in scaled)
    if largest == 0:
        return np.zeros(levels.shape, np.float32)
    both = 255 * (scaled[0].astype(np.float64) + scaled[1]) / largest
    return np.minimum(np.floor(both), 255).astype(np.float32) / np.float32(255)


def _grey(image: Image) -> npt.NDArray[np.int64]:
    """Grey levels 0..255, (H, W), rounded as OpenCV rounds them."""
    if image.channels < 3:
        return image.rgb()[..., 0].astype(np.int64)
    rgb = image.rgb().astype(np.int64)
    grey: npt.NDArray[np.int64] = (rgb @ np.array([9798, 19235, 3735]) + 16384) >> 15
    return grey


def _blurred(levels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """1-2-1 along both axes, mirrored at the border without the border pixel, rounded."""
    for axis in (0, 1):
        moved = np.moveaxis(levels, axis, 0)
        n = len(moved)
        before = moved[np.abs(np.arange(-1, n - 1)) % n]
        after = moved[n - 1 - np.abs(np.arange(n - 2, -2, -1)) % n]
        levels = np.moveaxis(before + 2 * moved + after, 0, axis)
    return (levels + 8) >> 4


def _scaled(side: Sums) -> Levels:
    """To the maximum of 255, cut to whole numbers."""
    most = max(int(side.max()), 1)
    return (255 * (side.astype(np.float32) / np.float32(most)).astype(np.float64)).astype(np.uint8)


@njit(cache=True, nogil=True)  # pragma: no cover
def _contrasts(
    levels: npt.NDArray[np.int64],
    integral: npt.NDArray[np.float32],
    surrounds: npt.NDArray[np.int64],
    on: Sums,
    off: Sums,
    start: int,
    stop: int,
) -> None:
    height, width = levels.shape
    for y in range(start, stop):
        for n in surrounds:
            first, last = max(y - n + 1, 0), min(y + n + 1, height)
            top, bottom = integral[first], integral[last]
            for x in range(width):
                left, right = max(x - n + 1, 0), min(x + n + 1, width)
                around = (last - first) * (right - left) - 1
                level = np.float32(levels[y, x])
                box = bottom[right] + top[left] - bottom[left] - top[right]
                contrast = level - (box - level) / np.float32(around)
                if contrast > 0:
                    on[y, x] += np.uint16(contrast)
                else:
                    off[y, x] += np.uint16(-contrast)
