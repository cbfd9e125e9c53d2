"""One range of values for all frames of a film, so that none is brightened alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.ranges import native

__all__ = ["in_one_range"]

Range = tuple[float, float]


def in_one_range(
    images: Callable[[], Iterator[Image]], *, again: bool
) -> Iterator[npt.NDArray[np.uint8]]:
    """Frames as uint8 (H, W, 3), all mapped by the same range.

    8 and 16 bits have the range of their type. For all other numbers the range is found as
    `read_image` would for all frames at once: 0..1, whole numbers within 0..255, else from the
    lowest to the highest. Frames that can be had only once are mapped by the first one's range.

    Args:
        images: the frames from the beginning.
        again: whether they can be had more than once: then a first pass finds the range.

    Raises:
        InvalidArgument: a frame that goes beyond the first one's range, of frames that can be had
            once.
    """
    frames = images()
    first = next(frames, None)
    if first is None:
        return
    found: Range | None = None
    for index, image in enumerate(itertools.chain([first], frames)):
        if _fixed(image):
            yield _pixels(image)
            continue
        if found is None:
            found = _common(images()) if again else image.value_range
        elif not again:
            _check(image, found, index)
        yield _pixels(image.with_(value_range=found))


def _fixed(image: Image) -> bool:
    """Whether the type of the numbers says what they mean."""
    return image.pixels.dtype.kind == "u" and image.pixels.dtype.itemsize <= 2


def _pixels(image: Image) -> npt.NDArray[np.uint8]:
    colours = image.rgb()
    shared = not colours.flags.writeable or np.shares_memory(colours, image.pixels)
    return colours.copy() if shared else colours


def _common(images: Iterator[Image]) -> Range:
    """The range of all frames whose type does not say it."""
    low, high = np.inf, -np.inf
    whole, guessed = True, True
    ranges: set[Range] = set()
    for image in images:
        if _fixed(image):
            continue
        ranges.add(image.value_range)
        low = min(low, float(image.pixels.min()))
        high = max(high, float(image.pixels.max()))
        whole = whole and bool((image.pixels == np.rint(image.pixels)).all())
        guessed = guessed and native(image.pixels)[1] == image.value_range
    if len(ranges) == 1:
        return ranges.pop()
    if not guessed:
        return min(r[0] for r in ranges), max(r[1] for r in ranges)
    if whole and low >= 0 and 1 < high <= 255:
        return 0.0, 255.0
    return low, high


def _check(image: Image, found: Range, index: int) -> None:
    low, high = float(image.pixels.min()), float(image.pixels.max())
    if low < found[0] or high > found[1]:
        raise InvalidArgument(
            f"frame {index} has values of {low:g} to {high:g}, beyond the range of the first, "
            f"{found[0]:g} to {found[1]:g}; frames that come once need one range: give "
            "Image(frame, value_range=(low, high)), uint8, or a list"
        )
