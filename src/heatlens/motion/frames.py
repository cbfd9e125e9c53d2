"""Two frames as the 8-bit arrays that flow methods take."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.read import read_image

__all__ = ["colour_pair", "grey", "grey_pair"]


def colour_pair(before: Any, after: Any) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Two frames as uint8 (H, W, 3), on one scale of brightness.

    Args:
        before: uint8 (H, W) or (H, W, 3) arrays are taken as they are; else anything that
            `read_image` takes. Where two float pictures have different ranges, the range that
            holds both is mapped on 0..255; so it is of 16 bits whose values fill less than half
            of their range, as those of a 12-bit camera.
        after: likewise.

    Raises:
        InvalidArgument: different sizes, two kinds of numbers (8 bits and floats, say), or a
            picture with more axes than rows, columns, colours.
        UnreadableImage: NaN, infinite values, size zero.
    """
    first, second = _plain(before), _plain(after)
    if first is None or second is None:
        one, other = read_image(before), read_image(after)
        for image in (one, other):
            if image.axes not in ("YX", "YXC"):
                raise InvalidArgument(
                    f"a frame has axes {image.axes!r}; optical flow is between two pictures, of a "
                    "film give its frames"
                )
        scale = _joint_range(one, other)
        first, second = (image.with_(value_range=scale).rgb() for image in (one, other))
    if first.shape != second.shape:
        raise InvalidArgument(
            f"the frames are {first.shape[0]} x {first.shape[1]} and {second.shape[0]} x "
            f"{second.shape[1]} pixels; optical flow needs one size"
        )
    return first, second


def grey_pair(before: Any, after: Any) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Two frames as uint8 (H, W), BT.601 grey; see `colour_pair`."""
    first, second = colour_pair(before, after)
    return grey(first), grey(second)


def grey(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 (H, W, 3) as BT.601 grey, rounded.

    Example:
        >>> grey(np.full((1, 1, 3), 7, np.uint8))
        array([[7]], dtype=uint8)
    """
    from heatlens.images.films.quiet import opencv

    cv2 = opencv("optical flow")
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2GRAY))


def _joint_range(one: Image, other: Image) -> tuple[float, float]:
    """What is mapped on 0..255 in both pictures."""
    kinds = [image.pixels.dtype for image in (one, other)]
    if kinds[0] != kinds[1] and one.value_range != other.value_range:
        raise InvalidArgument(
            f"one frame is {kinds[0]} with the range {_words(one)}, the other {kinds[1]} with "
            f"{_words(other)}; give two of one kind, or two Images of one value_range"
        )
    low = min(one.value_range[0], other.value_range[0])
    high = max(one.value_range[1], other.value_range[1])
    if kinds == [np.uint16, np.uint16]:
        darkest = float(min(one.pixels.min(), other.pixels.min()))
        brightest = float(max(one.pixels.max(), other.pixels.max()))
        if 0 < brightest - darkest < (high - low) / 2:
            return darkest, brightest
    return low, high


def _words(image: Image) -> str:
    return f"{image.value_range[0]:g} to {image.value_range[1]:g}"


def _plain(frame: Any) -> npt.NDArray[np.uint8] | None:
    """A frame that is ready as it is; None for all others."""
    if isinstance(frame, Image):
        whole = frame.value_range == (0.0, 255.0) and frame.axes in ("YX", "YXC")
        return frame.rgb() if whole and frame.pixels.dtype == np.uint8 else None
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or 0 in frame.shape:
        return None
    if frame.ndim == 2:
        return np.repeat(frame[..., None], 3, axis=2)
    return frame if frame.ndim == 3 and frame.shape[-1] == 3 else None
