"""Background subtraction, as OpenCV has it and on frames whose camera motion was taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.slices import chained

__all__ = ["PEERS", "STEADIED"]

Frames = Sequence[npt.NDArray[np.uint8]]
Masks = Iterator[npt.NDArray[np.float32]]
_MARGIN = 96
"""Pixels around the frame that is stabilised onto."""


def mog2(frames: Frames, motions: Sequence[Motion]) -> Masks:
    """Zivkovic's mixture of Gaussians, with OpenCV's defaults."""
    import cv2

    subtractor = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
    for frame in frames:
        yield subtractor.apply(frame).astype(np.float32)


def steadied_mog2(frames: Frames, motions: Sequence[Motion]) -> Masks:
    """The same on one canvas, onto which each frame is warped by the camera's motion.

    The canvas is the last frame's view with a margin. What a frame does not see is put in from the
    background that was learned, and before anything was, from the first frame that will see it, so
    that nothing seems to change where nothing is seen.
    """
    import cv2

    height, width = frames[0].shape[:2]
    size = width + 2 * _MARGIN, height + 2 * _MARGIN
    margin = np.array([[1.0, 0, _MARGIN], [0, 1, _MARGIN], [0, 0, 1]])
    # From the last frame to each: the motions of the frames after it, chained.
    onto = [
        margin @ np.linalg.inv(chained(motions[t + 1 :], (height, width)))
        for t in range(len(frames))
    ]
    whole = np.full((height, width), 255, np.uint8)

    def on_canvas(t: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
        seen = cv2.warpPerspective(whole, onto[t], size) == 255
        return cv2.warpPerspective(frames[t], onto[t], size).astype(np.uint8, copy=False), seen

    filled = np.zeros((size[1], size[0], 3), np.uint8)
    for t in reversed(range(len(frames))):
        canvas, seen = on_canvas(t)
        filled[seen] = canvas[seen]
    ever = np.zeros((size[1], size[0]), bool)
    subtractor = cv2.createBackgroundSubtractorMOG2(detectShadows=False)
    for t in range(len(frames)):
        canvas, seen = on_canvas(t)
        if t:
            learned = subtractor.getBackgroundImage()
            canvas[~seen & ever] = learned[~seen & ever]
        canvas[~seen & ~ever] = filled[~seen & ~ever]
        foreground = subtractor.apply(canvas).astype(np.float32)
        foreground[~seen] = 0
        ever |= seen
        yield np.asarray(
            cv2.warpPerspective(foreground, np.linalg.inv(onto[t]), (width, height)), np.float32
        )


def bin_wang(frames: Frames, motions: Sequence[Motion]) -> Masks:
    """Contrib's saliency of motion, by background subtraction.

    It marks everything for its first 50 frames and much for 30 more, so it sees the film backwards
    first.
    """
    import cv2

    height, width = frames[0].shape[:2]
    model: Any = cv2.saliency.MotionSaliencyBinWangApr2014_create()
    model.setImagesize(width, height)
    model.init()
    for place, frame in enumerate([*frames[:0:-1], *frames]):
        marked = model.computeSaliency(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))[1]
        if place >= len(frames) - 1:
            yield np.asarray(marked, np.float32)


STEADIED = "OpenCV MOG2 on stabilised frames"
PEERS: dict[str, Callable[[Frames, Sequence[Motion]], Masks]] = {
    "OpenCV MOG2": mog2,
    STEADIED: steadied_mog2,
    "OpenCV MotionSaliencyBinWangApr2014": bin_wang,
}
