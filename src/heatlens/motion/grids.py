"""Frames, maps and flows on another grid that covers the same picture from edge to edge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.images.area import reduced_size
from heatlens.images.films.quiet import opencv
from heatlens.motion.flow import Flow

__all__ = ["flow_on", "onto", "reduced_frame", "within"]


def reduced_frame(frame: npt.NDArray[np.uint8], longest: int) -> npt.NDArray[np.uint8]:
    """A copy of (H, W, 3), each pixel the mean of its area, the longer side at most `longest`."""
    size = reduced_size((frame.shape[0], frame.shape[1]), longest)
    if size == frame.shape[:2]:
        return frame.copy()
    cv2 = opencv("optical flow")
    return np.asarray(cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def flow_on(flow: Flow, size: tuple[int, ...]) -> Flow:
    """A flow on another grid, in that grid's pixels, each axis by its own ratio.

    Example:
        >>> flow_on(np.full((2, 4, 2), 1, np.float32), (4, 4))[0, 0]
        array([2., 1.], dtype=float32)
    """
    ratio = np.array(size, np.float32) / np.array(flow.shape[:2], np.float32)
    return np.asarray(onto(flow, size) * ratio, np.float32)


def onto(array: npt.NDArray[np.float32], size: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """On another grid: the mean of the area where it shrinks, bilinear where it grows."""
    if array.shape[:2] == size:
        return array
    cv2 = opencv("optical flow")
    way = cv2.INTER_AREA if size[0] <= array.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, (size[1], size[0]), interpolation=way), np.float32)


def within(toward: Flow) -> npt.NDArray[np.float32]:
    """1 where a flow leads to a place inside of the picture, else 0.

    Example:
        >>> right = np.zeros((1, 3, 2), np.float32) + np.float32([0, 1])
        >>> within(right)
        array([[1., 1., 0.]], dtype=float32)
    """
    height, width = toward.shape[:2]
    rows = np.arange(height, dtype=np.float32)[:, None] + toward[..., 0]
    columns = np.arange(width, dtype=np.float32) + toward[..., 1]
    inside = (rows >= -0.5) & (rows <= height - 0.5) & (columns >= -0.5)
    return np.asarray(inside & (columns <= width - 0.5), np.float32)
