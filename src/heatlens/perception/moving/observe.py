"""The motion between two frames of a film, on a reduced grid: flow, camera, confidence, cuts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.films.quiet import opencv
from heatlens.motion.camera import CameraMotion, camera_motion
from heatlens.motion.cuts import is_cut
from heatlens.motion.flow import FLOWS, optical_flow
from heatlens.motion.grids import reduced_frame
from heatlens.motion.warp import checked_flow
from heatlens.parameters import check_kind
from heatlens.perception.moving.motion import Motion, warped_to

__all__ = ["Observer", "confidence"]

Frame = npt.NDArray[np.uint8]
_CUT = "the two frames show different scenes"
_TEXTURE = 250.0
"""Smaller eigenvalue of the structure tensor at which the flow is trusted by half, in squared
levels (of 255) per squared pixel. Chosen on other clips than those of the tests and benchmarks."""

Flow = Callable[[Frame, Frame], npt.NDArray[np.float32]]


class Observer:
    """Finds the motion of each frame of a film.

    Args:
        flow: how optical flow is found: a name from `heatlens.motion.FLOWS`, or a function of two
            frames that gives (h, w, 2), as `optical_flow` does.
        grid: pixels along the longer side of the grid that it is found on. 320 finds what
            moves by half a pixel of a 640-pixel film, in a quarter of the time.
        seed: of the camera's robust fit.

    Raises:
        UnknownName: no such flow.
        InvalidArgument: a grid of less than 16 pixels; later, of a function, a flow that is not
            finite or of another shape than (h, w, 2).
        InvalidType: a flow that is neither a name nor a function.

    Example:
        >>> blocks = np.random.default_rng(0).integers(0, 255, (24, 40, 3), np.uint8)
        >>> photo = np.kron(blocks, np.ones((4, 4, 1), np.uint8))
        >>> moved = np.roll(photo, 3, axis=1)
        >>> motion = Observer().motion(moved, photo)
        >>> (np.median(motion.flow, axis=(0, 1)).round() + 0.0).tolist()
        [0.0, 3.0]
        >>> bool(np.median(np.abs(motion.residual)) < 0.1)
        True
    """

    def __init__(self, *, flow: str | Flow = "dis", grid: int = 320, seed: int = 0) -> None:
        """Check what can be checked before the film begins."""
        check_kind("watch", "grid", grid, 320)
        if grid < 16:
            raise InvalidArgument(f"grid is {grid}; motion needs 16 pixels or more")
        self._flow, self._grid, self._seed = _estimator(flow), grid, seed
        opencv("saliency of films")  # speaks up now, if it is missing

    def reduced(self, frame: Frame) -> Frame:
        """The frame on the grid that motion is found on: a copy, so that frames may be drawn on."""
        return reduced_frame(frame, self._grid)

    def motion(self, frame: Frame, other: Frame, *, ahead: bool = False) -> Motion:
        """The motion of `frame`, as against the one before (`ahead`: the one after).

        Args:
            frame: uint8 (H, W, 3).
            other: likewise.
            ahead: whether `other` comes after.
        """
        small = self.reduced(frame)
        scale = max(frame.shape[:2]) / max(small.shape[:2])
        return self.between(small, self.reduced(other), ahead=ahead, scale=scale)

    def between(
        self, frame: Frame, other: Frame, *, ahead: bool = False, scale: float = 1.0
    ) -> Motion:
        """`motion` of frames that are reduced already; `scale` is by how much."""
        toward = self._flow(frame, other)
        if is_cut(frame, warped_to(other, toward)):
            camera = CameraMotion(np.eye(3), 0.0, 0, "none", False, _CUT)
            still, none = np.zeros_like(toward), np.zeros(frame.shape[:2], np.float32)
            return Motion(frame, other, still, camera, none, ahead, True, scale)
        camera = camera_motion(frame, other, flow=toward, seed=self._seed)
        return Motion(frame, other, toward, camera, confidence(frame), ahead, False, scale)


def _estimator(flow: str | Flow) -> Flow:
    if not isinstance(flow, str):
        if not callable(flow):
            raise InvalidType(
                f"flow is a {type(flow).__name__}; it can be {', '.join(FLOWS)}, or a function of "
                "two frames that gives (h, w, 2)"
            )
        return partial(_checked, flow)
    name = FLOWS[flow].name
    # The finer grid of "medium" is what small objects are found by, and cheap at this size.
    settings = {"preset": "medium"} if name == "dis" else {}
    return partial(optical_flow, method=name, **settings)


def _checked(flow: Callable[[Frame, Frame], Any], frame: Frame, other: Frame) -> Any:
    return checked_flow(flow(frame, other), frame.shape[:2])


def confidence(frame: Frame) -> npt.NDArray[np.float32]:
    """How far the texture around a pixel pins its flow down, (h, w) in 0..1: c = l / (l + 250).

    l is the smaller eigenvalue of the structure tensor, the squared gradient smoothed over 2
    pixels: zero in flat places, and along a straight edge, where motion along it cannot be seen.
    Shi, Tomasi: Good Features to Track, CVPR 1994.

    Example:
        >>> float(confidence(np.full((32, 32, 3), 90, np.uint8)).max())
        0.0
    """
    cv2 = opencv("saliency of films")
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    right = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8)
    tensor = cv2.GaussianBlur(np.dstack([down * down, right * right, down * right]), (0, 0), 2)
    first, second, mixed = np.moveaxis(tensor, 2, 0)
    smaller = (first + second) / 2 - np.sqrt(((first - second) / 2) ** 2 + mixed**2)
    smaller = np.maximum(smaller, 0)
    return np.asarray(smaller / (smaller + np.float32(_TEXTURE)), np.float32)
