"""Surrounded regions of the threshold maps of a channel.

A boolean map B is a channel above, or at most at, a threshold; opened by a square, so that threads do
not connect what is apart. A region of it (8 neighbours) is surrounded, a figure, where it nowhere
touches the picture's border. The attention map of B is 1 on its surrounded regions, dilated by a
square, and divided by its L2 norm: a small figure weighs more than a large one.

Zhang, Sclaroff: Saliency Detection: A Boolean Map Approach, ICCV 2013, section 3.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from heatlens.transport.threads import over_rows

__all__ = ["attention", "surrounded"]

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

PART = 4
"""Thresholds that are summed by one thread, however many there are: so is the rounding the same."""

LEAST = 1 << 18
"""Pixels times thresholds below which a second thread costs more than it saves."""


def attention(channel: Array, thresholds: Array, opening: int, dilation: int) -> Array:
    """Mean attention map over all thresholds and both polarities, (H, W) >= 0.

    Args:
        channel: (H, W).
        thresholds: (n,) at least one; each gives the maps "above" and "not above".
        opening: pixels from a square's middle to its side, 0 for none.
        dilation: likewise, of the surrounded regions.

    Example:
        >>> square = np.zeros((5, 5), np.float32)
        >>> square[2, 2] = 1
        >>> attention(square, np.float32([0.5]), 0, 0)[2].tolist()
        [0.0, 0.0, 0.5, 0.0, 0.0]
    """
    channel = np.ascontiguousarray(channel, np.float32)
    thresholds = np.ascontiguousarray(thresholds, np.float32)
    parts = [thresholds[first : first + PART] for first in range(0, len(thresholds), PART)]
    totals = np.zeros((len(parts), *channel.shape), np.float64)

    def work(start: int, stop: int) -> None:
        for number in range(start, stop):
            _attention(channel, parts[number], opening, dilation, totals[number])

    over_rows(work, len(parts), least=max(1, LEAST // (PART * channel.size)))
    mean: Array = (totals.sum(axis=0) / (2 * len(thresholds))).astype(np.float32)
    return mean


def surrounded(mask: Mask) -> Mask:
    """The regions of a mask (8 neighbours) that do not touch the border.

    Example:
        >>> surrounded(np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0]], bool)).any()
        np.False_
    """
    kept = np.array(mask, np.uint8)
    _clear_border(kept, np.empty(2 * mask.size, np.int64))
    return kept.astype(np.bool_)


@numba.njit(cache=True, nogil=True)
def _attention(channel, thresholds, opening, dilation, total):  # type: ignore[no-untyped-def]
    """Add the attention maps of these thresholds to `total`."""
    height, width = channel.shape
    mask = np.empty((height, width), np.uint8)
    line = np.empty((height, width), np.uint8)
    stack = np.empty(2 * height * width, np.int64)
    for threshold in thresholds:
        for above in (True, False):
            for i in range(height):
                for j in range(width):
                    mask[i, j] = (channel[i, j] > threshold) == above
            _erode(mask, line, opening)
            _dilate(mask, line, opening)
            if _clear_border(mask, stack) == 0:
                continue
            _dilate(mask, line, dilation)
            area = 0
            for i in range(height):
                for j in range(width):
                    area += mask[i, j]
            weight = 1 / np.sqrt(area)
            for i in range(height):
                for j in range(width):
                    total[i, j] += weight * mask[i, j]


@numba.njit(cache=True, nogil=True)
def _clear_border(mask, stack):  # type: ignore[no-untyped-def]
    """Set all that is connected to the border to 0, in place; the number of pixels left."""
    height, width = mask.shape
    pitch = width + 2  # with an empty frame around, no neighbour has to be checked for being inside
    framed = np.zeros((height + 2) * pitch, np.uint8)
    left = 0
    for i in range(height):
        for j in range(width):
            framed[(i + 1) * pitch + j + 1] = mask[i, j]
            left += mask[i, j]
    for i in range(height):
        step = 1 if i in (0, height - 1) else max(width - 1, 1)
        for j in range(0, width, step):
            left -= _cleared(framed, pitch, (i + 1) * pitch + j + 1, stack)
    for i in range(height):
        for j in range(width):
            mask[i, j] = framed[(i + 1) * pitch + j + 1]
    return left


@numba.njit(cache=True, nogil=True)
def _cleared(framed, pitch, start, stack):  # type: ignore[no-untyped-def]
    """Set the region around a place to 0, run by run; the number of its pixels."""
    cleared = 0
    stack[0], top = start, 1
    while top > 0:
        top -= 1
        first = last = stack[top]
        if framed[first] == 0:
            continue
        while framed[first - 1] != 0:
            first -= 1
        while framed[last + 1] != 0:
            last += 1
        framed[first : last + 1] = 0
        cleared += last + 1 - first
        for way in (-pitch, pitch):
            inside = False
            for place in range(first - 1 + way, last + 2 + way):
                if framed[place] != 0 and not inside:
                    stack[top] = place
                    top += 1
                inside = framed[place] != 0
    return cleared


@numba.njit(cache=True, nogil=True)
def _erode(mask, line, radius):  # type: ignore[no-untyped-def]
    """Least value in a square, in place; what lies outside of the picture does not count."""
    height, width = mask.shape
    if radius == 0:
        return
    line[:] = mask
    for i in range(height):
        for shift in range(1, min(radius, width - 1) + 1):
            _keep_both(line[i, shift:], mask[i, : width - shift])
            _keep_both(line[i, : width - shift], mask[i, shift:])
    mask[:] = line
    for i in range(height):
        for other in range(max(0, i - radius), min(height, i + radius + 1)):
            _keep_both(mask[i], line[other])


@numba.njit(cache=True, nogil=True)
def _dilate(mask, line, radius):  # type: ignore[no-untyped-def]
    """Greatest value in a square, in place."""
    height, width = mask.shape
    if radius == 0:
        return
    line[:] = mask
    for i in range(height):
        for shift in range(1, min(radius, width - 1) + 1):
            _keep_any(line[i, shift:], mask[i, : width - shift])
            _keep_any(line[i, : width - shift], mask[i, shift:])
    mask[:] = line
    for i in range(height):
        for other in range(max(0, i - radius), min(height, i + radius + 1)):
            _keep_any(mask[i], line[other])


@numba.njit(cache=True, nogil=True)
def _keep_both(target, other):  # type: ignore[no-untyped-def]
    for j in range(len(target)):
        target[j] &= other[j]


@numba.njit(cache=True, nogil=True)
def _keep_any(target, other):  # type: ignore[no-untyped-def]
    for j in range(len(target)):
        target[j] |= other[j]
