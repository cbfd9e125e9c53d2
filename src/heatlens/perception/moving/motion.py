"""What moved since the frame before: flow, the camera's share of it, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.images.films.quiet import opencv
from heatlens.motion.camera import CameraMotion
from heatlens.motion.frames import grey
from heatlens.motion.steady import agreement

__all__ = ["Motion"]

Array = npt.NDArray[np.float32]
_NOISE = 8.0
"""Squared grey levels that a difference may have by chance."""


@dataclass(frozen=True, eq=False)
class Motion:
    """The motion of one frame, found once and shared by all that look at it.

    All arrays lie on one grid, (h, w), which covers the frame from edge to edge and may be smaller
    than it; lengths are in pixels of that grid. Directions are (down, right).

    Attributes:
        frame: (h, w, 3) uint8, the frame itself, reduced.
        other: (h, w, 3) uint8, the frame that it was compared with: the one before; of the first
            frame the one after.
        toward: (h, w, 2), where what is seen here lies in `other`, less where it lies here.
        camera: the motion of the whole picture toward `other`.
        confidence: (h, w) in 0..1: how far the texture pins the flow down.
        ahead: whether `other` comes after this frame.
        apart: whether the two frames show different scenes. All flow is zero then.
        scale: pixels of the film per pixel of this grid, along the longer side.
    """

    frame: npt.NDArray[np.uint8]
    other: npt.NDArray[np.uint8]
    toward: Array
    camera: CameraMotion
    confidence: Array
    ahead: bool = False
    apart: bool = False
    scale: float = 1.0

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the grid."""
        return self.frame.shape[0], self.frame.shape[1]

    @property
    def cut(self) -> bool:
        """Whether a new scene begins with this frame; never with the first of a film."""
        return self.apart and not self.ahead

    @cached_property
    def flow(self) -> Array:
        """(h, w, 2): how far everything moved in one frame, forward in time."""
        return self.toward if self.ahead else 0 - self.toward

    @cached_property
    def by_camera(self) -> Array:
        """(h, w, 2): the part of `flow` that the camera's motion explains."""
        toward = self.camera.flow(self.size)
        return toward if self.ahead else 0 - toward

    @cached_property
    def residual(self) -> Array:
        """(h, w, 2): what the camera's motion does not explain."""
        return self.flow - self.by_camera

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """(h, w): whether the camera had the place in view in `other` too."""
        toward = self.by_camera if self.ahead else -self.by_camera
        height, width = self.size
        rows = np.arange(height, dtype=np.float32)[:, None] + toward[..., 0]
        columns = np.arange(width, dtype=np.float32) + toward[..., 1]
        return (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)

    @cached_property
    def steadied(self) -> npt.NDArray[np.uint8]:
        """(h, w, 3): `other` as this frame's camera would have seen it; see `known`."""
        return warped_to(self.other, self.by_camera if self.ahead else -self.by_camera)

    @cached_property
    def grey(self) -> Array:
        """(h, w): the frame in grey levels, 0..255."""
        return np.asarray(grey(self.frame), np.float32)

    @cached_property
    def fetched(self) -> Array:
        """(h, w): `other` in grey levels, fetched along the flow."""
        return np.asarray(warped_to(grey(self.other), self.toward), np.float32)

    @cached_property
    def agreement(self) -> Array:
        """(h, w) in 0..1: how well `fetched` agrees with the frame; k of `motion.steady`."""
        return agreement(self.grey, self.fetched)

    @cached_property
    def evidence(self) -> Array:
        """(h, w) in 0..1: how much better the flow explains the frame than the camera alone.

            e = max(0, d_c - d_f) / (d_c + d_f + 8)

        d are squared differences of grey values between this frame and `other`, fetched along the
        camera's motion and along the flow, smoothed over 2 pixels. Where the camera explains the
        frame, a residual is the flow's error.
        """
        better, both = self._explained
        return np.asarray(better / (both + np.float32(_NOISE)), np.float32)

    @cached_property
    def apart_from_camera(self) -> Array:
        """(h, w), squared pixels: how far off the camera's motion is, by the picture's own slope.

            a = e max(0, d_c - d_f) / (G_2 * |grad I|^2 + 8 (1 + n))

        A picture that is off by u differs by u |grad I|: divided by the slope, the difference tells
        the distance, whether the contrast is strong or weak. Lucas, Kanade: An Iterative Image
        Registration Technique, IJCAI 1981. Only what the flow explains better counts, and the more
        of noise there is, the steeper the slope has to be: n is the median of d_f.
        """
        cv2 = opencv("saliency of films")
        down = cv2.Sobel(self.grey, cv2.CV_32F, 0, 1, scale=1 / 8)
        right = cv2.Sobel(self.grey, cv2.CV_32F, 1, 0, scale=1 / 8)
        slope = cv2.GaussianBlur(down * down + right * right, (0, 0), 2)
        better, both = self._explained
        left = (both - better)[::4, ::4] / 2  # d_f where the flow is the better of the two
        floor = np.float32(_NOISE * (1 + np.median(left)))
        return np.asarray(self.evidence * better * self.known / (slope + floor), np.float32)

    @cached_property
    def _explained(self) -> tuple[Array, Array]:
        """max(0, d_c - d_f) and d_c + d_f."""
        cv2 = opencv("saliency of films")
        by_camera = self.by_camera if self.ahead else -self.by_camera
        steadied, fetched = (
            cv2.GaussianBlur((self.grey - there) ** 2, (0, 0), 2)
            for there in (warped_to(grey(self.other), by_camera), self.fetched)
        )
        return np.maximum(steadied - fetched, 0), steadied + fetched


def warped_to(picture: npt.NDArray[Any], toward: Array) -> npt.NDArray[Any]:
    """`picture` fetched from where `toward` points, bilinear; the border is continued."""
    cv2 = opencv("saliency of films")
    height, width = toward.shape[:2]
    columns = np.arange(width, dtype=np.float32) + toward[..., 1]
    rows = np.arange(height, dtype=np.float32)[:, None] + toward[..., 0]
    return cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
